package dev.hone.tokenizer.regex;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.text.Excerpt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression of a tokenizer file, translated for {@link java.util.regex}.
 *
 * <p>The expression may come from a hostile file and {@link java.util.regex} backtracks, so the text is
 * shown to it through a window that counts how often it looks: an expression that looks at every
 * character thousands of times is stopped with an error.
 */
public final class CompiledRegex implements Search {
  private static final long LOOKS_PER_CHARACTER = 2_000;
  private static final long LOOKS_AT_LEAST = 20_000_000;

  private final String source;
  private final Pattern pattern;

  /**
   * Translates and compiles an expression.
   *
   * @throws TokenizerException if it is invalid or uses something that cannot be translated
   */
  public CompiledRegex(String source) {
    this.source = source;
    String translated = new RegexTranslator(source).translate();
    try {
      this.pattern = Pattern.compile(translated, Pattern.UNICODE_CASE | Pattern.MULTILINE | Pattern.UNIX_LINES);
    } catch (PatternSyntaxException e) {
      throw new TokenizerException("regular expression \"" + Excerpt.of(source) + "\": " + e.getDescription(), e);
    } catch (StackOverflowError e) {
      throw new TokenizerException("regular expression: nested too deeply: \"" + brief(source) + "\"", e);
    }
  }

  private static String brief(String text) {
    return text.length() > 80 ? text.substring(0, 80) + "..." : text;
  }

  @Override
  public Hits in(char[] text, int from, int to) {
    Window window = new Window(text, from, to);
    Matcher matcher = pattern.matcher(window);
    int[] lastEnd = {-1};
    return () -> {
      try {
        while (matcher.find()) {
          int start = matcher.start();
          int end = matcher.end();
          // An empty match right behind the one before, or inside a character, does not count.
          if (start == end && (end == lastEnd[0] || window.cutsPair(end))) {
            continue;
          }
          lastEnd[0] = end;
          return Search.hit(from + start, from + end);
        }
        return NONE;
      } catch (StackOverflowError e) {
        throw new TokenizerException("regular expression \"" + brief(source)
            + "\": it recurses too deeply on this text of " + (to - from) + " characters", e);
      }
    };
  }

  /** The text under the matcher, counting the looks. */
  private final class Window implements CharSequence {
    private final char[] text;
    private final int from;
    private final int to;
    private long looks;

    Window(char[] text, int from, int to) {
      this.text = text;
      this.from = from;
      this.to = to;
      this.looks = LOOKS_AT_LEAST + LOOKS_PER_CHARACTER * (to - from);
    }

    private boolean cutsPair(int at) {
      return at > 0 && at < length() && Character.isSurrogatePair(text[from + at - 1], text[from + at]);
    }

    @Override
    public int length() {
      return to - from;
    }

    @Override
    public char charAt(int index) {
      if (--looks < 0) {
        throw new TokenizerException("regular expression \"" + brief(source) + "\": it backtracks without end on "
            + "this text of " + length() + " characters");
      }
      return text[from + index];
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new String(text, from + start, end - start);
    }

    @Override
    public String toString() {
      return new String(text, from, to - from);
    }
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof CompiledRegex other && other.source.equals(source);
  }

  @Override
  public int hashCode() {
    return source.hashCode();
  }

  @Override
  public String toString() {
    return source;
  }
}
