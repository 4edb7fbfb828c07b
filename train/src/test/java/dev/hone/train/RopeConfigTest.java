package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.nn.ModelException;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.Rope;
import dev.hone.nn.load.ModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the settings of rotary embeddings stand and which win: angles of transformers 5.18 for heads of 8 and 64 positions. */
class RopeConfigTest {
  private static final String LLAMA3 = "'rope_scaling': {'rope_type': 'llama3', 'factor': 8.0, 'low_freq_factor': 1.0, "
      + "'high_freq_factor': 4.0, 'original_max_position_embeddings': %d}";
  private static final String LONG = "'pad_token_id': 0, 'rope_scaling': {'type': '%s', 'short_factor': [1.0, 1.5, 2.0, 3.0], "
      + "'long_factor': [2.0, 3.0, 4.0, 6.0]%s}%s";
  private static final String KINDS = "'layer_types': ['sliding_attention', 'full_attention'], ";
  private static final double[] PLAIN = {1, 0.1, 0.01, 0.001};
  private static final double[] SHORT = {1, 0.0666667, 0.005, 0.000333333};

  @TempDir
  Path directory;

  private Path config(String type, String more) throws IOException {
    return Files.writeString(directory.resolve("config.json"), ("{'model_type': '" + type + "', 'hidden_size': 32, "
        + "'num_hidden_layers': 2, 'num_attention_heads': 4, 'num_key_value_heads': 2, 'intermediate_size': 56, "
        + "'vocab_size': 96, 'head_dim': 8, 'max_position_embeddings': 64, " + more + "}").replace('\'', '"'));
  }

  private Rope rope(String type, String more) throws IOException {
    return ((DecoderConfig) ModelLoader.configOf(config(type, more))).rope();
  }

  private static void assertAngles(double[] expected, double magnitude, Rope rope) {
    assertArrayEquals(expected, rope.near(), 1e-6);
    assertEquals(magnitude, rope.magnitude(), 1e-12);
  }

  @Test
  void aPartialFactorCountsForPhi3Alone() throws IOException {
    for (String type : List.of("llama", "mistral", "qwen2", "qwen3", "gemma2")) {
      Path file = config(type, "'partial_rotary_factor': 0.5");
      assertAngles(PLAIN, 1, ((DecoderConfig) ModelLoader.configOf(file)).rope());
    }
    assertAngles(new double[] {1, 0.01}, 1, rope("phi3", "'partial_rotary_factor': 0.5"));
    String reason = assertThrows(ModelException.class, () -> rope("llama",
        "'partial_rotary_factor': 0.5, 'rope_scaling': {'type': 'linear', 'factor': 2.0}")).getMessage();
    assertTrue(reason.contains("rope_scaling: 'partial_rotary_factor' with rope_type 'linear'"), reason);
  }

  @Test
  void theOlderSectionWinsUnlessItIsEmpty() throws IOException {
    String recent = "'rope_parameters': {'rope_type': 'default', 'rope_theta': 5000.0}, 'rope_scaling': ";
    assertAngles(new double[] {0.5, 0.05, 0.005, 0.0005}, 1, rope("llama", recent + "{'rope_type': 'linear', 'factor': 2.0}"));
    assertAngles(new double[] {1, 0.118921, 0.0141421, 0.00168179}, 1, rope("llama", recent + "{}"));
  }

  @Test
  void theOriginalLengthOutsideTheSectionWins() throws IOException {
    double[] of16 = {0.576056, 0.0125, 0.00125, 0.000125};
    assertAngles(new double[] {1, 0.0125, 0.00125, 0.000125}, 1, rope("llama", LLAMA3.formatted(32)));
    assertAngles(of16, 1, rope("llama", LLAMA3.formatted(16)));
    assertAngles(of16, 1, rope("llama", LLAMA3.formatted(32) + ", 'original_max_position_embeddings': 16"));
  }

  @Test
  void phi3StretchesByItsFactorFromItsOwnLength() throws IOException {
    String own = ", 'original_max_position_embeddings': 16";
    assertAngles(SHORT, 1.224744871391589, rope("phi3", LONG.formatted("longrope", "", own)));
    assertAngles(SHORT, 1.3388357817001224, rope("phi3", LONG.formatted("longrope", ", 'factor': 9.0", own)));
    assertAngles(SHORT, 1.224744871391589, rope("phi3", LONG.formatted("longrope", own.replace("16", "32"), own)));
    assertAngles(SHORT, 1, rope("phi3", LONG.formatted("yarn", own, ""))); // made for 4096 unless it says so itself
    String reason = assertThrows(ModelException.class, () -> rope("phi3",
        "'rope_scaling': {'type': 'linear', 'factor': 2.0}")).getMessage();
    assertTrue(reason.contains("'rope_type' is 'linear'; known: default, longrope, su, yarn"), reason);
  }

  @Test
  void gemma3ScalesEachKindOfLayerByItsOwnSection() throws IOException {
    DecoderConfig gemma = (DecoderConfig) ModelLoader.configOf(config("gemma3_text", KINDS + "'rope_parameters': {"
        + "'sliding_attention': {'rope_type': 'linear', 'factor': 4.0, 'rope_theta': 100.0}, "
        + "'full_attention': {'rope_type': 'default', 'rope_theta': 10000.0}}"));
    assertAngles(new double[] {0.25, 0.0790569, 0.025, 0.00790569}, 1, gemma.rope(0));
    assertAngles(PLAIN, 1, gemma.rope(1));
    gemma = (DecoderConfig) ModelLoader.configOf(config("gemma3_text", KINDS + "'rope_theta': 500.0"));
    assertAngles(PLAIN, 1, gemma.rope(0));
  }
}
