package dev.hone.tokenizer.normalizer;

import dev.hone.tokenizer.text.AlignedText;
import dev.hone.tokenizer.unicode.CharClass;
import dev.hone.tokenizer.unicode.Marks;
import dev.hone.tokenizer.unicode.NormalForm;

/**
 * What BERT does to text: drop control characters and turn white space into spaces, put spaces around
 * Chinese characters, strip accents, lower the case; each only if asked for.
 *
 * <p>All of it depends on one character at a time (except for the order of rare marks that survive), so
 * the four steps are folded into one table look-up a character; the table is worked out block by block.
 */
public final class BertNormalizer implements Normalizer {
  // What becomes of a character. A zero of a block that another thread is just filling means "compute".
  private static final byte SAME = 1;
  private static final byte OTHER = 2;
  private static final byte GONE = 3;
  private static final byte SEVERAL = 4;
  private static final byte IN_CONTEXT = 5;

  private final boolean cleanText;
  private final boolean spaceChinese;
  private final boolean stripAccents;
  private final boolean lowercase;
  private final Block[] blocks = new Block[256];

  private record Block(byte[] kinds, char[] becomes) {}

  /**
   * A normaliser with the given steps.
   *
   * @param cleanText drop control characters, make all white space a space
   * @param spaceChinese put spaces around Chinese characters
   * @param stripAccents decompose and drop non-spacing marks; null: if lowercase
   * @param lowercase lower the case
   */
  public BertNormalizer(boolean cleanText, boolean spaceChinese, Boolean stripAccents, boolean lowercase) {
    this.cleanText = cleanText;
    this.spaceChinese = spaceChinese;
    this.stripAccents = stripAccents == null ? lowercase : stripAccents;
    this.lowercase = lowercase;
  }

  @Override
  public void normalize(AlignedText in, int from, int to, AlignedText out) {
    int mark = out.length();
    if (!normalizeEach(in, from, to, out)) {
      out.truncate(mark);
      normalizeInSteps(in, from, to, out);
    }
  }

  /** False if the result depends on more than single characters. */
  private boolean normalizeEach(AlignedText in, int from, int to, AlignedText out) {
    char[] text = in.chars();
    for (int i = from; i < to; i++) {
      char c = text[i];
      Block block = blocks[c >> 8];
      if (block == null) {
        block = block(c >> 8);
      }
      switch (block.kinds[c & 0xFF]) {
        case SAME, OTHER -> out.append(block.becomes[c & 0xFF], AlignedText.range(in.originStart(i), in.originEnd(i)));
        case GONE -> { }
        case SEVERAL -> {
          boolean pair = Character.isHighSurrogate(c) && i + 1 < to;
          int codePoint = pair ? Character.toCodePoint(c, text[i + 1]) : c;
          int end = pair ? i + 2 : i + 1;
          String becomes = expand(codePoint);
          if (becomes == null) {
            return false;
          }
          long origin = in.origin(i, end);
          for (int k = 0; k < becomes.length(); k++) {
            out.append(becomes.charAt(k), origin);
          }
          i = end - 1;
        }
        default -> {
          return false;
        }
      }
    }
    return true;
  }

  private Block block(int number) {
    byte[] kinds = new byte[256];
    char[] becomes = new char[256];
    for (int i = 0; i < 256; i++) {
      char c = (char) (number << 8 | i);
      String result = Character.isSurrogate(c) ? "  " : expand(c);
      if (result == null) {
        kinds[i] = IN_CONTEXT;
      } else if (result.isEmpty()) {
        kinds[i] = GONE;
      } else if (result.length() > 1) {
        kinds[i] = SEVERAL;
      } else {
        kinds[i] = result.charAt(0) == c ? SAME : OTHER;
      }
      becomes[i] = result == null || result.isEmpty() ? c : result.charAt(0);
    }
    return blocks[number] = new Block(kinds, becomes);
  }

  /** What one character becomes; null if that depends on its neighbours. */
  private String expand(int codePoint) {
    if (stripAccents && NormalForm.reorders(codePoint)) {
      // A mark: it is gone at the end, or it may change places with another that stays.
      return Marks.isNonSpacing(codePoint) ? "" : null;
    }
    AlignedText one = new AlignedText();
    one.set(Character.toString(codePoint));
    AlignedText result = new AlignedText();
    normalizeInSteps(one, 0, one.length(), result);
    String text = result.substring(0, result.length());
    return stripAccents && text.codePoints().anyMatch(NormalForm::reorders) ? null : text;
  }

  private void normalizeInSteps(AlignedText in, int from, int to, AlignedText out) {
    AlignedText now = new AlignedText();
    now.append(in, from, to);
    if (cleanText) {
      now = clean(now);
    }
    if (spaceChinese) {
      now = spaceChinese(now);
    }
    if (stripAccents) {
      now = stripAccents(now);
    }
    if (lowercase) {
      AlignedText lower = new AlignedText();
      Lowercase.lower(now, 0, now.length(), lower);
      now = lower;
    }
    out.append(now, 0, now.length());
  }

  private static AlignedText clean(AlignedText in) {
    AlignedText out = new AlignedText();
    in.forEach(0, in.length(), (c, origin) -> {
      if (c == 0 || c == 0xFFFD || Marks.isBertControl(c)) {
        return;
      }
      out.appendCodePoint(CharClass.is(c, CharClass.SPACE) ? ' ' : c, origin);
    });
    return out;
  }

  private static AlignedText spaceChinese(AlignedText in) {
    AlignedText out = new AlignedText();
    in.forEach(0, in.length(), (c, origin) -> {
      boolean chinese = isChinese(c);
      if (chinese) {
        out.append(' ', origin);
      }
      out.appendCodePoint(c, origin);
      if (chinese) {
        out.append(' ', origin);
      }
    });
    return out;
  }

  private static AlignedText stripAccents(AlignedText in) {
    AlignedText apart = new AlignedText();
    NormalForm.NFD.normalize(in, 0, in.length(), apart);
    AlignedText out = new AlignedText();
    apart.forEach(0, apart.length(), (c, origin) -> {
      if (!Marks.isNonSpacing(c)) {
        out.appendCodePoint(c, origin);
      }
    });
    return out;
  }

  private static boolean isChinese(int c) {
    return c >= 0x4E00 && c <= 0x9FFF || c >= 0x3400 && c <= 0x4DBF || c >= 0x20000 && c <= 0x2A6DF
        || c >= 0x2A700 && c <= 0x2B73F || c >= 0x2B740 && c <= 0x2B81F || c >= 0x2B920 && c <= 0x2CEAF
        || c >= 0xF900 && c <= 0xFAFF || c >= 0x2F800 && c <= 0x2FA1F;
  }
}
