package dev.hone.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Python's {@code re.fullmatch} says of the same expressions and paths. */
class PythonRegexTest {
  @ParameterizedTest
  @CsvSource(delimiter = ' ', value = {
      ".*\\.(?P<m>q_proj|v_proj) model.layers.0.self_attn.q_proj true",
      ".*\\.(?P<my_name>q)_(?P=my_name) a.q_q true",
      ".*\\.(?P<my_name>q)_(?P=my_name) a.q_v false",
      "(?#attention).*q_proj\\Z a.q_proj true",
      "a{,2}b aab true",
      "a{,2}b aaab false",
      "a{x}b a{x}b true",
      "[]a]+ ]a] true",
      "[^]a]+ b true",
      "[a[]+ [a true",
      "[a&&b]+ &ab true",
      "^(?!.*visual)(?!.*lm_head).*(?:q_proj|down_proj).* model.layers.0.mlp.down_proj true",
      "^(?!.*visual).*q_proj visual.q_proj false",
      ".*\\.layers\\.[0-9]+\\..* model.layers.11.mlp true"})
  void agreesWithPython(String regex, String path, boolean matches) {
    assertEquals(matches, PythonRegex.compile(regex).matcher(path).matches());
  }

  @ParameterizedTest
  @ValueSource(strings = {"(?<name>q)", "\\p{L}+", "\\Qa\\E", "(q", "(?P<a>x)(?P<a>y)", "(?P=b)", "(?P<a", "*a"})
  void whatPythonRefusesIsRefused(String regex) {
    String message = assertThrows(AdapterException.class, () -> PythonRegex.compile(regex)).getMessage();
    assertTrue(message.startsWith("'" + regex + "' is not a regular expression of Python that can be read here: "), message);
  }

  @Test
  void namesOfGroupsMayHaveUnderscoresInPatternsOfRanks() {
    LoraConfig config = LoraConfig.of(8, 16).withPatterns(Map.of("(?P<the_layer>q_proj)", 2), Map.of());
    assertEquals(2, config.rank("model.layers.0.self_attn.q_proj"));
    assertEquals(8, config.rank("model.layers.0.self_attn.v_proj"));
  }
}
