package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.source.hub.PublicFakeHub;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The command line against a stand-in hub. */
class HubCommandsTest {
  @TempDir
  Path directory;

  private PublicFakeHub hub;
  private String commit;

  @BeforeEach
  void publish() throws IOException {
    hub = new PublicFakeHub();
    commit = hub.put("org/tiny", TinyModel.write(directory.resolve("model")));
  }

  @AfterEach
  void close() throws IOException {
    hub.close();
  }

  private Map<String, String> environment(Map<String, String> more) {
    Map<String, String> environment = new HashMap<>(more);
    environment.putAll(Map.of("HF_ENDPOINT", hub.address(), "HF_HOME", directory.resolve("home").toString()));
    return environment;
  }

  /** Runs a command with these variables; the exit code comes first, what it was asked for last. */
  private String hone(Map<String, String> variables, Object... words) {
    PublicFakeHub.environment(environment(variables));
    try {
      CommandRun run = CommandRun.of(words);
      return run.code() + "\n" + run.err() + run.out();
    } finally {
      PublicFakeHub.environment(null);
    }
  }

  private Path in(String name) {
    return directory.resolve(name);
  }

  @Test
  void aRunOnAModelOfTheHubSaysWhichCommitItWas() throws Exception {
    Path data = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(40));
    String trained = hone(Map.of(), "train", "--model", "org/tiny", "--data", data, "--output-dir", in("out"), "--max-steps", 2,
        "--batch-size", 4);
    assertTrue(trained.startsWith("0\n"), trained);
    assertTrue(trained.contains("Fetching org/tiny at " + commit.substring(0, 8)), trained);
    JsonMapper json = JsonMapper.shared();
    assertEquals("org/tiny@" + commit, json.readTree(directory.resolve("out/run.json").toFile()).path("base_model").asString());
    JsonNode adapter = json.readTree(directory.resolve("out/adapter/adapter_config.json").toFile());
    assertEquals("org/tiny", adapter.path("base_model_name_or_path").asString());
    assertEquals(commit, adapter.path("revision").asString());
    assertTrue(Files.readString(directory.resolve("out/run.yaml")).contains("org/tiny@" + commit));
    String card = Files.readString(directory.resolve("out/adapter/README.md"));
    assertTrue(card.contains("base_model: \"org/tiny\"\n") && card.contains("--model org/tiny@" + commit), card);

