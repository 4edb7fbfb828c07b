package dev.hone.train.evaluation;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Which row a prediction is about.
 *
 * @param key the same for the same input at the same place, in every run: the number of the line and a hash of the input
 * @param line of the file where the row begins, from 1; of a long text, the number of the block
 * @param text the input, to be shown
 */
public record Row(String key, int line, String text) {
  private static final int HASH_BYTES = 8;

  /** A row whose input is all of its text. */
  public static Row of(int line, String text) {
    return of(line, text, text);
  }

  /** A row of which only a part is shown; {@code input} is all that the model gets and is measured by. */
  public static Row of(int line, String text, String input) {
    return new Row(key(line, input.getBytes(StandardCharsets.UTF_8)), line, text);
  }

  /** A block of a long text, which its tokens tell. */
  public static Row ofTokens(int block, String text, int[] tokens) {
    ByteBuffer bytes = ByteBuffer.allocate(tokens.length * Integer.BYTES);
    bytes.asIntBuffer().put(tokens);
    return new Row(key(block, bytes.array()), block, text);
  }

  private static String key(int line, byte[] input) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(input);
      return line + "-" + HexFormat.of().formatHex(Arrays.copyOf(digest, HASH_BYTES));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has it
    }
  }
}
