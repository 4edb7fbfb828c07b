package dev.hone.tokenizer.normalizer;

import dev.hone.tokenizer.text.AlignedText;

/**
 * Lower case, one character at a time: a final sigma becomes σ like any other, and İ the two characters
 * its full mapping has. No locale plays a part.
 */
public record Lowercase() implements Normalizer {
  private static final int DOTTED_CAPITAL_I = 0x130;

  @Override
  public void normalize(AlignedText in, int from, int to, AlignedText out) {
    lower(in, from, to, out);
  }

  static void lower(AlignedText in, int from, int to, AlignedText out) {
    in.forEach(from, to, (c, origin) -> {
      if (c == DOTTED_CAPITAL_I) {
        out.append('i', origin);
        out.append('\u0307', origin);
      } else {
        out.appendCodePoint(c < 128 ? (c >= 'A' && c <= 'Z' ? c + 32 : c) : Character.toLowerCase(c), origin);
      }
    });
  }
}
