package dev.hone.tokenizer;

import dev.hone.tokenizer.definition.TokenizerException;
import java.util.Arrays;
import java.util.Optional;

/**
 * Decodes ids as they come and gives text out as soon as it is final: a character that several tokens
 * share appears with the last of them.
 *
 * <p>Tokens mean different things after others (a word piece, a leading space), so the ids since the
 * last piece of text are decoded together with the ones before it, and the difference is what is new.
 * For one thread at a time.
 */
public final class DecodeStream {
  private static final char REPLACEMENT = '\uFFFD';

  private final Tokenizer tokenizer;
  private final boolean skipSpecialTokens;
  private int[] ids = new int[16];
  private int count;
  private String prefix = "";
  private int prefixIds;

  DecodeStream(Tokenizer tokenizer, boolean skipSpecialTokens) {
    this.tokenizer = tokenizer;
    this.skipSpecialTokens = skipSpecialTokens;
  }

  /** Takes the next id; returns the text that is final now, or nothing. */
  public Optional<String> step(int id) {
    if (prefix.isEmpty() && count > 0) {
      String soFar = decode();
      if (!endsOpen(soFar)) {
        prefix = soFar;
        prefixIds = count;
      }
    }
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, 2 * count);
    }
    ids[count++] = id;
    String text = decode();
    if (text.length() <= prefix.length() || endsOpen(text)) {
      return Optional.empty();
    }
    if (!text.startsWith(prefix)) {
      throw new TokenizerException("decode stream: after id " + id + " the text \"" + text
          + "\" no longer begins with \"" + prefix + "\", which was given out already");
    }
    String fresh = text.substring(prefix.length());
    int kept = count - prefixIds;
    System.arraycopy(ids, prefixIds, ids, 0, kept);
    count = kept;
    prefix = decode();
    prefixIds = kept;
    return Optional.of(fresh);
  }

  private String decode() {
    return tokenizer.decode(Arrays.copyOf(ids, count), skipSpecialTokens);
  }

  private static boolean endsOpen(String text) {
    return !text.isEmpty() && text.charAt(text.length() - 1) == REPLACEMENT;
  }
}
