package dev.hone.train.data;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.CoderResult;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;

/**
 * How the characters of a file are written: UTF-8, UTF-16 where a mark says so, or what the user says. Bytes that do not fit are
 * refused, and what they look like is named.
 */
final class TextEncoding {
  private static final String FLAG = "--encoding ";

  private TextEncoding() {}

  /** The character set of a name; null for the empty name: UTF-8, unless a mark says otherwise. */
  static Charset named(String name) {
    try {
      return name.isEmpty() ? null : Charset.forName(name);
    } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
      throw new DataException("encoding '" + name + "'", 0, "is not known; such as UTF-8, windows-1252, ISO-8859-1, "
          + "windows-1251, Shift_JIS, GB18030, UTF-16", e);
    }
  }

  /** Whether a line feed is one byte that no other character has, so that rows can be found without decoding. */
  static boolean isOneByte(Charset charset) {
    return charset == null || charset.equals(StandardCharsets.UTF_8) || charset.newEncoder().maxBytesPerChar() == 1;
  }

  /** All bytes of a file as text, without a mark in front. */
  static String decode(String source, byte[] bytes, Charset said) {
    int marked = markLength(bytes);
    if (marked == 2 && (said == null || said.name().startsWith("UTF-16"))) {
      Charset charset = (bytes[0] & 0xFF) == 0xFE ? StandardCharsets.UTF_16BE : StandardCharsets.UTF_16LE;
      return decode(source, 1, bytes, marked, bytes.length, charset);
    }
    int zeros = said == null && marked == 0 ? zeros(bytes) : 0;
    if (zeros != 0) {
      throw new DataException(source, "looks like UTF-16 without a mark (every other byte is 0): say " + FLAG
          + (zeros > 0 ? "UTF-16LE" : "UTF-16BE") + ", or save the file as UTF-8");
    }
    boolean utf8 = said == null || said.equals(StandardCharsets.UTF_8);
    if (!utf8 && isOneByte(said) && (marked == 3 || beyondAscii(bytes) && isUtf8(bytes))) {
      throw new DataException(source, "is UTF-8, not " + said.name() + "; leave out " + FLAG.strip());
    }
    return decode(source, 1, bytes, utf8 ? marked == 3 ? 3 : 0 : 0, bytes.length, said);
  }

  /** 1 if most of the odd bytes at the beginning are 0 and none of the others, -1 the other way round, else 0. */
  static int zeros(byte[] bytes) {
    int[] zero = new int[2];
    int pairs = Math.min(bytes.length, 1024) / 2;
    for (int i = 0; i < 2 * pairs; i++) {
      zero[i % 2] += bytes[i] == 0 ? 1 : 0;
    }
    return zero[0] == 0 && zero[1] * 2 > pairs ? 1 : zero[1] == 0 && zero[0] * 2 > pairs ? -1 : 0;
  }

  /** The length of a mark of UTF-8 (3) or UTF-16 (2) at the beginning; 0 if there is none. */
  static int markLength(byte[] bytes) {
    if (bytes.length >= 2 && (bytes[0] & 0xFF) + (bytes[1] & 0xFF) == 0xFF + 0xFE && bytes[0] != bytes[1]) {
      return 2;
    }
    return bytes.length >= 3 && (bytes[0] & 0xFF) == 0xEF && (bytes[1] & 0xFF) == 0xBB && (bytes[2] & 0xFF) == 0xBF ? 3 : 0;
  }

  /** Bytes {@code from} to {@code to} as text, of which {@code line} is the first line; {@code said} null means UTF-8. */
  static String decode(String source, int line, byte[] bytes, int from, int to, Charset said) {
    Charset charset = said == null ? StandardCharsets.UTF_8 : said;
    ByteBuffer in = ByteBuffer.wrap(bytes, from, to - from);
    CharBuffer out = CharBuffer.allocate((int) Math.ceil(in.remaining() * (double) charset.newDecoder().maxCharsPerByte()));
    CoderResult result = charset.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
        .onUnmappableCharacter(CodingErrorAction.REPORT).decode(in, out, true);
    if (result.isError()) {
      int at = line;
      for (int i = from; i < in.position(); i++) {
        at += bytes[i] == '\n' ? 1 : 0;
      }
      String found = String.format("not %s (byte 0x%02X); ", charset.name(), bytes[in.position()]);
      if (!charset.equals(StandardCharsets.UTF_8)) {
        throw new DataException(source, at, found + "say another " + FLAG.strip() + ", or save the file as UTF-8");
      }
      String guess = guess(bytes, from, to);
      throw new DataException(source, at, found + "it looks like " + guess + ": say " + FLAG + guess
          + ", or save the file as UTF-8");
    }
    return out.flip().toString();
  }

  private static boolean isUtf8(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException _) {
      return false;
    }
  }

  private static boolean beyondAscii(byte[] bytes) {
    for (byte b : bytes) {
      if (b < 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * What bytes beyond ASCII look like. In the languages of windows-1252 they stand alone among letters, in Cyrillic a word is
   * made
   * of them, in Chinese and Japanese they come in pairs.
   */
  private static String guess(byte[] bytes, int from, int to) {
    int high = 0;
    int runs = 0;
    int odd = 0;
    int kana = 0; // lead bytes of Japanese syllables
    for (int i = from; i < to; i++) {
      int start = i;
      while (i < to && bytes[i] < 0) {
        int b = bytes[i++] & 0xFF;
        kana += b == 0x82 || b == 0x83 ? 1 : 0;
      }
      high += i - start;
      runs += i > start ? 1 : 0;
      odd += (i - start) % 2;
    }
    if (high < 2 * runs) {
      return "windows-1252";
    }
    if (kana * 4 > high && fits("Shift_JIS", bytes, from, to)) {
      return "Shift_JIS";
    }
    return odd == 0 && fits("GB18030", bytes, from, to) ? "GB18030" : "windows-1251";
  }

  private static boolean fits(String charset, byte[] bytes, int from, int to) {
    try {
      Charset.forName(charset).newDecoder().decode(ByteBuffer.wrap(bytes, from, to - from));
      return true;
    } catch (CharacterCodingException | UnsupportedCharsetException _) {
      return false;
    }
  }
}
