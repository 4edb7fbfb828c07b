package dev.hone.tokenizer.decoder;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Tokens that stand for bytes, {@code <0x0A>}, back to characters. A run of them that is not valid UTF-8
 * becomes one replacement character a byte.
 */
public record ByteFallback() implements Decoder {
  private static final int TOKEN_LENGTH = 6;

  @Override
  public List<String> decode(List<String> tokens) {
    List<String> out = new ArrayList<>(tokens.size());
    byte[] run = new byte[tokens.size()];
    int n = 0;
    for (String token : tokens) {
      int b = byteOf(token);
      if (b >= 0) {
        run[n++] = (byte) b;
        continue;
      }
      flush(run, n, out);
      n = 0;
      out.add(token);
    }
    flush(run, n, out);
    return out;
  }

  @Override
  public byte[] bytes(String token) {
    int b = byteOf(token);
    return b < 0 ? null : new byte[] {(byte) b};
  }

  private static void flush(byte[] run, int n, List<String> out) {
    if (n == 0) {
      return;
    }
    try {
      out.add(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(run, 0, n)).toString());
    } catch (CharacterCodingException e) {
      for (int i = 0; i < n; i++) {
        out.add("\uFFFD");
      }
    }
  }

  private static int byteOf(String token) {
    if (token.length() != TOKEN_LENGTH || !token.startsWith("<0x") || token.charAt(TOKEN_LENGTH - 1) != '>') {
      return -1;
    }
    int high = hex(token.charAt(3));
    int low = hex(token.charAt(4));
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }

  private static int hex(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }
}
