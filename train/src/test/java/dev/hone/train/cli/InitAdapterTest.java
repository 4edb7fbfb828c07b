package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.io.Safetensors;
import dev.hone.train.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training that goes on from a stored adapter: its method, its settings, its values. */
class InitAdapterTest {
  @TempDir
  Path directory;

  @BeforeEach
  void prepare() throws IOException {
    TinyModel.write(directory.resolve("model"));
    Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(60));
  }

  private CommandRun train(String out, Object... more) {
    return CommandRun.of(Stream.concat(Stream.of("train", "--model", directory.resolve("model"), "--data",
        directory.resolve("reviews.csv"), "--output-dir", directory.resolve(out), "--quiet", "--val-size", 0, "--dropout", 0),
        Stream.of(more)).toArray());
  }

  private Safetensors tensors(String out) throws IOException {
    return Safetensors.open(directory.resolve(out).resolve("adapter/adapter_model.safetensors"));
  }

  private Path adapter(String out) {
    return directory.resolve(out).resolve("adapter");
  }

  @Test
  void aRunThatLearnsNothingLeavesTheAdapterThatItWentOnFrom() throws IOException {
    train("first", "--max-steps", 6, "--lora-r", 3, "--target-modules", "query,key", "--use-rslora").assertDone();
    train("second", "--max-steps", 2, "--init-adapter", adapter("first"), "--learning-rate", "1e-30", "--weight-decay", 0)
        .assertDone();
    Safetensors first = tensors("first");
    Safetensors second = tensors("second");
    assertEquals(first.names(), second.names());
    for (String name : first.names()) {
      assertArrayEquals(first.tensor(name).toFloatArray(), second.tensor(name).toFloatArray(), name);
    }
    assertEquals(Files.readString(adapter("first").resolve("adapter_config.json")),
        Files.readString(adapter("second").resolve("adapter_config.json")));
  }

  @Test
  void itsRunStartsAgainFromItsFileAndTrainsOn() throws IOException {
    train("first", "--max-steps", 4).assertDone();
    train("second", "--max-steps", 4, "--init-adapter", adapter("first"), "--learning-rate", "0.01").assertDone();
    CommandRun.of("train", "--config", directory.resolve("second/run.yaml"), "--output-dir", directory.resolve("third"),
        "--quiet").assertDone();
    String name = tensors("first").names().stream().filter(each -> each.endsWith("lora_B.weight")).findFirst().orElseThrow();
    float[] second = tensors("second").tensor(name).toFloatArray();
    assertFalse(Arrays.equals(tensors("first").tensor(name).toFloatArray(), second), "it has learnt");
    assertArrayEquals(second, tensors("third").tensor(name).toFloatArray());
  }

  @Test
  void otherMethodsGoOnWithTheirOwnSettings() throws IOException {
    train("first", "--max-steps", 3, "--method", "ia3").assertDone();
    train("second", "--max-steps", 1, "--init-adapter", adapter("first"), "--learning-rate", "1e-30", "--weight-decay", 0)
        .assertDone();
    assertTrue(Files.readString(adapter("second").resolve("adapter_config.json")).contains("\"IA3\""));
    assertEquals(tensors("first").names(), tensors("second").names());
    train("third", "--max-steps", 1, "--init-adapter", adapter("first"), "--method", "lora")
        .assertUserError("--method lora", "is of ia3");
  }

  @Test
  void whatTheAdapterSaysCannotBeSaidOtherwise() throws IOException {
    train("first", "--max-steps", 2).assertDone();
    train("x", "--init-adapter", adapter("first"), "--lora-r", 4)
        .assertUserError("--lora-r and --init-adapter: the adapter's own settings hold; leave it out");
    train("x", "--init-adapter", adapter("first"), "--method", "full").assertUserError("hone merge");
    train("x", "--init-adapter", directory.resolve("nowhere")).assertUserError("nowhere", "no adapter_config.json");
    Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(60).replace("good", "x").replace("positive", "other"));
    TinyModel.write(directory.resolve("model"), 32, 64);
    train("x", "--init-adapter", adapter("first")).assertUserError("does not fit the base model");
    assertEquals(Set.of("first", "model", "reviews.csv"), names());
  }

  private Set<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return Set.copyOf(files.map(file -> file.getFileName().toString()).toList());
    }
  }

  @Test
  void everyTrialOfASweepGoesOnFromIt() throws IOException {
    train("first", "--max-steps", 4, "--lora-r", 3).assertDone();
    Path sweep = Files.writeString(directory.resolve("sweep.yaml"), "base:\n  model: " + directory.resolve("model") + "\n  data: "
        + directory.resolve("reviews.csv") + "\n  init_adapter: " + adapter("first") + """

          max_steps: 2
          eval_steps: 2
        method: grid
        metric: accuracy
        goal: maximize
        parameters:
          learning_rate: [0.001, 0.01]
        """);
    CommandRun.of("sweep", "--config", sweep, "--output-dir", directory.resolve("swept"), "--quiet").assertDone();
    try (Stream<Path> files = Files.walk(directory.resolve("swept"))) {
      for (Path file : files.filter(path -> path.endsWith("adapter_config.json")).toList()) {
        assertTrue(Files.readString(file).contains("\"r\" : 3"), file.toString());
      }
    }
  }

  @Test
  void anAdapterIsTrainedAboveOthersThatStayAsTheyAre() throws IOException {
    train("first", "--max-steps", 4).assertDone();
    train("second", "--max-steps", 4, "--target-modules", "value").assertDone();
    Object[] plain = {"--max-steps", 2, "--learning-rate", "1e-30", "--weight-decay", 0}; // the state that training starts from
    train("above", with(plain, "--stack-on", adapter("first") + "," + adapter("second"))).assertDone();
    CommandRun.of("merge", "--model", directory.resolve("model"), "--adapter", adapter("first"), "--output-dir",
        directory.resolve("one")).assertDone();
    CommandRun.of("merge", "--model", directory.resolve("one"), "--adapter", adapter("second"), "--output-dir",
        directory.resolve("two")).assertDone();
    train("own", with(plain, "--model", directory.resolve("two"))).assertDone(); // the last --model counts
    for (String name : tensors("own").names()) {
      assertArrayEquals(tensors("own").tensor(name).toFloatArray(), tensors("above").tensor(name).toFloatArray(), name);
    }
    Object[] data = {"--data", directory.resolve("reviews.csv"), "--json"};
    String stacked = CommandRun.of(Stream.concat(Stream.of("predict", "--model", directory.resolve("model"), "--adapter",
        adapter("above")), Stream.of(data)).toArray()).assertDone().out();
    String apart = CommandRun.of(Stream.concat(Stream.of("predict", "--model", directory.resolve("two"), "--adapter",
        adapter("own")), Stream.of(data)).toArray()).assertDone().out();
    assertEquals(labels(apart), labels(stacked));
    assertEquals(60, labels(stacked).size());
    CommandRun.of("train", "--config", directory.resolve("above/run.yaml"), "--output-dir", directory.resolve("again"),
        "--quiet").assertDone();
    for (String name : tensors("above").names()) {
      assertArrayEquals(tensors("above").tensor(name).toFloatArray(), tensors("again").tensor(name).toFloatArray(), name);
    }
    train("x", "--stack-on", adapter("first"), "--method", "ia3").assertUserError("--stack-on");
    train("x", "--stack-on", directory.resolve("nowhere")).assertUserError("nowhere", "no adapter_config.json");
  }

  private static Object[] with(Object[] flags, Object... more) {
    return Stream.concat(Stream.of(flags), Stream.of(more)).toArray();
  }

  private static List<String> labels(String predictions) {
    return Pattern.compile("\"label\": ?\"(\\w+)\"").matcher(predictions).results().map(found -> found.group(1)).toList();
  }
}
