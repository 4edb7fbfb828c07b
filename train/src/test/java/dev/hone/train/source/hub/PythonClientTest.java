package dev.hone.train.source.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.io.TempDir;

/**
 * The cache is the one of Python's client, both ways: with the interpreter of {@code -Dhone.hub.python}, which has
 * {@code huggingface_hub}. The stand-in hub serves both.
 */
class PythonClientTest {
  private static final String PYTHON = System.getProperty("hone.hub.python", "");

  @TempDir
  Path root;

  private FakeHub server;
  private final byte[] weights = HubTest.bytes(500_000, 5);
  private String commit;

  @BeforeEach
  void publish() throws IOException {
    assumeTrue(!PYTHON.isEmpty(), "the real client is not asked: -Dhone.hub.python names no interpreter with huggingface_hub");
    server = new FakeHub();
    server.otherName = "localhost"; // Python's client takes another port for the same host
    commit = server.put("org/tiny", "main", Map.of("config.json", "{}".getBytes(StandardCharsets.UTF_8), "1_Pooling/config.json",
        "{ }".getBytes(StandardCharsets.UTF_8), "model.safetensors", weights));
  }

  @AfterEach
  void close() throws IOException {
    if (server != null) {
      server.close();
    }
  }

  private Path hone(boolean links, boolean offline) throws IOException {
    HubSettings settings = new HubSettings(HubSettings.Site.HUGGING_FACE, URI.create(server.address()), null, root.resolve("hub"),
        offline, links, Duration.ofSeconds(20), null);
    return new Hub(settings, _ -> { }, FileTransfer.Cut.USUAL, _ -> Long.MAX_VALUE)
        .model(RepoId.parse(RepoId.Kind.MODEL, "org/tiny"), true,
        _ -> { }).directory();
  }

  private String python(boolean links, boolean offline) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(PYTHON, "-c",
        "import huggingface_hub as h; print(h.snapshot_download('org/tiny'))")
        .directory(root.toFile()).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("HF_"));
    builder.environment().putAll(Map.of("HF_ENDPOINT", server.address(), "HF_HOME", root.toString(), "HF_HUB_DISABLE_XET", "1",
        "HF_HUB_DISABLE_PROGRESS_BARS", "1", "HF_HUB_DISABLE_SYMLINKS", links ? "0" : "1", "HF_HUB_OFFLINE", offline ? "1"
        : "0"));
    Process process = builder.start();
    List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    assertEquals(0, process.waitFor(), lines.toString());
    return lines.getLast();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void pythonFindsWhatHoneFetched(boolean links) throws Exception {
    Path directory = hone(links, false);
    server.requests().clear();
    assertEquals(directory.toRealPath().toString(), python(links, true));
    assertEquals(List.of(), server.requests());
    assertEquals(directory.toRealPath().toString(), python(links, false));
    assertEquals(List.of(), server.requests("/cdn/"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void honeFindsWhatPythonFetched(boolean links) throws Exception {
    String directory = python(links, false);
    assertTrue(directory.endsWith("models--org--tiny/snapshots/" + commit), directory);
    server.requests().clear();
    assertEquals(Path.of(directory).toRealPath(), hone(links, true).toRealPath());
    assertEquals(List.of(), server.requests());
    assertArrayEquals(weights, Files.readAllBytes(hone(links, false).resolve("model.safetensors")));
    assertEquals(List.of("GET /api/models/org/tiny/revision/main  200"),
        server.requests().stream().map(Object::toString).toList());
  }
}
