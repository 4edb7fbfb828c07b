package dev.hone.train.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.io.TensorFileException;
import dev.hone.core.io.WeightFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class ModelCacheTest {
  private static final ModelReference.MavenArtifact ARTIFACT = new ModelReference.MavenArtifact("org.example", "tiny", "1.0");

  @TempDir
  Path root;

  private final TinyJar jar = new TinyJar();
  private final List<String> progress = new ArrayList<>();
  private int fetched;

  private Path resolve() throws IOException {
    return new ModelCache(root, (artifact, directory) -> {
      fetched++;
      return jar.write(directory.resolve("tiny-1.0.jar"));
    }).directory(ARTIFACT, progress::add);
  }

  private String error() {
    return assertThrows(ModelReferenceException.class, this::resolve).getMessage();
  }

  private List<String> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void anArtifactBecomesAHuggingFaceDirectoryOnce() throws IOException {
    Path model = resolve();
    assertEquals(root.resolve("models/org.example/tiny/1.0"), model);
    assertEquals(List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"), files(model));
    assertEquals(List.of("1.0"), files(model.getParent()));
    assertEquals(List.of("Fetching org.example:tiny:1.0 through Maven", "Converting it to " + model), progress);
    assertEquals(39, WeightFiles.open(model).names().size());
    assertEquals(model, resolve());
    assertEquals(1, fetched);
    assertEquals(2, progress.size());
  }

  @Test
  void whatKilledImportsHaveLeftIsRemovedAndWhatOthersWorkOnIsNot() throws IOException {
    Path parent = Files.createDirectories(root.resolve("models/org.example/tiny"));
    FileTime before = FileTime.from(Instant.now().minusSeconds(86_400));
    for (String name : List.of(".import-killed", ".import-older", ".import-held", ".import-young")) {
      Files.writeString(Files.createDirectories(parent.resolve(name).resolve("jar")).resolve("tiny-1.0.jar"), "half");
      if (!name.equals(".import-older")) {
        Files.createFile(parent.resolve(name + ".lock"));
      }
      if (!name.equals(".import-young")) {
        Files.setLastModifiedTime(parent.resolve(name), before);
      }
    }
    try (FileChannel held = FileChannel.open(parent.resolve(".import-held.lock"), StandardOpenOption.WRITE)) {
      held.lock();
      resolve();
      assertEquals(List.of(".import-held", ".import-held.lock", ".import-young", ".import-young.lock", "1.0"), files(parent));
    }
  }

  @RepeatedTest(8)
  void importsAtTheSameTimeDoNotDisturbEachOther() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    ModelCache cache = new ModelCache(root, (artifact, directory) -> {
      both.countDown();
      try {
        both.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      return jar.write(directory.resolve("tiny-1.0.jar"));
    });
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<Future<Path>> models = IntStream.range(0, 2).mapToObj(_ -> threads.submit(() -> cache.directory(ARTIFACT, _ -> {})))
          .toList();
      for (Future<Path> model : models) {
        assertEquals(39, WeightFiles.open(model.get()).names().size());
      }
    }
    assertEquals(List.of("1.0"), files(root.resolve("models/org.example/tiny")));
  }

  @Test
  void theTokenizerNeitherTruncatesNorPads() throws IOException {
    Path model = resolve();
    JsonNode tokenizer = new ObjectMapper().readTree(Files.readString(model.resolve("tokenizer.json")));
    assertTrue(tokenizer.get("truncation").isNull());
    assertTrue(tokenizer.get("padding").isNull());
    assertEquals(5, tokenizer.at("/model/vocab/é").asInt());
    JsonNode settings = new ObjectMapper().readTree(Files.readString(model.resolve("tokenizer_config.json")));
    assertEquals(7, settings.get("model_max_length").asInt());
    assertTrue(settings.get("do_lower_case").asBoolean());
    assertEquals("[CLS]", settings.get("cls_token").asString());
    assertTrue(settings.path("mask_token").isMissingNode());
  }

  @Test
  void aDamagedDirectoryIsMadeAgain() throws IOException {
    Path model = resolve();
    Files.write(model.resolve("model.safetensors"), new byte[100]);
    resolve();
    assertEquals(2, fetched);
    assertEquals(39, WeightFiles.open(model).names().size());
    Files.delete(model.resolve("tokenizer.json"));
    resolve();
    assertEquals(3, fetched);
  }

  @Test
  void aJarWithoutAModelIsNamedAndLeavesNothing() throws IOException {
    String start = "maven:org.example:tiny:1.0: not a model: tiny-1.0.jar must have exactly one entry at its root that is ";
    jar.entries.remove("tiny.onnx");
    assertEquals(start + "an ONNX file, it has none", error());
    jar.entries.put("a.onnx", new byte[0]);
    jar.entries.put("b.onnx", new byte[0]);
    assertEquals(start + "an ONNX file, it has [a.onnx, b.onnx]", error());
    jar.entries.remove("a.onnx");
    jar.entries.remove("tiny-tokenizer.json");
    assertEquals(start + "a tokenizer.json, it has none", error());
    jar.text("tokenizer.json", "{}");
    assertThrows(TensorFileException.class, this::resolve);
    assertEquals(List.of(), files(root.resolve("models/org.example/tiny")));
  }

  @Test
  void aForeignTokenizerIsRefused() {
    String start = "maven:org.example:tiny:1.0: its tokenizer";
    jar.text("tiny-tokenizer.json", "{\"model\":{\"type\":\"BPE\"}}");
    assertEquals(start + ".json is not a WordPiece tokenizer", error());
    jar.text("tiny-tokenizer.json", "[]");
    assertEquals(start + ".json is not a WordPiece tokenizer", error());
    jar.text("tiny-tokenizer.json", "{\"model\":");
    assertTrue(error().startsWith(start + ".json is not valid JSON: "));
    jar.text("tiny-tokenizer.json", "[".repeat(100_000));
    assertTrue(error().startsWith(start + ".json is not valid JSON: "));
    StringBuilder vocabulary = new StringBuilder("{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"x\":0");
    for (int i = 1; i < 31; i++) {
      vocabulary.append(",\"x").append(i).append("\":").append(i);
    }
    jar.text("tiny-tokenizer.json", vocabulary + "}}}");
    assertEquals(start + " has 31 word pieces, its model embeds 30", error());
  }

  @Test
  void aBrokenJarIsNamed() throws IOException {
    ModelCache cache = new ModelCache(root,
        (artifact, directory) -> Files.writeString(directory.resolve("tiny-1.0.jar"), "<html>not found</html>"));
    String message = assertThrows(ModelReferenceException.class, () -> cache.directory(ARTIFACT, progress::add)).getMessage();
    assertTrue(message.startsWith("maven:org.example:tiny:1.0: tiny-1.0.jar is not a valid jar: "), message);
  }

  @Test
  void aDamagedEntryIsFound() throws IOException {
    ModelCache cache = new ModelCache(root, (artifact, directory) -> {
      Path file = jar.write(directory.resolve("tiny-1.0.jar"));
      byte[] bytes = Files.readAllBytes(file);
      // the checksum of the second entry, in the central directory at the end of the file
      int central = indexOf(bytes, new byte[] {'P', 'K', 1, 2}, 0);
      int second = indexOf(bytes, new byte[] {'P', 'K', 1, 2}, central + 1);
      bytes[second + 16] ^= 1;
      return Files.write(file, bytes);
    });
    String message = assertThrows(ModelReferenceException.class, () -> cache.directory(ARTIFACT, progress::add)).getMessage();
    assertTrue(message.startsWith("maven:org.example:tiny:1.0: tiny-1.0.jar is damaged: entry tiny.onnx: "), message);
  }

  private static int indexOf(byte[] bytes, byte[] wanted, int from) {
    for (int i = from; i + wanted.length <= bytes.length; i++) {
      if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
    throw new AssertionError("not found");
  }

  @Test
  void aDirectoryIsTakenAsItIsOrNamed() throws IOException {
    ModelCache cache = ModelCache.at(root.resolve("cache"));
    Path model = Files.createDirectory(root.resolve("model"));
    ModelReference reference = ModelReference.parse(model.toString());
    assertEquals(model + ": no config.json; a model is a directory with config.json, tokenizer.json and model.safetensors",
        assertThrows(ModelReferenceException.class, () -> cache.directory(reference, progress::add)).getMessage());
    Path config = Files.writeString(model.resolve("config.json"), "{}");
    assertEquals(model, cache.directory(reference, progress::add));
    assertEquals(config + ": not a directory; a model is a directory with config.json, tokenizer.json and model.safetensors, "
            + "or a file NAME.gguf",
        assertThrows(ModelReferenceException.class, () -> cache.directory(ModelReference.parse(config.toString()), progress::add))
            .getMessage());
    assertEquals("nowhere: no such model directory; a model is a Hugging Face directory, org/name of a hub, or "
        + "maven:GROUP:ARTIFACT:VERSION",
        assertThrows(ModelReferenceException.class, () -> cache.directory(ModelReference.parse("nowhere"), progress::add))
            .getMessage());
    assertEquals(List.of(), progress);
    assertEquals(List.of("model"), files(root));
  }

  @Test
  void theCacheLiesWhereTheUserWantsIt() {
    Map<String, String> home = Map.of("user.home", "/home/u");
    assertEquals(Path.of("/home/u/.cache/hone"), ModelCache.root(home::get, Map.<String, String>of()::get));
    assertEquals(Path.of("/x/hone"), ModelCache.root(home::get, Map.of("XDG_CACHE_HOME", "/x")::get));
    assertEquals(Path.of("/home/u/.cache/hone"), ModelCache.root(home::get, Map.of("XDG_CACHE_HOME", "relative")::get));
    assertEquals(Path.of("/y"), ModelCache.root(Map.of("user.home", "/home/u", "hone.cache", "/y")::get,
        Map.of("XDG_CACHE_HOME", "/x")::get));
  }

  @Test
  void aUserWithoutHomeIsToldWhatToSet() throws IOException {
    Map<String, String> nobody = Map.of("user.home", "?");
    assertEquals(Path.of("/x/hone"), ModelCache.root(nobody::get, Map.of("XDG_CACHE_HOME", "/x")::get));
    ModelCache cache = ModelCache.at(ModelCache.root(nobody::get, Map.<String, String>of()::get));
    assertEquals("maven:g:a:1: this user has no home directory to keep it in; set XDG_CACHE_HOME, or -Dhone.cache=DIR for the "
        + "JVM",
        assertThrows(ModelReferenceException.class, () -> cache.directory(ModelReference.parse("maven:g:a:1"), _ -> {}))
            .getMessage());
    Path model = Files.createDirectory(root.resolve("m"));
    Files.writeString(model.resolve("config.json"), "{}");
    assertEquals(model, cache.directory(ModelReference.parse(model.toString()), _ -> {}));
  }
}
