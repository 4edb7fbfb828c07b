package dev.hone.autograd;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.TestDevice;
import dev.hone.core.io.Safetensors;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * One case of a recorded operator: its inputs, the upstream gradient, and what value and gradients should be.
 *
 * @param op name of the file
 * @param number of the case within it
 * @param entry the case's description
 * @param file tensors {@code NUMBER.in.NAME}, {@code NUMBER.upstream}, {@code NUMBER.out}, {@code NUMBER.grad.NAME}
 */
record Fixture(String op, int number, JsonNode entry, Safetensors file) {
  /** All cases of all operators in a folder of the fixtures. */
  static List<Fixture> all(String folder) throws IOException {
    Path directory = directory().resolve(folder);
    assumeTrue(Files.isDirectory(directory), "-Dhone.fixtures has no folder " + folder);
    ObjectMapper json = new ObjectMapper();
    List<Fixture> fixtures = new ArrayList<>();
    for (Path path : listed(directory)) {
      JsonNode description = json.readTree(path.toFile());
      String op = description.get("op").asString();
      Safetensors file = Safetensors.open(directory.resolve(op + ".safetensors"));
      for (JsonNode entry : description.get("cases")) {
        fixtures.add(new Fixture(op, entry.get("case").asInt(), entry, file));
      }
    }
    return fixtures;
  }

  private static List<Path> listed(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(path -> path.toString().endsWith(".json")).sorted().toList();
    }
  }

  /** {@code -Dhone.fixtures=DIR}, or the copy among the test resources. */
  private static Path directory() {
    String property = System.getProperty("hone.fixtures");
    if (property != null) {
      return Path.of(property);
    }
    URL index = Fixture.class.getResource("/fixtures/index.json");
    try {
      return Path.of(index.toURI()).getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("fixtures: " + index, e);
    }
  }

  List<String> inputs() {
    return strings("inputs");
  }

  List<String> gradients() {
    return strings("grads");
  }

  private List<String> strings(String field) {
    return StreamSupport.stream(entry.get(field).spliterator(), false).map(JsonNode::asString).toList();
  }

  boolean has(String input) {
    return inputs().contains(input);
  }

  Tensor tensor(String input) {
    return TestDevice.placed(file.tensor(number + ".in." + input).toF32());
  }

  Mask mask(String input) {
    return Mask.nonZero(file.tensor(number + ".in." + input));
  }

  int[] indices(String input) {
    long[] values = file.tensor(number + ".in." + input).toLongArray();
    int[] indices = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      indices[i] = Math.toIntExact(values[i]);
    }
    return indices;
  }

  Shape shape(String input) {
    return file.shape(number + ".in." + input);
  }

  Tensor upstream() {
    return TestDevice.placed(file.tensor(number + ".upstream").toF32());
  }

  float[] expected() {
    return file.tensor(number + ".out").toFloatArray();
  }

  float[] expectedGradient(String input) {
    return file.tensor(number + ".grad." + input).toFloatArray();
  }

  /** Largest absolute error of PyTorch's float32 result, for {@code out} or {@code grad.NAME}. */
  double float32Error(String tensor) {
    return entry.get("f32_vs_f64").get(tensor).asDouble();
  }

  Shape expectedShape() {
    return file.shape(number + ".out");
  }

  boolean hasAttribute(String name) {
    return entry.get("attributes").has(name);
  }

  JsonNode attribute(String name) {
    JsonNode value = entry.get("attributes").get(name);
    if (value == null) {
      throw new IllegalStateException(this + " has no attribute " + name);
    }
    return value;
  }

  float number(String name) {
    return (float) attribute(name).asDouble();
  }

  int integer(String name) {
    return attribute(name).asInt();
  }

  boolean flag(String name) {
    return hasAttribute(name) && attribute(name).asBoolean();
  }

  int[] integers(String name) {
    return StreamSupport.stream(attribute(name).spliterator(), false).mapToInt(JsonNode::asInt).toArray();
  }

  @Override
  public String toString() {
    return op + " " + number + " " + entry.get("attributes");
  }
}
