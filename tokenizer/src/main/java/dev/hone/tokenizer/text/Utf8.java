package dev.hone.tokenizer.text;

import java.nio.charset.StandardCharsets;

/** Lengths and positions in UTF-8 of text that is held in UTF-16. */
public final class Utf8 {
  private Utf8() {}

  /** The bytes of a string. */
  public static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The text of bytes[from, to). What is not UTF-8 becomes a replacement character for each longest part that could begin a
   * character, as Unicode recommends and the reference does: for three bytes that spell a surrogate three of them, where Java
   * by itself makes one.
   */
  public static String text(byte[] bytes, int from, int to) {
    byte[] own = bytes;
    for (int i = from; i + 1 < to; i++) {
      if (bytes[i] != (byte) 0xED || (bytes[i + 1] & 0xE0) != 0xA0) {
        continue;
      }
      if (own == bytes) {
        own = bytes.clone();
      }
      own[i] = (byte) 0xFF; // a byte that never is part of a character
    }
    return new String(own, from, to - from, StandardCharsets.UTF_8);
  }

  /** Bytes of text[from, to), which must not cut a surrogate pair. */
  public static int length(char[] text, int from, int to) {
    int n = 0;
    for (int i = from; i < to; i++) {
      char c = text[i];
      n += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
    }
    return n;
  }

  /** For every byte of text[from, to) the unit its character begins at. */
  public static int[] unitOfByte(char[] text, int from, int to) {
    int[] units = new int[length(text, from, to)];
    int n = 0;
    for (int i = from; i < to; i++) {
      boolean pair = Character.isHighSurrogate(text[i]) && i + 1 < to;
      int end = pair ? i + 2 : i + 1;
      for (int k = length(text, i, end); k > 0; k--) {
        units[n++] = i;
      }
      i = end - 1;
    }
    return units;
  }
}
