package dev.hone.train.source.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UploadTest {
  private static final RepoId NEW = RepoId.parse(RepoId.Kind.MODEL, "tester/new");

  @TempDir
  Path root;

  private final FakeHub server;
  private final byte[] weights = HubTest.bytes(300_000, 4);
  private final List<String> notes = new ArrayList<>();
  private Path adapter;

  UploadTest() throws IOException {
    server = new FakeHub();
  }

  @BeforeEach
  void write() throws IOException {
    adapter = Files.createDirectories(root.resolve("out/adapter"));
    Files.write(adapter.resolve("adapter_model.safetensors"), weights);
    Files.writeString(adapter.resolve("adapter_config.json"), "{\"base_model_name_or_path\":\"org/base\"}");
    Files.writeString(adapter.resolve("README.md"), "---\nbase_model: \"org/base\"\n---\n# mine\n");
    Files.writeString(adapter.resolve("optimizer.pt"), "pickle");
    Files.writeString(adapter.resolve(".secret.json"), "x");
    Files.writeString(root.resolve("out/predictions.jsonl"), "rows");
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private Hub hub(String token) {
    return new Hub(new HubSettings(HubSettings.Site.HUGGING_FACE, URI.create(server.address()), token, root.resolve("hub"), false,
        true, Duration.ofSeconds(20), null), _ -> { }, FileTransfer.Cut.USUAL, _ -> Long.MAX_VALUE);
  }

  private Hub.Pushed push(String token, boolean secret) throws IOException {
    return hub(token).push(NEW, PublishedDirectory.of(root.resolve("out"), null).items(), secret, "first", notes::add);
  }

  private String refusal(String token) {
    return assertThrows(HubException.class, () -> push(token, false)).getMessage();
  }

  @Test
  void anAdapterGoesWithItsCardAndComesBack() throws IOException {
    Hub.Pushed pushed = push(FakeHub.GOOD, false);
    assertEquals(server.address() + "/tester/new", pushed.address());
    Map<String, byte[]> there = server.files("tester/new");
    assertEquals(Set.of(".gitattributes", "README.md", "adapter_config.json", "adapter_model.safetensors"), there.keySet());
    assertArrayEquals(weights, there.get("adapter_model.safetensors"));
    assertTrue(new String(there.get("README.md"), StandardCharsets.UTF_8).contains("# mine"));
    assertEquals(List.of("made the repository " + pushed.address()), notes);
    Hub.Snapshot back = hub(null).model(NEW, true, notes::add);
    assertEquals(pushed.commit(), back.commit());
    assertArrayEquals(weights, Files.readAllBytes(back.directory().resolve("adapter_model.safetensors")));
  }

  @Test
  void theTokenGoesToTheHubAndNotToTheStorage() throws IOException {
    push(FakeHub.GOOD, false);
    assertTrue(server.requests("/upload/").size() > 0);
    for (FakeServer.Request request : server.requests()) {
      assertEquals(request.first() ? "Bearer " + FakeHub.GOOD : "", request.header("authorization"), request.toString());
      assertFalse(new String(request.body(), StandardCharsets.ISO_8859_1).contains(FakeHub.GOOD), request.toString());
    }
  }

  @Test
  void whatTheStorageHasIsNotSentAgain() throws IOException {
    push(FakeHub.GOOD, false);
    Files.writeString(adapter.resolve("README.md"), "# changed");
    server.requests().clear();
    push(FakeHub.GOOD, false);
    assertEquals(List.of(), server.requests("/upload/"));
    assertEquals("# changed", new String(server.files("tester/new").get("README.md"), StandardCharsets.UTF_8));
  }

  @Test
  void largeFilesGoInParts() throws IOException {
    server.multipart = 70_000;
    push(FakeHub.GOOD, false);
    assertEquals(5, server.requests("/upload/.*part=").size());
    assertArrayEquals(weights, server.files("tester/new").get("adapter_model.safetensors"));
  }

  @ParameterizedTest
  @CsvSource({"status, /upload/, 500, 2", "drop, /upload/, 0, 2", "status, /commit/, 503, 1", "status, /preupload/, 429, 1",
      "drop, /batch, 0, 1"})
  void faultsThatPassAreTriedAgain(String kind, String path, long number, int times) throws IOException {
    server.fault(kind, path, number, times);
    push(FakeHub.GOOD, false);
    assertArrayEquals(weights, server.files("tester/new").get("adapter_model.safetensors"));
  }

  @Test
  void aPrivateRepositoryIsSeenWithTheTokenOnly() throws IOException {
    push(FakeHub.GOOD, true);
    assertTrue(server.secret.contains("tester/new"));
    assertTrue(assertThrows(HubException.class, () -> hub(null).model(NEW, true, notes::add)).getMessage()
        .contains("no such model"));
  }

  @Test
  void refusalsSayWhatToDo() throws IOException {
    assertEquals("tester/new: sending it takes a token that may write: make one at " + server.address()
        + "/settings/tokens and set HF_TOKEN",
        refusal(null));
    assertEquals("tester/new: " + hub(null).host()
        + " does not allow it (You don't have the rights to create a model under the namespace); "
        + "the token needs more rights, or another account", refusal(FakeHub.OTHER));
    server.fault("status", "/commit/", 412, 1);
    assertEquals("tester/new: somebody else changed it at the same time; run it again", refusal(FakeHub.GOOD));
  }

  @Test
  void aBaseThatIsAPathHereIsRenamedOrRefused() throws IOException {
    Files.writeString(adapter.resolve("adapter_config.json"), "{\"base_model_name_or_path\":\"/home/me/base\",\"r\":8}");
    Files.writeString(adapter.resolve("README.md"),
        "---\nbase_model: \"/home/me/base\"\n---\nhone predict --model /home/me/base\n");
    assertEquals(adapter
        + ": its base is called '/home/me/base', which nobody finds on a hub; say what it is called there: --base-model org/name",
        assertThrows(HubException.class, () -> PublishedDirectory.of(adapter, null)).getMessage());
    hub(FakeHub.GOOD).push(NEW, PublishedDirectory.of(adapter, "org/base").items(), false, "x", notes::add);
    Map<String, byte[]> there = server.files("tester/new");
    assertEquals("{\"base_model_name_or_path\":\"org/base\",\"r\":8}",
        new String(there.get("adapter_config.json"), StandardCharsets.UTF_8));
    assertEquals("---\nbase_model: \"org/base\"\n---\nhone predict --model org/base\n",
        new String(there.get("README.md"), StandardCharsets.UTF_8));
    assertTrue(Files.readString(adapter.resolve("README.md")).contains("/home/me"), "the file here stays");
  }

  @Test
  void whatIsNoModelIsRefusedAndWhatIsLeftOutIsSaid() throws IOException {
    PublishedDirectory directory = PublishedDirectory.of(root.resolve("out"), null);
    assertEquals(List.of("of " + root.resolve("out") + " goes adapter", "left out: optimizer.pt"), directory.notes());
    assertEquals(List.of("README.md", "adapter_config.json", "adapter_model.safetensors"),
        directory.items().stream().map(Upload.Item::path).toList());
    Path empty = Files.createDirectory(root.resolve("empty"));
    assertTrue(assertThrows(HubException.class, () -> PublishedDirectory.of(empty, null)).getMessage()
        .contains("neither an adapter"));
    Files.delete(adapter.resolve("adapter_model.safetensors"));
    assertTrue(assertThrows(HubException.class, () -> PublishedDirectory.of(adapter, null)).getMessage().contains("no weights"));
  }
}
