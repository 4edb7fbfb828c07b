package dev.hone.tokenizer.unicode;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Extended grapheme clusters. The JDK finds them through {@code \X}; asking it costs far more than a
 * table look-up, so characters that never join a neighbour are found out once, block by block.
 */
public final class Graphemes {
  private static final Pattern CLUSTER = Pattern.compile("\\X");
  private static final byte ALONE = 1;
  private static final byte JOINS = 2;
  private static final byte[][] BLOCKS = new byte[256][];

  private Graphemes() {}

  /** Whether a cluster boundary lies between two such characters, whichever they are. */
  public static boolean standsAlone(char c) {
    if (c < 0x80) {
      return c != '\r' && c != '\n';
    }
    byte[] block = BLOCKS[c >> 8];
    if (block == null) {
      block = block(c >> 8);
    }
    return block[c & 0xFF] == ALONE;
  }

  private static byte[] block(int number) {
    byte[] block = new byte[256];
    for (int i = 0; i < 256; i++) {
      char c = (char) (number << 8 | i);
      boolean alone = !Character.isSurrogate(c) && !joins("a" + c) && !joins(c + "a") && !joins("" + c + c);
      block[i] = alone ? ALONE : JOINS;
    }
    return BLOCKS[number] = block;
  }

  private static boolean joins(String pair) {
    return CLUSTER.matcher(pair).matches();
  }

  /** Where the cluster that begins at from ends, at most at to. */
  public static int end(CharSequence text, int from, int to) {
    Matcher matcher = CLUSTER.matcher(text).region(from, to);
    return matcher.lookingAt() ? matcher.end() : to;
  }
}
