package dev.hone.train.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.nn.gguf.GgufType;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.source.MiniLmJar;
import dev.hone.train.source.ModelCache;
import dev.hone.train.source.ModelReference;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * MiniLM as GGUF in llama.cpp, where that is: LLAMA_NODE names a directory with node_modules/node-llama-cpp, the model comes from
 * the local Maven repository.
 */
@Tag("fixtures")
class LlamaCppEmbedderTest {
  private static final Path SCRIPT = Path.of("../bench/reference_vectors.mjs");

  @TempDir
  static Path temporary;

  private static Path model;

  @BeforeAll
  static void find() throws IOException {
    String place = System.getenv("LLAMA_NODE");
    assumeTrue(place != null && Files.isDirectory(Path.of(place, "node_modules/node-llama-cpp")),
        "LLAMA_NODE names no directory with node_modules/node-llama-cpp");
    assumeTrue(Stream.of(System.getenv("PATH").split(":")).anyMatch(path -> Files.isExecutable(Path.of(path, "node"))),
        "there is no node");
    model = MiniLmJar.model(temporary.resolve("cache"));
  }

  private static JsonNode llamaCpp(Path file, List<String> texts) throws IOException, InterruptedException {
    Path input = temporary.resolve("texts.json");
    Path output = temporary.resolve("vectors.json");
    Files.writeString(input, JsonMapper.shared().writeValueAsString(texts));
    Process process = new ProcessBuilder("node", SCRIPT.toString(), file.toString()).redirectInput(input.toFile())
        .redirectOutput(output.toFile()).redirectError(temporary.resolve("errors.txt").toFile()).start();
    assertEquals(0, process.waitFor(), () -> "node: " + file);
    return JsonMapper.shared().readTree(Files.readString(output));
  }

  static List<String> sentences() throws IOException {
    try (InputStream text = LlamaCppEmbedderTest.class.getResourceAsStream("sentences.txt")) {
      return new String(text.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  @Test
  void lettersThatStayAsTheyAreStayThereToo() throws Exception {
    Path cased = Files.createDirectory(temporary.resolve("cased"));
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.createSymbolicLink(cased.resolve(file.getFileName()), file.toAbsolutePath());
      }
    }
    Path tokenizer = cased.resolve("tokenizer.json");
    ObjectNode tree = (ObjectNode) JsonMapper.shared().readTree(Files.readString(tokenizer));
    tree.withObject("normalizer").put("lowercase", false).put("strip_accents", false);
    Files.delete(tokenizer);
    Files.writeString(tokenizer, JsonMapper.shared().writeValueAsString(tree));
    Path file = temporary.resolve("cased.gguf");
    ExportGgufEmbedder.write(cased, null, file, GgufType.F16, "cased");
    List<String> texts = sentences();
    List<int[]> tokens = TextEmbedder.load(cased).encode(texts, null);
    JsonNode other = llamaCpp(file, texts);
    for (int i = 0; i < texts.size(); i++) {
      int[] own = tokens.get(i);
      int[] theirs = other.get("tokens").get(i).valueStream().mapToInt(JsonNode::intValue).toArray();
      assertTrue(Arrays.equals(own, theirs) || Arrays.equals(own, 1, own.length - 1, theirs, 0, theirs.length),
          texts.get(i) + ": " + Arrays.toString(own) + " here, " + Arrays.toString(theirs) + " there");
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, 0.99999, 1e-3", "F16, 0.99999, 1e-3", "Q8_0, 0.998, 2e-2"})
  void vectorsOfFiftySentencesAreOurs(GgufType type, double smallest, double largest) throws Exception {
    Path file = temporary.resolve(type + ".gguf");
    List<String> warnings = ExportGgufEmbedder.write(model, null, file, type, "minilm").warnings();
    List<String> texts = sentences();
    assertEquals(50, texts.size());
    TextEmbedder embedder = TextEmbedder.load(ModelCache.at(temporary.resolve("cache"))
        .directory(ModelReference.parse(file.toString()), _ -> { })); // the same numbers, as they are read here
    List<int[]> tokens = embedder.encode(texts, null);
    JsonNode other = llamaCpp(file, texts);
    Map<String, String> unlike = new TreeMap<>();
    double cosine = 1;
    double difference = 0;
    for (int i = 0; i < texts.size(); i++) {
      List<Integer> ids = new ArrayList<>();
      other.get("tokens").get(i).forEach(id -> ids.add(id.intValue()));
      int[] own = tokens.get(i);
      List<Integer> plain = Arrays.stream(own, 1, own.length - 1).boxed().toList();
      if (!ids.equals(plain) && !ids.equals(Arrays.stream(own).boxed().toList())) {
        unlike.put(texts.get(i), plain + " here, " + ids + " there");
        continue;
      }
      float[] vector = embedder.embed(texts.get(i));
      float[] found = new float[vector.length];
      double squares = 0;
      for (int c = 0; c < found.length; c++) {
        found[c] = other.get("vectors").get(i).get(c).floatValue();
        squares += (double) found[c] * found[c];
      }
      cosine = Math.min(cosine, TextEmbedder.cosine(vector, found));
      for (int c = 0; c < found.length; c++) {
        difference = Math.max(difference, Math.abs(vector[c] - found[c] / Math.sqrt(squares)));
      }
    }
    assertTrue(cosine > smallest && difference < largest, type + ": cosine " + cosine + ", difference " + difference);
    assertEquals(2, unlike.size(), unlike.toString()); // the Hindi and the Korean one, as the export says
    assertTrue(warnings.toString().contains("llama.cpp drops more than accents"), warnings.toString());
  }
}
