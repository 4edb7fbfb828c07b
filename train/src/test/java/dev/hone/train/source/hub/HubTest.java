package dev.hone.train.source.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubTest {
  private static final FileTransfer.Cut SMALL_CUT = new FileTransfer.Cut(64 << 10, 4);
  private static final String TINY = "org/tiny";

  @TempDir
  Path root;

  private final FakeHub server;
  private final List<Duration> waits = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final byte[] weights = bytes(1_000_003, 1);
  private String commit;

  HubTest() throws IOException {
    server = new FakeHub();
  }

  static byte[] bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Map<String, byte[]> files() {
    Map<String, byte[]> files = new HashMap<>();
    files.put("config.json", text("{\"model_type\":\"llama\"}"));
    files.put("tokenizer.json", text("{}"));
    files.put("1_Pooling/config.json", text("{ }"));
    files.put("model.safetensors", weights);
    files.put("pytorch_model.bin", bytes(100, 2));
    files.put("onnx/model.onnx", bytes(100, 3));
    files.put("README.md", text("# tiny"));
    return files;
  }

  @BeforeEach
  void publish() {
    commit = server.put(TINY, "main", files());
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private HubSettings settings(String token, boolean offline, boolean links) {
    return new HubSettings(HubSettings.Site.HUGGING_FACE, URI.create(server.address()), token, root.resolve("hub"), offline,
        links, Duration.ofSeconds(20), null);
  }

  private Hub hub(HubSettings settings) {
    return hub(settings, _ -> Long.MAX_VALUE);
  }

  private Hub hub(HubSettings settings, ToLongFunction<Path> free) {
    return new Hub(settings, duration -> {
      synchronized (waits) {
        waits.add(duration);
      }
    }, SMALL_CUT, free);
  }

  private Hub hub() {
    return hub(settings(null, false, true));
  }

  private static RepoId id(String text) {
    return RepoId.parse(RepoId.Kind.MODEL, text);
  }

  private Path fetch() throws IOException {
    return hub().model(id(TINY), true, notes::add).directory();
  }

  private void assertWhole(Path directory) throws IOException {
    assertArrayEquals(weights, Files.readAllBytes(directory.resolve("model.safetensors")));
    assertEquals("{ }", Files.readString(directory.resolve("1_Pooling/config.json")));
    try (Stream<Path> blobs = Files.list(root.resolve("hub/models--org--tiny/blobs"))) {
      for (Path blob : blobs.toList()) {
        String name = blob.getFileName().toString();
        assertEquals(name, Hashes.like(name, blob), "a blob is called by its hash");
      }
    }
  }

  private String refusal(Hub hub, String name) {
    return assertThrows(HubException.class, () -> hub.model(id(name), true, notes::add)).getMessage();
  }

  @Test
  void aModelIsFetchedIntoPythonsLayoutWithoutPicklesAndOnlyOnce() throws IOException {
    server.pageSize = 2;
    Path directory = fetch();
    assertEquals(root.resolve("hub/models--org--tiny/snapshots/" + commit), directory);
    assertWhole(directory);
    try (Stream<Path> all = Files.walk(directory)) {
      assertEquals(List.of("1_Pooling/config.json", "config.json", "model.safetensors", "tokenizer.json"),
          all.filter(Files::isRegularFile).map(file -> directory.relativize(file).toString()).sorted().toList());
    }
    String etag = Hashes.sha256(weights);
    assertEquals(Path.of("../../blobs/" + etag), Files.readSymbolicLink(directory.resolve("model.safetensors")));
    assertEquals(Path.of("../../../blobs/" + Hashes.git(text("{ }"))),
        Files.readSymbolicLink(directory.resolve("1_Pooling/config.json")));
    assertEquals(commit, Files.readString(root.resolve("hub/models--org--tiny/refs/main")));
    assertTrue(Files.readString(root.resolve("hub/models--org--tiny/trees/" + commit + ".json")).contains(etag));
    assertTrue(Files.readString(root.resolve("hub/CACHEDIR.TAG")).startsWith("Signature: 8a477f597d28d172789f06886806bc55\n"));
    assertEquals(List.of("Fetching org/tiny at " + commit.substring(0, 8) + " from " + hub().host() + ": 3 files, 27 bytes",
        "Fetching org/tiny at " + commit.substring(0, 8) + " from " + hub().host() + ": model.safetensors, 1.0 MB"), notes);

    server.requests().clear();
    assertEquals(directory, fetch());
    assertEquals(List.of("GET /api/models/org/tiny/revision/main  200"),
        server.requests().stream().map(Object::toString).toList());
    server.requests().clear();
    assertEquals(directory, hub().model(id(TINY + "@" + commit), true, notes::add).directory());
    assertEquals(List.of(), server.requests(), "a commit that is in the cache takes no request");
  }

  @Test
  void rangesComeOverSeveralConnections() throws IOException {
    fetch();
    List<FakeServer.Request> ranges = server.requests("/cdn/");
    assertEquals(16, ranges.size());
    assertTrue(ranges.stream().allMatch(request -> request.status()[0] == 206), ranges.toString());
  }

  @Test
  void aBranchThatMovesIsFetchedAnewAndSharesWhatStays() throws IOException {
    fetch();
    Map<String, byte[]> files = files();
    files.put("config.json", text("{\"model_type\":\"llama\",\"x\":1}"));
    String next = server.put(TINY, "main", files);
    server.requests().clear();
    Hub.Snapshot snapshot = hub().model(id(TINY), true, notes::add);
    assertEquals(next, snapshot.commit());
    assertWhole(snapshot.directory());
    assertEquals(List.of(), server.requests("/cdn/"), "the weights are the same");
    assertTrue(Files.readString(snapshot.directory().resolve("config.json")).contains("x"));
    assertEquals(commit, hub().model(id(TINY + "@" + commit), true, notes::add).commit());
  }

  @Test
  void tagsAndPullRequestsAreRevisions() throws IOException {
    String tag = server.put(TINY, "v1.0", Map.of("config.json", text("{}"), "model.safetensors", bytes(10, 7)));
    String request = server.put(TINY, "refs/pr/1", Map.of("config.json", text("{1}"), "model.safetensors", bytes(10, 8)));
    assertEquals(tag, hub().model(id(TINY + "@v1.0"), true, notes::add).commit());
    assertEquals(request, hub().model(id(TINY + "@refs/pr/1"), true, notes::add).commit());
    assertEquals(request, Files.readString(root.resolve("hub/models--org--tiny/refs/refs/pr/1")));
  }

  @Test
  void ofAShardedModelTheShardsOfItsIndexAreFetched() throws IOException {
    Map<String, byte[]> files = new HashMap<>();
    files.put("config.json", text("{}"));
    files.put("model.safetensors.index.json",
        text("{\"weight_map\":{\"a\":\"model-1.safetensors\",\"b\":\"model-2.safetensors\"}}"));
    files.put("model-1.safetensors", bytes(200_000, 1));
    files.put("model-2.safetensors", bytes(10, 2));
    files.put("consolidated.safetensors", bytes(10, 3));
    server.put("org/shards", "main", files);
    Path directory = hub().model(id("org/shards"), true, notes::add).directory();
    assertTrue(Files.exists(directory.resolve("model-2.safetensors")));
    assertFalse(Files.exists(directory.resolve("consolidated.safetensors")));
    files.remove("model-2.safetensors");
    server.put("org/shards", "main", files);
    assertEquals("org/shards: model.safetensors.index.json names model-2.safetensors, which the hub does not have",
        refusal(hub(), "org/shards"));
  }

  @Test
  void settingsAloneLeaveTheWeightsWhereTheyAre() throws IOException {
    Path directory = hub().model(id(TINY), false, notes::add).directory();
    assertFalse(Files.exists(directory.resolve("model.safetensors")));
    assertEquals(List.of(), server.requests("/cdn/"));
  }

  @ParameterizedTest
  @CsvSource({"cut, /cdn/, 10000, 3", "drop, /cdn/, 0, 4", "corrupt, /cdn/, 5, 1", "corrupt, config.json.cache, 1, 1",
      "slow, /cdn/, 20000, 4",
      "wrong_length, /cdn/, 7, 3", "wrong_length, tokenizer.json.cache, 7, 1", "cut, tokenizer.json.cache, 1, 2",
      "status, /cdn/, 503, 5",
      "status, /cdn/, 500, 2", "status, resolve, 429, 2", "status, /cdn/, 403, 2", "status, /revision/, 502, 3",
      "drop, /tree/, 0, 2",
      "no_range, /cdn/, 0, 100", "no_range, /cdn/, 0, 1", "wrong_length, /tree/, 7, 1"})
  void faultsThatPassLeaveNothingWrong(String kind, String path, long number, int times) throws IOException {
    server.fault(kind, path, number, times);
    assertWhole(fetch());
    try (Stream<Path> blobs = Files.list(root.resolve("hub/models--org--tiny/blobs"))) {
      assertEquals(4, blobs.count(), "nothing else is left");
    }
  }

  @Test
  void aConnectionThatIsCutGoesOnWhereItStopped() throws IOException {
    server.fault("cut", "/cdn/", 10_000, 1);
    fetch();
    List<String> ranges = server.requests("/cdn/").stream().map(request -> request.header("range")).toList();
    assertEquals(17, ranges.size());
    assertEquals(1, ranges.stream().filter(range -> Long.parseLong(range.replaceAll("bytes=|-.*", "")) % (64 << 10) == 10_000)
        .count(), ranges.toString());
  }

  @Test
  void aConnectionThatDiesIsGivenUpAndTriedAgain() throws IOException {
    server.fault("dead", "/cdn/", 10_000, 1);
    HubSettings settings = settings(null, false, true);
    Hub hub = hub(new HubSettings(settings.site(), settings.endpoint(), null, settings.cache(), false, true,
        Duration.ofSeconds(1), null));
    assertWhole(hub.model(id(TINY), true, notes::add).directory());
    assertTrue(server.requests("/cdn/").size() >= 17, "one again, and more where this machine takes a second to answer");
  }

  @Test
  void aServerThatSaysWhenToComeBackIsBelieved() throws IOException {
    server.fault("status", "/revision/", 429, 2); // with Retry-After: 3
    fetch();
    assertEquals(List.of(Duration.ofSeconds(4), Duration.ofSeconds(4)), waits);
  }

  @ParameterizedTest
  @CsvSource({"cut, /cdn/, 0, connection failed 6 times", "drop, /cdn/, 0, connection failed 6 times",
      "status, /cdn/, 503, 'HTTP 503'",
      "corrupt, /cdn/, 5, came damaged twice", "status, /cdn/, 429, 'set HF_TOKEN|with a token (HF_TOKEN) more are allowed'",
      "loop, /resolve/, 0, redirects without end",
      "status, /cdn/, 404, 'model.safetensors is listed, but not there (HTTP 404 from 127.0.0.1'"})
  void faultsThatStayEndInOneLineAndKeepNothingWrong(String kind, String path, long number, String words) throws IOException {
    server.fault(kind, path, number, -1);
    String line = refusal(hub(), TINY);
    assertTrue(Arrays.stream(words.split("\\|")).anyMatch(line::contains), line);
    assertTrue(line.startsWith("org/tiny") || line.startsWith("127.0.0.1"), line);
    assertFalse(line.contains("secret"), "the signature of an address stays out of messages: " + line);
    assertFalse(Files.exists(root.resolve("hub/models--org--tiny/snapshots/" + commit + "/model.safetensors"),
        LinkOption.NOFOLLOW_LINKS));
    assertFalse(Files.exists(root.resolve("hub/models--org--tiny/blobs/" + Hashes.sha256(weights))));
    server.noFaults();
    assertWhole(fetch());
  }

  @Test
  void whatCameBeforeAFaultIsNotFetchedAgain() throws IOException {
    server.fault("cut", "/cdn/", 10_000, 1);
    server.fault("drop", "/cdn/", 0, -1);
    refusal(hub(), TINY);
    server.noFaults();
    server.requests().clear();
    notes.clear();
    assertWhole(fetch());
    assertEquals(List.of("Fetching org/tiny at " + commit.substring(0, 8) + " from " + hub().host()
        + ": model.safetensors, 1.0 MB, of which 10 kB are here"), notes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "short", "another size", "beyond"})
  void aDamagedRecordOfWhatCameIsNotBelieved(String damage) throws IOException {
    Path blobs = Files.createDirectories(root.resolve("hub/models--org--tiny/blobs"));
    Path part = blobs.resolve(Hashes.sha256(weights) + ".hone-part");
    Path record = blobs.resolve(part.getFileName() + ".record");
    try (PartFile begun = PartFile.open(part, weights.length, 64 << 10)) {
      begun.write(0, ByteBuffer.wrap(weights, 0, 1000));
    }
    byte[] content = Files.readAllBytes(record);
    switch (damage) {
      case "" -> Files.write(record, new byte[0]);
      case "short" -> Files.write(record, Arrays.copyOf(content, 20));
      case "another size" -> content[15]++;
      default -> content[24] = 1;
    }
    if (damage.contains(" ") || damage.equals("beyond")) {
      Files.write(record, content);
    }
    assertWhole(fetch());
  }

  @Test
  void bytesThatWentWrongOnTheDiskAreFoundByTheHash() throws IOException {
    Path blobs = Files.createDirectories(root.resolve("hub/models--org--tiny/blobs"));
    Path part = blobs.resolve(Hashes.sha256(weights) + ".hone-part");
    try (PartFile begun = PartFile.open(part, weights.length, 64 << 10)) {
      begun.write(0, ByteBuffer.wrap(bytes(1000, 99)));
    }
    assertWhole(fetch());
    assertTrue(notes.getLast().contains("came damaged"), notes.toString());
  }

  @Test
  void twoThreadsFetchOneModelOnce() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      List<Future<Path>> all = IntStream.range(0, 3).mapToObj(_ -> threads.submit(
          () -> hub().model(id(TINY), true, _ -> { }).directory())).toList();
      for (Future<Path> each : all) {
        assertWhole(each.get());
      }
    }
    assertEquals(16, server.requests("/cdn/").size());
  }

  @Test
  void withoutLinksTheFilesThemselvesAreInTheSnapshot() throws IOException {
    Hub hub = hub(settings(null, false, false));
    Path directory = hub.model(id(TINY), true, notes::add).directory();
    assertFalse(Files.isSymbolicLink(directory.resolve("model.safetensors")));
    assertWhole(directory);
    server.requests().clear();
    hub.model(id(TINY), true, notes::add);
    assertEquals(1, server.requests().size());
  }

  @Test
  void aBlobThatIsALinkIntoASharedStoreIsReadThroughIt() throws IOException {
    Path store = Files.createDirectories(root.resolve("hub/blobs/ab"));
    Files.write(store.resolve("abcd"), weights);
    Path blobs = Files.createDirectories(root.resolve("hub/models--org--tiny/blobs"));
    Files.createSymbolicLink(blobs.resolve(Hashes.sha256(weights)), Path.of("../../blobs/ab/abcd"));
    assertWhole(fetch());
    assertEquals(List.of(), server.requests("/cdn/"));
    assertArrayEquals(weights, Files.readAllBytes(hub(settings(null, false, false)).model(id(TINY), true, notes::add).directory()
        .resolve("model.safetensors")));
    assertTrue(Files.exists(store.resolve("abcd")));
  }

  @Test
  void aBlobOfAnotherLengthIsReplacedAndNeverWrittenThrough() throws IOException {
    Path store = Files.createDirectories(root.resolve("hub/blobs/ab"));
    Files.write(store.resolve("abcd"), bytes(10, 1));
    Path blobs = Files.createDirectories(root.resolve("hub/models--org--tiny/blobs"));
    Files.createSymbolicLink(blobs.resolve(Hashes.sha256(weights)), Path.of("../../blobs/ab/abcd"));
    assertWhole(fetch());
    assertArrayEquals(bytes(10, 1), Files.readAllBytes(store.resolve("abcd")));
  }

  @Test
  void offlineTheCacheDoesOrSaysWhatIsMissing() throws IOException {
    Hub offline = hub(settings(null, true, true));
    assertEquals("org/tiny: not in the cache (" + root.resolve("hub") + "), and HF_HUB_OFFLINE is set", refusal(offline, TINY));
    hub().model(id(TINY), false, notes::add);
    server.requests().clear();
    assertEquals("org/tiny: model.safetensors is not in the cache, and HF_HUB_OFFLINE is set", refusal(offline, TINY));
    fetch();
    server.requests().clear();
    assertWhole(offline.model(id(TINY), true, notes::add).directory());
    Files.delete(root.resolve("hub/models--org--tiny/trees/" + commit + ".json")); // older clients leave none
    assertWhole(offline.model(id(TINY), true, notes::add).directory());
    assertEquals(List.of(), server.requests());
    Files.delete(root.resolve("hub/models--org--tiny/snapshots/" + commit + "/model.safetensors"));
    assertTrue(refusal(offline, TINY).contains("has no weights in safetensors"));
  }

  @Test
  void aHubThatCannotBeReachedLeavesTheCache() throws IOException {
    fetch();
    server.close();
    notes.clear();
    assertWhole(fetch());
    assertTrue(notes.getFirst().contains("cannot be reached; the cached commit " + commit.substring(0, 8) + " is used"),
        notes.toString());
    assertTrue(refusal(hub(), "org/other").contains("cannot be reached"));
    assertEquals(List.of(), waits, "a host that is not there is not asked again and again");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "org/none | | org/none: no such model on HOST; check the spelling, or if it is private set HF_TOKEN to a token that may "
          + "read it",
      "org/none | good | org/none: no such model on HOST, or your token may not see it; check the spelling",
      "org/secret | other | org/secret: no such model on HOST, or your token may not see it; check the spelling",
      "org/tiny@none | | org/tiny@none: the model has no revision 'none'; its branches and tags are at "
      + "http://HOST/org/tiny/tree/main",
      "org/gated | | org/gated: this model is given out only to those who accept its licence: do so at http://HOST/org/gated, "
      + "make a "
          + "token there and set HF_TOKEN",
      "org/gated | other | org/gated: your token has no access to this model yet; accept its licence at http://HOST/org/gated "
      + "with the "
          + "account of the token",
      "org/tiny | old | org/tiny: HOST does not accept the token (Invalid credentials in Authorization header); make a new one "
      + "at " + "http://HOST/settings/tokens and set HF_TOKEN, or remove it"})
  void refusalsSayWhatToDo(String name, String token, String line) throws IOException {
    server.put("org/gated", "main", files());
    server.gated.add("org/gated");
    server.put("org/secret", "main", files());
    server.secret.add("org/secret");
    String value = token == null ? null : token.equals("good") ? FakeHub.GOOD : token.equals("other") ? FakeHub.OTHER
        : "hf_old_token";
    Hub hub = hub(settings(value, false, true));
    assertEquals(line.replace("HOST", hub.host()), refusal(hub, name));
    assertArrayEquals(weights,
        Files.readAllBytes(hub(settings(FakeHub.GOOD, false, true)).model(id("org/gated"), true, notes::add)
        .directory().resolve("model.safetensors")));
  }

  @Test
  void theTokenReachesNoOtherHostAndNoMessage() throws IOException {
    server.put("org/gated", "main", files());
    server.gated.add("org/gated");
    server.fault("cut", "/cdn/", 1000, 2);
    HubSettings settings = settings(FakeHub.GOOD, false, true);
    hub(settings).model(id("org/gated"), true, notes::add);
    assertTrue(server.requests().stream().anyMatch(request -> !request.first()));
    for (FakeServer.Request request : server.requests()) {
      assertEquals(request.first() ? "Bearer " + FakeHub.GOOD : "", request.header("authorization"), request.toString());
      assertFalse(request.path().contains(FakeHub.GOOD));
    }
    assertFalse(String.join("\n", notes).contains(FakeHub.GOOD));
    assertFalse(settings.toString().contains(FakeHub.GOOD));
    try (Stream<Path> all = Files.walk(root)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        assertFalse(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(FakeHub.GOOD), file.toString());
      }
    }
  }

  @Test
  void whatIsNoModelIsRefusedByWhatItHas() {
    server.put("org/pickles", "main", Map.of("config.json", text("{}"), "pytorch_model.bin", bytes(10, 1)));
    server.put("org/gguf", "main", Map.of("model-q4.gguf", bytes(10, 1)));
    server.put("org/rows", "main", Map.of("data.csv", text("a,b")));
    assertTrue(refusal(hub(), "org/pickles").contains("only as pickles, which can run code and are not read"));
    assertTrue(refusal(hub(), "org/gguf").contains("only GGUF files"));
    assertTrue(refusal(hub(), "org/rows").contains("has no config.json, so it is no model; it has data.csv"));
    assertEquals(List.of(), server.requests("/cdn/"));
  }

  @Test
  void aDiskThatIsTooSmallIsNoticedBefore() {
    Hub hub = hub(settings(null, false, true), _ -> 64 << 20);
    assertEquals("org/tiny: 27 bytes are to be fetched, and " + root.resolve("hub")
        + " has room for 0 bytes; make room (hone models rm) "
        + "or set HF_HUB_CACHE to a larger disk", refusal(hub, TINY));
    assertEquals(List.of(), server.requests("/resolve/"));
  }

  @Test
  void aPathThatLeadsOutOfTheModelIsRefused() {
    for (String path : List.of("../evil.json", "a/../../evil.json", "/etc/evil.json", "a//b.json", "C:evil.json", "a\\b.json")) {
      server.put("org/evil", "main", Map.of("config.json", text("{}"), path, text("x"), "model.safetensors", bytes(9, 1)));
      assertTrue(refusal(hub(), "org/evil").contains("leads out of the model's directory"), path);
    }
  }

  @Test
  void modelScopeSpeaksItsOwnProtocol() throws IOException {
    server.put(TINY, "master", files());
    HubSettings settings = new HubSettings(HubSettings.Site.MODEL_SCOPE, URI.create(server.address()), null, root.resolve("hub"),
        false, true, Duration.ofSeconds(20), null);
    Hub.Snapshot snapshot = hub(settings).model(id(TINY), true, notes::add);
    assertWhole(snapshot.directory());
    server.requests().clear();
    assertEquals(snapshot, hub(settings).model(id(TINY), true, notes::add));
    assertEquals(1, server.requests().size());
    assertTrue(refusal(hub(settings), "org/none").contains("no such model"));
  }
}
