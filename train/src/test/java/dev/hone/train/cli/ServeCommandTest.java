package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyLanguageModel;
import dev.hone.train.fixture.ChildJvm;
import java.io.BufferedReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hone serve} as a process: it says where it listens, takes its key from a file, and finishes answers at SIGTERM. */
class ServeCommandTest {
  @TempDir
  Path directory;

  @Test
  void aProcessThatIsAskedToEndFinishesItsAnswers() throws Exception {
    Path model = TinyLanguageModel.write(directory.resolve("tiny"));
    Path key = Files.writeString(directory.resolve("key"), "secret\n");
    Process process = ChildJvm.hone("serve", "--model", "small=" + model, "--port", 0, "--key-file", key, "--no-warm-up",
        "--grace", 120)
        .start();
    try (BufferedReader said = process.errorReader(StandardCharsets.UTF_8); HttpClient client = HttpClient.newHttpClient()) {
      String address = null;
      for (String line = said.readLine(); line != null && address == null; line = said.readLine()) {
        address = line.startsWith("serving small on ") ? line.substring(17, line.indexOf(',')) : null;
        if (address != null) {
          break;
        }
      }
      assertTrue(address != null, "it never said where it listens");
      String body = "{\"model\": \"small\", \"prompt\": \"Hello\", \"max_tokens\": 100, \"ignore_eos\": true, \"stream\": true}";
      HttpRequest request = HttpRequest.newBuilder(URI.create(address + "/v1/completions")).header("Authorization",
          "Bearer secret")
          .POST(HttpRequest.BodyPublishers.ofString(body)).build();
      Iterator<String> lines = client.send(request, HttpResponse.BodyHandlers.ofLines()).body().iterator();
      String last = lines.next();
      process.destroy(); // SIGTERM
      int chunks = 0;
      while (lines.hasNext()) {
        String line = lines.next();
        last = line.isEmpty() ? last : line;
        chunks += line.startsWith("data: {") ? 1 : 0;
      }
      assertEquals("data: [DONE]", last);
      assertTrue(chunks > 1);
      assertEquals(143, process.waitFor());
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void whatCannotBeServedIsSaidInOneLine() throws Exception {
    Path model = TinyLanguageModel.write(directory.resolve("tiny"));
    assertRefused("give a key", "--model", model, "--host", "0.0.0.0", "--port", 0);
    assertRefused("is empty; write the key into it", "--model", model, "--key-file",
        Files.writeString(directory.resolve("none.key"), " \n"), "--port", 0);
    assertRefused("--task must be one of", "--model", model, "--task", "sing", "--port", 0);
    assertRefused("is not a directory", "--model", model, "--allow-adapters", directory.resolve("none"), "--no-warm-up", "--port",
        0);
  }

  private static void assertRefused(String expected, Object... words) throws Exception {
    Object[] all = new Object[words.length + 1];
    all[0] = "serve";
    System.arraycopy(words, 0, all, 1, words.length);
    Process process = ChildJvm.hone(all).start();
    String said = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(2, process.waitFor(), said);
    assertTrue(said.contains(expected), said);
  }
}
