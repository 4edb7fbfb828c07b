package dev.hone.tokenizer.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes that are not UTF-8; expected values by Python's decoder and Rust's, which agree. */
@Tag("tokenizers")
class Utf8Test {
  @ParameterizedTest
  @CsvSource({"ED A0 80, ???", "ED BF BF, ???", "ED A0, ??", "ED, ?", "ED 9F BF, \uD7FF", "61 ED A0 80 62, a???b",
      "ED A0 80 ED B0 80, ??????", "E1 ED A0 80, ????", "E2 82, ?", "E2 82 61, ?a", "F0 9F 98, ?", "F0 9F 98 80, \uD83D\uDE00",
      "F4 90 80 80, ????", "F5 80, ??", "C0 80, ??", "E0 80 80, ???", "80, ?", "FF FE, ??", "C3 28, ?("})
  void eachLongestPartThatCouldBeginACharacterIsOneSign(String hex, String text) {
    byte[] bytes = HexFormat.ofDelimiter(" ").parseHex(hex);
    String want = text.replace('?', '\uFFFD');
    assertEquals(want, Utf8.text(bytes, 0, bytes.length));
    StringBuilder token = new StringBuilder();
    for (byte b : bytes) {
      token.append(ByteChars.of(b & 0xFF));
    }
    assertEquals(want, ByteChars.decode(Arrays.asList(token.toString())));
  }
}
