package dev.hone.core.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightFilesTest {
  @TempDir
  Path directory;

  private String error() {
    return assertTimeoutPreemptively(Duration.ofMinutes(5),
        () -> assertThrows(TensorFileException.class, () -> WeightFiles.open(directory)).getMessage());
  }

  private Path index(String text) throws IOException {
    return Files.writeString(directory.resolve(WeightFiles.INDEX), text);
  }

  @Test
  void oneFileIsPreferredToAnIndex() throws IOException {
    new SafetensorsWriter().add("one", Tensor.zeros(1)).write(directory.resolve("model.safetensors"));
    index("not even JSON");
    assertTrue(WeightFiles.open(directory).contains("one"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../secret.safetensors", "/etc/x.safetensors", "a/b.safetensors", "..\\x.safetensors",
      "C:x.safetensors",
      "", "..", "model.bin", "a\\u0000.safetensors", "a\\n.safetensors"})
  void anIndexReachesOnlyFilesBesideIt(String file) throws IOException {
    new SafetensorsWriter().add("w", Tensor.zeros(1)).write(directory.resolve("ok.safetensors"));
    Path index = index("{\"weight_map\":{\"w\":\"" + file.replace("..\\x", "..\\\\x") + "\"}}");
    String message = error();
    assertTrue(message.startsWith(index + ": tensor 'w': weight_map points to '"), message);
    assertTrue(message.endsWith("'; it must be the plain name of a .safetensors file in the same directory"), message);
    assertEquals(1, message.lines().count());
  }

  @Test
  void aMissingShardAndAMissingTensorAreNamed() throws IOException {
    new SafetensorsWriter().add("w", Tensor.zeros(1)).write(directory.resolve("a.safetensors"));
    Path index = index("{\"metadata\":{\"total_size\":4},\"weight_map\":{\"w\":\"a.safetensors\",\"v\":\"b.safetensors\"}}");
    assertEquals(index + ": tensor 'v': its shard b.safetensors does not exist beside the index", error());
    index("{\"weight_map\":{\"w\":\"a.safetensors\",\"v\":\"a.safetensors\"}}");
    assertEquals(index + ": tensor 'v': its shard a.safetensors does not have it", error());
    index("{\"weight_map\":{\"w\":\"a.safetensors\"}}");
    TensorSource source = WeightFiles.open(directory);
    assertEquals(index + ": no tensor 'v'; the nearest of its 1 names: 'w'",
        assertThrows(MissingTensorException.class, () -> source.tensor("v")).getMessage());
  }

  static Stream<Arguments> indexes() {
    String form = ": the index has another form than the format demands: ";
    return Stream.of(
        Arguments.of("{}", form + "weight_map is missing"),
        Arguments.of("[]", form + "it must be an object"),
        Arguments.of("{\"weight_map\":[]}", form + "weight_map must be an object of file names"),
        Arguments.of("{\"weight_map\":{\"w\":1}}", form + "weight_map must hold file names only"),
        Arguments.of("{\"weight_map\":{},\"weight_map\":{}}", form + "weight_map must stand there only once"),
        Arguments.of("{\"weight_map\":{\"w\":\"a\",\"w\":\"a\"}}", ": tensor 'w': listed twice in weight_map"),
        Arguments.of("{\"weight_map\":{}} 1", form + "nothing may follow it"),
        Arguments.of("{\"metadata\":" + "[".repeat(1_000_000), ": the index is not valid JSON at character "),
        Arguments.of("{\"weight_map\":", ": the index is not valid JSON at character "));
  }

  @ParameterizedTest
  @MethodSource("indexes")
  void aWrongIndexIsNamedByItsRule(String text, String message) throws IOException {
    Path index = index(text);
    String actual = error();
    assertTrue(actual.startsWith(index + message), actual);
    assertEquals(1, actual.lines().count());
  }

  @Test
  void aDirectoryWithoutWeightsSaysWhatItHas() throws IOException {
    String none = directory + ": no weights: neither model.safetensors nor model.safetensors.index.json";
    assertEquals(none, error());
    Files.writeString(directory.resolve("pytorch_model.bin"), "");
    assertEquals(none + ", only pytorch_model.bin; convert it to safetensors, for example with transformers: "
        + "AutoModel.from_pretrained(dir).save_pretrained(dir)", error());
    Path missing = directory.resolve("none");
    assertEquals(missing + ": no such directory",
        assertThrows(TensorFileException.class, () -> WeightFiles.open(missing)).getMessage());
    Path file = directory.resolve("pytorch_model.bin");
    assertEquals(file + ": not a directory",
        assertThrows(TensorFileException.class, () -> WeightFiles.open(file)).getMessage());
  }
}
