package dev.hone.tokenizer.normalizer;

import dev.hone.tokenizer.text.AlignedText;

/** What SentencePiece's nmt rules do first: drop control characters, turn odd spaces into spaces. */
public record Nmt() implements Normalizer {
  @Override
  public void normalize(AlignedText in, int from, int to, AlignedText out) {
    in.forEach(from, to, (c, origin) -> {
      if (!isDropped(c)) {
        out.appendCodePoint(isSpace(c) ? ' ' : c, origin);
      }
    });
  }

  private static boolean isDropped(int c) {
    return c >= 0x01 && c <= 0x08 || c == 0x0B || c >= 0x0E && c <= 0x1F || c == 0x7F || c == 0x8F || c == 0x9F;
  }

  private static boolean isSpace(int c) {
    return switch (c) {
      case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2028, 0x2029, 0x2581,
          0xFEFF, 0xFFFD -> true;
      default -> false;
    };
  }
}
