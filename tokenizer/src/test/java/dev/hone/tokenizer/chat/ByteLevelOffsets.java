package dev.hone.tokenizer.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Where given tokens of a byte-level vocabulary stand in a text. Recorded ids are laid along the text's bytes, so that a
 * mask can be tested without an encoder; they must spell the text exactly.
 */
final class ByteLevelOffsets {
  private final Map<Integer, byte[]> pieces = new HashMap<>();

  private ByteLevelOffsets() {}

  static ByteLevelOffsets read(Path tokenizer) {
    JsonNode file = ChatTemplateVectors.json(tokenizer);
    ByteLevelOffsets offsets = new ByteLevelOffsets();
    Map<Character, Byte> alphabet = alphabet();
    file.get("model").get("vocab").properties().forEach(entry -> {
      String piece = entry.getKey();
      byte[] bytes = new byte[piece.length()];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = alphabet.getOrDefault(piece.charAt(i), (byte) '?');
      }
      offsets.pieces.put(entry.getValue().intValue(), bytes);
    });
    file.get("added_tokens").forEach(token -> offsets.pieces.put(token.get("id").intValue(),
        token.get("content").stringValue().getBytes(StandardCharsets.UTF_8)));
    return offsets;
  }

  /** The characters that byte-level vocabularies write for bytes: printable ones for themselves, then U+0100 on. */
  private static Map<Character, Byte> alphabet() {
    Map<Character, Byte> alphabet = new HashMap<>();
    int next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae;
      alphabet.put((char) (printable ? b : next++), (byte) b);
    }
    return alphabet;
  }

  TokenizedText of(String text, int[] ids) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] codePoint = new int[bytes.length + 1];   // of each byte
    int count = -1;
    for (int i = 0; i < bytes.length; i++) {
      count += (bytes[i] & 0xc0) != 0x80 ? 1 : 0;
      codePoint[i] = count;
    }
    int[] starts = new int[ids.length];
    int[] ends = new int[ids.length];
    int at = 0;
    for (int i = 0; i < ids.length; i++) {
      byte[] piece = pieces.get(ids[i]);
      assertEquals(new String(piece, StandardCharsets.ISO_8859_1),
          new String(bytes, at, Math.min(piece.length, bytes.length - at), StandardCharsets.ISO_8859_1));
      starts[i] = codePoint[at];
      at += piece.length;
      ends[i] = codePoint[at - 1] + 1;
    }
    assertEquals(bytes.length, at);
    return new TokenizedText(ids, starts, ends);
  }
}
