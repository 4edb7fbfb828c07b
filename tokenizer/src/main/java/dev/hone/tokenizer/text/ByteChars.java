package dev.hone.tokenizer.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The alphabet of byte-level tokenizers: each of the 256 bytes as one printable character. Printable
 * Latin-1 characters stand for themselves, the other bytes for the characters from U+0100 on, in order.
 */
public final class ByteChars {
  private static final char[] CHARS = new char[256];
  private static final short[] BYTES = new short[0x144];

  static {
    Arrays.fill(BYTES, (short) -1);
    char next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= 0x21 && b <= 0x7E || b >= 0xA1 && b != 0xAD;
      CHARS[b] = printable ? (char) b : next++;
      BYTES[CHARS[b]] = (short) b;
    }
  }

  private ByteChars() {}

  /** The character of a byte. */
  public static char of(int b) {
    return CHARS[b & 0xFF];
  }

  /** The byte of a character, or -1 if it stands for none. */
  public static int byteOf(char c) {
    return c < BYTES.length ? BYTES[c] : -1;
  }

  /** Appends the bytes of in[from, to) as characters; all bytes of a character share its range. */
  public static void encode(AlignedText in, int from, int to, AlignedText out) {
    char[] text = in.chars();
    int ascii = from;
    while (ascii < to && text[ascii] < 0x80) {
      ascii++;
    }
    out.append(in, from, ascii);
    out.replaceLast(ascii - from, CHARS);
    for (int i = ascii; i < to; i++) {
      char c = text[i];
      if (c < 0x80) {
        out.append(CHARS[c], AlignedText.range(in.originStart(i), in.originEnd(i)));
      } else if (c < 0x800) {
        long origin = in.origin(i, i + 1);
        out.append(CHARS[0xC0 | c >> 6], origin);
        out.append(CHARS[0x80 | c & 0x3F], origin);
      } else if (Character.isHighSurrogate(c) && i + 1 < to) {
        int codePoint = Character.toCodePoint(c, text[i + 1]);
        long origin = in.origin(i, i + 2);
        out.append(CHARS[0xF0 | codePoint >> 18], origin);
        out.append(CHARS[0x80 | codePoint >> 12 & 0x3F], origin);
        out.append(CHARS[0x80 | codePoint >> 6 & 0x3F], origin);
        out.append(CHARS[0x80 | codePoint & 0x3F], origin);
        i++;
      } else {
        long origin = in.origin(i, i + 1);
        out.append(CHARS[0xE0 | c >> 12], origin);
        out.append(CHARS[0x80 | c >> 6 & 0x3F], origin);
        out.append(CHARS[0x80 | c & 0x3F], origin);
      }
    }
  }

  /** The bytes that the characters of a token stand for; null if one of them stands for none. */
  public static byte[] bytes(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      int b = byteOf(token.charAt(i));
      if (b < 0) {
        return null;
      }
      bytes[i] = (byte) b;
    }
    return bytes;
  }

  /** The text whose bytes the characters of these tokens stand for; other tokens stand for themselves. */
  public static String decode(Iterable<String> tokens) {
    byte[] bytes = new byte[256];
    int n = 0;
    for (String token : tokens) {
      if (n + 3 * token.length() > bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * (n + 3 * token.length()));
      }
      int start = n;
      for (int i = 0; i < token.length() && n >= 0; i++) {
        int b = byteOf(token.charAt(i));
        if (b < 0) {
          byte[] own = token.getBytes(StandardCharsets.UTF_8);
          System.arraycopy(own, 0, bytes, start, own.length);
          n = start + own.length;
          break;
        }
        bytes[n++] = (byte) b;
      }
    }
    return Utf8.text(bytes, 0, n);
  }
}
