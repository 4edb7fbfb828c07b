package dev.hone.tokenizer.model;

import dev.hone.tokenizer.lookup.Vocabulary;
import dev.hone.tokenizer.text.Utf8;
import java.util.function.IntConsumer;

/** The tokens {@code <0x00>} to {@code <0xFF>} that stand for single bytes. */
final class ByteTokens {
  private ByteTokens() {}

  /** The id of each byte's token, {@link Vocabulary#UNKNOWN} where there is none. */
  static int[] ids(Vocabulary vocabulary) {
    int[] ids = new int[256];
    for (int b = 0; b < 256; b++) {
      ids[b] = vocabulary.id(String.format("<0x%02X>", b));
    }
    return ids;
  }

  /** Whether all bytes of a text have tokens; the symbol stands for text[from, to) unless null. */
  static boolean known(int[] ids, String symbol, char[] text, int from, int to) {
    for (byte b : Utf8.bytes(symbol != null ? symbol : new String(text, from, to - from))) {
      if (ids[b & 0xFF] == Vocabulary.UNKNOWN) {
        return false;
      }
    }
    return true;
  }

  /** Calls with every byte, 0 to 255, of text[from, to). */
  static void forEach(char[] text, int from, int to, IntConsumer consumer) {
    for (byte b : Utf8.bytes(new String(text, from, to - from))) {
      consumer.accept(b & 0xFF);
    }
  }
}