    hub.forget();
    String predicted = hone(Map.of("HF_HUB_OFFLINE", "1"), "predict", "--model", "org/tiny", "--adapter", in("out/adapter"),
        "good");
    assertTrue(predicted.startsWith("0\n"), predicted);
    assertEquals(0, hub.count());
  }

  /** In a process of its own: its environment says which hub, and its directory has a folder of that name. */
  @Test
  void aDirectoryOfThatNameWinsAndThatIsSaid() throws Exception {
    TinyModel.write(directory.resolve("org/tiny"));
    Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(40));
    ProcessBuilder builder = ChildJvm.hone("inspect", "--model", "org/tiny", "--data", "reviews.csv")
        .directory(directory.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("HF_") || name.toLowerCase().endsWith("_proxy"));
    builder.environment().putAll(environment(Map.of()));
    Process process = builder.redirectErrorStream(true).start();
    String inspected = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), inspected);
    assertTrue(inspected.contains("org/tiny is the directory here, not a model of that name on a hub\n"), inspected);
    assertEquals(0, hub.count());
  }

  @Test
  void aMisspeltNameIsOneLine() throws Exception {
    String text = hone(Map.of("HF_TOKEN", PublicFakeHub.TOKEN), "predict", "--model", "org/tinny", "good");
    assertEquals("2\nerror: org/tinny: no such model on " + hub.address().substring(7)
        + ", or your token may not see it; check the spelling; "
        + "there is no directory org/tinny here, either\n", text);
    assertFalse(text.contains(PublicFakeHub.TOKEN));
  }

  @Test
  void inspectingReadsNoWeights() throws Exception {
    Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(40));
    String inspected = hone(Map.of(), "inspect", "--model", "org/tiny", "--data", in("reviews.csv"));
    assertTrue(inspected.startsWith("0\n") && inspected.contains("tokens"), inspected);
    assertEquals(0, hub.count("/cdn/"));
  }

  @Test
  void theCacheIsListedVerifiedAndEmptied() throws Exception {
    Path snapshot = directory.resolve("home/hub/models--org--tiny/snapshots/" + commit);
    String got = hone(Map.of(), "models", "get", "org/tiny");
    assertTrue(got.startsWith("0\n") && got.endsWith(snapshot + "\n"), got);
    String listed = hone(Map.of(), "models", "list");
    assertTrue(listed.matches("(?s)0\n.*\nmodel    \\d+ kB +org/tiny  " + commit.substring(0, 8) + " \\(main\\)\n.*"), listed);
    String table = hone(Map.of(), "models", "list", "--json");
    JsonNode json = JsonMapper.shared().readTree(table.substring(table.indexOf('[')));
    assertEquals("main", json.at("/0/commits/" + commit + "/0").asString());
    Files.writeString(snapshot.resolve("config.json").toRealPath(), "{}");
    String verified = hone(Map.of(), "models", "verify");
    assertTrue(verified.startsWith("1\n")
        && verified.contains("\norg/tiny@" + commit.substring(0, 8) + ": config.json has 2 bytes instead of "), verified);
    assertTrue(hone(Map.of(), "models", "rm", "org/tiny").matches("(?s)0\n(.*\n)?removed org/tiny: .*"));
    assertFalse(Files.exists(directory.resolve("home/hub/models--org--tiny")));
    assertEquals("2\nerror: hone models rm: name a model, such as org/name\n", hone(Map.of(), "models", "rm"));
  }

  @Test
  void whatWasTrainedIsPushedAndUsedByName() throws Exception {
    Path data = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(40));
    hone(Map.of(), "train", "--model", "org/tiny", "--data", data, "--output-dir", in("out"), "--max-steps", 2, "--batch-size",
        4);
    String pushed = hone(Map.of("HF_TOKEN", PublicFakeHub.TOKEN), "push", in("out"), "--repo", "tester/reviews", "--private");
    assertTrue(pushed.startsWith("0\n") && pushed.contains("made the private repository " + hub.address() + "/tester/reviews\n"),
        pushed);
    assertTrue(hub.files("tester/reviews").keySet()
        .containsAll(List.of("README.md", "adapter_config.json", "adapter_model.safetensors")));
    assertFalse(hub.leaked());
    String there = hone(Map.of("HF_TOKEN", PublicFakeHub.TOKEN), "predict", "--model", "org/tiny", "--adapter", "tester/reviews",
        "good");
    assertEquals(hone(Map.of(), "predict", "--model", "org/tiny", "--adapter", in("out/adapter"), "good").lines().toList()
        .getLast(),
        there.lines().toList().getLast());
    assertFalse((pushed + there).contains(PublicFakeHub.TOKEN));
  }

  @Test
  void rowsOfTheHubAreTrainedOnAndNamedByTheirCommit() throws Exception {
    Path rows = Files.createDirectories(directory.resolve("rows/data"));
    Files.writeString(rows.resolve("train.csv"), TinyModel.reviews(40));
    Files.writeString(rows.resolve("valid.csv"), TinyModel.reviews(20));
    String data = hub.put("datasets/org/rows", directory.resolve("rows"));
    String trained = hone(Map.of(), "train", "--model", "org/tiny", "--data", "org/rows", "--output-dir", in("out"),
        "--max-steps", 2, "--batch-size", 4);
    assertTrue(trained.startsWith("0\n"), trained);
    assertTrue(Files.readString(directory.resolve("out/run.yaml")).contains("org/rows@" + data + ":data"));
    assertEquals("held-out", JsonMapper.shared().readTree(directory.resolve("out/run.json").toFile()).path("measured_on")
        .asString());
    String again = hone(Map.of("HF_HUB_OFFLINE", "1"), "train", "--config", in("out/run.yaml"), "--output-dir",
        in("again"), "--quiet");
    assertEquals("0\n", again);
    assertEquals(-1, Files.mismatch(directory.resolve("out/adapter/adapter_model.safetensors"),
        directory.resolve("again/adapter/adapter_model.safetensors")));
    assertTrue(hone(Map.of(), "inspect", "--data", "org/rows:data/valid.csv").contains("valid.csv"));
    String misspelt = hone(Map.of(), "train", "--model", "org/tiny", "--data", "data/reviews.csv", "--output-dir", in("x"));
    assertEquals("2\nerror: data/reviews.csv: no such file\n", misspelt);
  }
}
