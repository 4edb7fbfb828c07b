package dev.hone.train.source.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CachedReposTest {
  @TempDir
  Path root;

  private final FakeHub server;

  CachedReposTest() throws IOException {
    server = new FakeHub();
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private Hub hub(boolean links) {
    HubSettings settings = new HubSettings(HubSettings.Site.HUGGING_FACE, URI.create(server.address()), null, root, false, links,
        Duration.ofSeconds(20), null);
    return new Hub(settings, _ -> { }, FileTransfer.Cut.USUAL, _ -> Long.MAX_VALUE);
  }

  private static RepoId id(String name) {
    return RepoId.parse(RepoId.Kind.MODEL, name);
  }

  private String put(String revision, String settings, int seed) throws IOException {
    String commit = server.put("org/tiny", revision, Map.of("config.json", settings.getBytes(StandardCharsets.UTF_8),
        "tokenizer.json", "{}".getBytes(StandardCharsets.UTF_8), "model.safetensors", HubTest.bytes(5000, seed)));
    hub(true).model(id("org/tiny@" + revision), true, _ -> { });
    return commit;
  }

  private CachedRepos.Entry entry() throws IOException {
    List<CachedRepos.Entry> entries = new CachedRepos(root).list();
    assertEquals(1, entries.size());
    return entries.getFirst();
  }

  @Test
  void whatIsThereIsListedWithItsRevisionsAndWhatIsUnfinished() throws IOException {
    String main = put("main", "{}", 1);
    String tag = put("v1", "{1}", 1);
    CachedRepos.Entry entry = entry();
    assertEquals(id("org/tiny"), entry.repo());
    assertEquals(Map.of(main, List.of("main"), tag, List.of("v1")), entry.commits());
    assertEquals(0, entry.unfinished());
    assertTrue(entry.bytes() >= 5000 && entry.bytes() < 8000, "the weights count once: " + entry.bytes());
    Path part = root.resolve("models--org--tiny/blobs/" + "0".repeat(64) + ".hone-part");
    try (PartFile begun = PartFile.open(part, 1_000_000, 500_000)) {
      begun.write(1, ByteBuffer.allocate(700));
    }
    assertEquals(700, entry().unfinished());
  }

  @Test
  void aSnapshotIsRemovedWithTheBlobsThatNoOtherHas() throws IOException {
    String main = put("main", "{}", 1);
    String tag = put("v1", "{1}", 2);
    CachedRepos cache = new CachedRepos(root);
    assertTrue(cache.remove("org/tiny@v1") >= 5000);
    assertEquals(Map.of(main, List.of("main")), entry().commits());
    assertFalse(Files.exists(root.resolve("models--org--tiny/blobs/" + Hashes.sha256(HubTest.bytes(5000, 2)))));
    assertFalse(Files.exists(root.resolve("models--org--tiny/refs/v1")));
    assertTrue(Files.exists(root.resolve("models--org--tiny/snapshots/" + main + "/tokenizer.json")), "both had it");
    put("v1", "{1}", 2);
    cache.remove("org/tiny@" + tag.substring(0, 7));
    assertTrue(assertThrows(HubException.class, () -> cache.remove("org/tiny@v1")).getMessage()
        .contains("no such snapshot; it has " + main));
    cache.remove("org/tiny@main");
    assertFalse(Files.exists(root.resolve("models--org--tiny")));
  }

  @Test
  void aRepositoryIsRemovedWholeAndNothingElse() throws IOException {
    put("main", "{}", 1);
    Path store = Files.createDirectories(root.resolve("blobs/ab"));
    Files.writeString(store.resolve("shared"), "of another");
    Files.createSymbolicLink(root.resolve("models--org--tiny/blobs/link"), Path.of("../../blobs/ab/shared"));
    CachedRepos cache = new CachedRepos(root);
    cache.remove("org/tiny");
    assertFalse(Files.exists(root.resolve("models--org--tiny")));
    assertFalse(Files.exists(root.resolve(".locks/models--org--tiny")));
    assertEquals("of another", Files.readString(store.resolve("shared")));
    assertTrue(assertThrows(HubException.class, () -> cache.remove("org/tiny")).getMessage().contains("not in the cache"));
    assertThrows(IllegalArgumentException.class, () -> cache.remove("../evil"));
  }

  @Test
  void damageIsFoundWithAndWithoutLinks() throws IOException {
    String main = put("main", "{}", 1);
    CachedRepos cache = new CachedRepos(root);
    assertEquals(List.of(), cache.verify(entry(), _ -> { }));
    Path blob = root.resolve("models--org--tiny/blobs/" + Hashes.sha256(HubTest.bytes(5000, 1)));
    byte[] content = Files.readAllBytes(blob);
    content[77] ^= 1;
    Files.write(blob, content);
    String where = "org/tiny@" + main.substring(0, 8) + ": model.safetensors ";
    assertEquals(List.of(where + "has other bytes than the hub lists: its hash is " + Hashes.sha256(content)),
        cache.verify(entry(), _ -> { }));
    Files.write(blob, new byte[10]);
    assertEquals(List.of(where + "has 10 bytes instead of 5000"), cache.verify(entry(), _ -> { }));
    Files.delete(blob);
    assertEquals(List.of(where + "leads to a blob that is not there"), cache.verify(entry(), _ -> { }));
    cache.remove("org/tiny");
    hub(false).model(id("org/tiny"), true, _ -> { });
    assertEquals(List.of(), cache.verify(entry(), _ -> { }));
    Files.write(root.resolve("models--org--tiny/snapshots/" + main + "/model.safetensors"), content);
    assertEquals(List.of(where + "has other bytes than the hub lists: its hash is " + Hashes.sha256(content)),
        cache.verify(entry(), _ -> { }));
  }
}
