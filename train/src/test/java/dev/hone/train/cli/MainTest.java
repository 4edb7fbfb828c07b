package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The command line as its users meet it: the way from a file to predictions, and one clear line for each mistake. */
class MainTest {
  @TempDir
  Path directory;

  private Path model;
  private Path data;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.write(directory.resolve("model"));
    data = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(60));
  }

  private static CommandRun run(Object... words) {
    return CommandRun.of(words);
  }

  private CommandRun train(Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--model", model, "--data", data, "--output-dir",
        directory.resolve("out"), "--batch-size", 8, "--num-train-epochs", 2));
    words.addAll(List.of(more));
    return run(words.toArray());
  }

  /** One line on the screen that contains these words, exit code 2, and no output directory. */
  private void assertUserError(CommandRun run, String... words) {
    run.assertUserError(words);
    assertFalse(Files.exists(directory.resolve("out")), "something was written");
  }

  @Test
  void aFileBecomesAnAdapterThatEvaluatesAndPredicts() throws IOException {
    CommandRun train = train();
    assertEquals(0, train.code(), train.err());
    assertTrue(train.err().contains("60 rows"), train.err());
    assertTrue(train.err().contains("trainable params: "), train.err());
    Path adapter = directory.resolve("out/adapter");
    try (Stream<Path> files = Files.list(adapter)) {
      assertEquals(List.of("README.md", "adapter_config.json", "adapter_model.safetensors", "labels.json"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
    for (String line : Files.readAllLines(directory.resolve("out/metrics.jsonl"))) {
      JsonNode tree = JsonMapper.builder().build().readTree(line);
      assertTrue(tree.has("loss") || tree.has("eval_loss"), line);
    }
    CommandRun evaluate = run("evaluate", "--model", model, "--adapter", adapter, "--data", data, "--json");
    assertEquals(0, evaluate.code(), evaluate.err());
    JsonNode report = JsonMapper.builder().build().readTree(evaluate.out());
    assertEquals(60, report.path("rows").asInt());
    assertEquals(2, report.path("confusion_matrix").size());
    CommandRun table = run("evaluate", "--model", model, "--adapter", adapter, "--data", data);
    assertTrue(table.out().contains("precision"), table.out());
    CommandRun predict = run("predict", "--model", model, "--adapter", adapter, "it is good", "it is awful");
    assertEquals(0, predict.code(), predict.err());
    assertEquals(2, predict.out().lines().count());
    assertTrue(predict.out().lines().allMatch(line -> line.matches("(up|down)\t[01]\\.\\d{4}\tit is .*")), predict.out());
    CommandRun json = run("predict", "--model", model, "--adapter", adapter, "--json", "it is good");
    JsonNode prediction = JsonMapper.builder().build().readTree(json.out());
    assertEquals(1, prediction.path("probabilities").path("up").asDouble()
        + prediction.path("probabilities").path("down").asDouble(), 1e-6);
  }

  @Test
  void fullTuningLeavesAModelDirectory() {
    CommandRun train = train("--method", "full", "--learning-rate", "1e-3");
    assertEquals(0, train.code(), train.err());
    CommandRun predict = run("predict", "--model", directory.resolve("out/model"), "it is good");
    assertEquals(0, predict.code(), predict.err());
    assertTrue(predict.out().startsWith("up\t") || predict.out().startsWith("down\t"), predict.out());
  }

  @Test
  void theSameSeedWritesTheSameBytes() throws IOException {
    assertEquals(0, train("--quiet").code());
    byte[] first = Files.readAllBytes(directory.resolve("out/adapter/adapter_model.safetensors"));
    assertEquals(0, train("--quiet", "--overwrite").code());
    assertTrue(Arrays.equals(first, Files.readAllBytes(directory.resolve("out/adapter/adapter_model.safetensors"))));
  }

  @Test
  void quietPrintsNothing() {
    CommandRun train = train("--quiet");
    assertEquals("", train.err() + train.out());
  }

  @Test
  void theVersionIsSaidAndAMistypedCommandGetsAHint() {
    assertTrue(run("--version").out().matches("hone \\S+, Java \\d.*\\R"), run("--version").out());
    assertUserError(run("trian"), "unknown command 'trian'; did you mean hone train?");
  }

  @Test
  void everyCommandHasHelp() {
    for (String command : List.of("demo", "train", "evaluate", "predict", "generate", "verify", "devices")) {
      CommandRun help = run(command, "--help");
      assertEquals(0, help.code());
      assertTrue(help.out().startsWith("hone " + command + ": "), help.out());
    }
    assertTrue(run("devices").out().contains("kernels   "));
    assertUserError(run("tune"), "unknown command 'tune'", "train");
  }

  @Test
  void flagsAreCheckedBeforeAnythingIsRead() {
    assertUserError(train("--data", "a.csv", "b.csv"), "hone train: 'b.csv' belongs to no flag; a value that has spaces needs "
        + "quotes, several values of a flag are separated by commas");
    assertUserError(train("--overwrite", "false"), "'false' belongs to no flag", "a switch is turned off with =false");
    for (String flag : List.of("\u2013\u2013val-size", "\u2014val-size", "-val_size", "\u2212-val-size=0")) {
      assertUserError(train(flag, "0"), "'" + flag + "' does not begin with two plain hyphens; write --val-size");
    }
    assertUserError(train("--learning-rat", "1"), "unknown flag --learning-rat", "did you mean --learning-rate?");
    assertUserError(train("--learning-rate", "fast"), "learning_rate must be a number, is 'fast'");
    assertUserError(train("--learning_rate", "-1"), "learning_rate must be above 0, is -1.0");
    assertUserError(train("--method", "magic"), "--method must be one of lora, full, vera, loha, adalora, ia3");
    assertUserError(train("--lora-r", "0"), "r must be at least 1, got 0");
    assertUserError(train("--max-length", "1000"), "max_length must be from 3 to 64");
    assertUserError(train("--lr-scheduler-type", "zigzag"), "zigzag", "linear");
    assertUserError(train("--target-modules", "quary"), "target_modules 'quary' matches no layer", "query");
    assertUserError(run("train", "--data", data), "--output-dir is missing");
  }

  @Test
  void faultsOfTheDataAreNamed() throws IOException {
    assertUserError(train("--data", directory.resolve("none.csv")), "none.csv");
    data = Files.writeString(directory.resolve("empty.csv"), "");
    assertUserError(train(), "empty.csv", "empty");
    data = Files.writeString(directory.resolve("one.csv"), "text,label\n" + IntStream.range(0, 20)
        .mapToObj(i -> "good " + i + ",up\n").collect(Collectors.joining()));
    assertUserError(train(), "only one label");
    data = Files.writeString(directory.resolve("columns.csv"), TinyModel.reviews(10));
    assertUserError(train("--columns", "text=review,label=label"), "review", "text", "label");
    data = Files.writeString(directory.resolve("blank.csv"), "text,label\n\"  \",up\nit is bad,down\nit is fine,up\n");
    assertUserError(train(), "empty text", "5 %");
    data = Files.write(directory.resolve("latin.csv"),
        "text,label\ncaf\u00e9,up\nbad,down\n".getBytes(StandardCharsets.ISO_8859_1));
    assertUserError(train(), "latin.csv line 2", "UTF-8");
  }

  @Test
  void aLabelThatTrainingNeverSawStopsATrainingAndIsNamedInAnEvaluation() throws IOException {
    Path test = Files.writeString(directory.resolve("test.csv"), "text,label\nit is good,up\nit is odd,sideways\n");
    assertUserError(train("--eval-data", test), "test.csv line 3", "'sideways'", "down, up");
    assertEquals(0, train("--quiet").code());
    CommandRun evaluate = run("evaluate", "--model", model, "--adapter", directory.resolve("out/adapter"), "--data", test);
    assertEquals(0, evaluate.code(), evaluate.err());
    assertTrue(evaluate.err().contains("1 of 2 rows have labels that training never saw (sideways 1; the first in line 3): the "
        + "figures are without them; if they count as wrong, accuracy is 0.5000"), evaluate.err());
    assertTrue(evaluate.err().contains("no row here has the label down: macro means are over the classes that occur"),
        evaluate.err());
    Path alien = Files.writeString(directory.resolve("alien.csv"), "text,label\nit is good,left\nit is odd,sideways\n");
    run("evaluate", "--model", model, "--adapter", directory.resolve("out/adapter"), "--data", alien).assertUserError(
        "alien.csv line 2: no row has a label that the model knows");
  }

  @Test
  void aModelDirectoryWithoutItsPartsIsAnError() throws IOException {
    Path whole = model;
    model = directory.resolve("nothing");
    assertUserError(train(), "nothing");
    model = copyWithout(whole, "config.json");
    assertUserError(train(), "no config.json");
    model = copyWithout(whole, "tokenizer.json");
    assertUserError(train(), "tokenizer.json");
    model = copyWithout(whole, "model.safetensors");
    assertUserError(train(), "no model.safetensors");
    Files.writeString(model.resolve("pytorch_model.bin"), "x");
    assertUserError(train(), "pytorch_model.bin", "convert", "safetensors");
    model = copyWithout(whole, "");
    Files.writeString(model.resolve("config.json"), "{\"model_type\": \"marmot\"}");
    assertUserError(train(), "'marmot'", "bert", "distilbert", "roberta");
    Files.writeString(model.resolve("config.json"), "{\"model_type\": \"mamba\"}");
    assertUserError(train(), "'mamba': state spaces and linear attention are not read yet");
  }

  @Test
  void aDamagedSafetensorsFileIsAnError() throws IOException {
    Path whole = model;
    model = copyWithout(whole, "");
    Path file = model.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 100));
    assertUserError(train(), "model.safetensors");
    byte[] hostile = bytes.clone();
    ByteBuffer.wrap(hostile).order(ByteOrder.LITTLE_ENDIAN).putLong(0, Long.MAX_VALUE);
    Files.write(file, hostile);
    assertUserError(train(), "model.safetensors", "header");
  }

  @Test
  void anAdapterOfAnotherBaseIsAnError() throws IOException {
    assertEquals(0, train("--quiet").code());
    Path other = TinyModel.write(directory.resolve("other"), 32, 64);
    CommandRun predict = run("predict", "--model", other, "--adapter", directory.resolve("out/adapter"), "it is good");
    assertEquals(2, predict.code(), predict.err());
    assertTrue(predict.err().contains("does not fit the base model"), predict.err());
    assertTrue(predict.err().contains("lora_A.weight is [8, 16], the base model and adapter_config.json make it [8, 32]"),
        predict.err());
  }

  @Test
  void anOutputDirectoryIsNotOverwrittenUnasked() throws IOException {
    Files.createDirectories(directory.resolve("out"));
    Files.writeString(directory.resolve("out/thesis.txt"), "years of work");
    CommandRun train = train();
    assertEquals(2, train.code());
    assertTrue(train.lastErrorLine().contains("exists and is not empty; --overwrite"), train.err());
    assertEquals(0, train("--overwrite", "--quiet").code());
    assertTrue(Files.exists(directory.resolve("out/thesis.txt")));
  }

  private Path copyWithout(Path source, String name) throws IOException {
    Path copy = Files.createTempDirectory(directory, "copy");
    try (Stream<Path> files = Files.list(source)) {
      for (Path file : files.toList()) {
        if (!file.getFileName().toString().equals(name)) {
          Files.copy(file, copy.resolve(file.getFileName()));
        }
      }
    }
    return copy;
  }

  @Test
  void validateChecksARunWithoutWritingAnything() throws IOException {
    Path config = Files.writeString(directory.resolve("run.yaml"), "model: " + model + "\ndata: " + data
        + "\nbatch_size: 8\nnum_train_epochs: 2\n");
    CommandRun valid = run("validate", "--config", config);
    assertEquals(0, valid.code(), valid.err());
    assertTrue(valid.out().contains("54 rows to learn from, 6 held out, 14 steps"), valid.out());
    assertTrue(valid.out().contains("valid: "), valid.out());
    assertUserError(run("validate", "--config", config, "--target-modules", "qwery"), "qwery");
    assertUserError(run("validate", "--config", config, "--metric-for-best-model", "rmse"), "there is no rmse of classes");
    assertUserError(run("validate", "--config", config, "--class-weights", "1,2,3"), "3 weights for 2 classes");
  }

  @Test
  void aSearchSuggestsALearningRateAndWritesNothing() {
    CommandRun search = train("--find-lr");
    assertEquals(0, search.code(), search.err());
    assertTrue(search.out().matches("suggested: --learning-rate \\d\\.\\de-\\d+\\s*"), search.out());
    assertFalse(Files.exists(directory.resolve("out")));
  }

  @Test
  void aStoredConfigurationResumesAndADirectoryHasItsOwnHeldOutRows() throws IOException {
    Path rows = Files.createDirectories(directory.resolve("rows"));
    Files.writeString(rows.resolve("train.csv"), TinyModel.reviews(40));
    Files.writeString(rows.resolve("valid.csv"), TinyModel.reviews(10));
    CommandRun first = train("--data", rows, "--max-steps", 4, "--save-steps", 1);
    assertEquals(0, first.code(), first.err());
    assertTrue(first.err().contains("train.csv: 40 rows") && first.err().contains("valid.csv: 10 rows"), first.err());
    Path adapter = directory.resolve("out/adapter/adapter_model.safetensors");
    byte[] before = Files.readAllBytes(adapter);
    Files.delete(adapter);
    CommandRun again = run("train", "--config", directory.resolve("out/run.yaml"), "--resume");
    assertEquals(0, again.code(), again.err());
    assertEquals(ByteBuffer.wrap(before), ByteBuffer.wrap(Files.readAllBytes(adapter)));
    CommandRun mixture = train("--data", rows.resolve("train.csv") + "=2," + rows.resolve("valid.csv") + "=0.5", "--overwrite");
    assertEquals(0, mixture.code(), mixture.err());
    assertTrue(mixture.err().contains("weight 2.0"), mixture.err());
  }

  @Test
  void severalLabelsARowAreLearntMeasuredAndPredicted() throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      String labels = switch (i % 3) {
        case 0 -> "[\"nice\"]";
        case 1 -> "[\"nice\",\"loud\"]";
        default -> "[]";
      };
      rows.append("{\"text\":\"it is ").append(i % 3 == 0 ? "good" : i % 3 == 1 ? "great" : "awful").append(' ')
          .append((char) ('a' + i % 26)).append("\",\"labels\":").append(labels).append("}\n");
    }
    Path file = Files.writeString(directory.resolve("several.jsonl"), rows);
    CommandRun train = train("--data", file, "--problem-type", "multi_label_classification", "--metric-for-best-model",
        "micro_f1", "--num-train-epochs", 25, "--learning-rate", "5e-3", "--target-modules", "all-linear", "--quiet");
    assertEquals(0, train.code(), train.err());
    Path adapter = directory.resolve("out/adapter");
    CommandRun evaluate = run("evaluate", "--model", model, "--adapter", adapter, "--data", file, "--json");
    assertEquals(0, evaluate.code(), evaluate.err());
    JsonNode report = JsonMapper.builder().build().readTree(evaluate.out());
    assertTrue(report.path("micro_f1").asDouble() > 0.9, evaluate.out());
    CommandRun predict = run("predict", "--model", model, "--adapter", adapter, "it is great c");
    assertTrue(predict.out().startsWith("loud|nice\t"), predict.out());
  }

  @Test
  void predictReadsLinesThatArePipedInAndKeepsWhatIdentifiesRows() throws IOException {
    assertEquals(0, train("--quiet").code());
    Object[] predict = {"predict", "--model", model, "--adapter", directory.resolve("out/adapter")};
    CommandRun piped = CommandRun.piped("it is good\n\nit is awful\n", predict).assertDone();
    assertEquals(List.of("it is good", "it is awful"), piped.out().lines().map(line -> line.split("\t")[2]).toList());
    List<Object> json = new ArrayList<>(List.of(predict));
    json.add("--json");
    JsonNode second = JsonMapper.shared().readTree(CommandRun.piped("it is good\n\nit is awful\n", json.toArray()).out().lines()
        .toList().getLast());
    assertEquals(3, second.path("line").asInt());
    CommandRun.piped("\n\n", predict).assertUserError("nothing to label");
    CommandRun.of(predict).assertUserError("nothing to label; give texts, --data FILE, or pipe lines in");

    Path file = Files.writeString(directory.resolve("ids.csv"), "id,text,stars\na7,it is good,5\nb8,\"it is\nawful\",1\n");
    json.addAll(List.of("--data", file));
    List<String> lines = CommandRun.of(json.toArray()).assertDone().out().lines().toList();
    assertEquals("a7", JsonMapper.shared().readTree(lines.getFirst()).path("id").asString());
    assertEquals(3, JsonMapper.shared().readTree(lines.getLast()).path("line").asInt());
    json.addAll(List.of("--keep", "stars"));
    JsonNode last = JsonMapper.shared().readTree(CommandRun.of(json.toArray()).assertDone().out().lines().toList().getLast());
    assertEquals("1", last.path("stars").asString());
    assertFalse(last.has("id"));
    List<Object> plain = new ArrayList<>(List.of(predict));
    plain.addAll(List.of("--data", file));
    List<String> cells = CommandRun.of(plain.toArray()).assertDone().out().lines().toList();
    assertTrue(cells.getLast().matches("b8\t(up|down)\t[01]\\.\\d{4}\tit is awful"), cells.toString());
    plain.addAll(List.of("--keep", "nothing"));
    CommandRun.of(plain.toArray()).assertUserError("ids.csv", "'nothing'");
  }

  @Test
  void numbersAreLearntMeasuredAndPredicted() throws IOException {
    StringBuilder rows = new StringBuilder("text,score\n");
    for (int i = 0; i < 60; i++) {
      rows.append(i % 2 == 0 ? "it is good " : "it is awful ").append((char) ('a' + i % 26)).append(',')
          .append(i % 2 == 0 ? "2.5" : "-1.5").append('\n');
    }
    Path file = Files.writeString(directory.resolve("numbers.csv"), rows);
    CommandRun train = train("--data", file, "--problem-type", "regression", "--metric-for-best-model", "rmse",
        "--num-train-epochs", 15, "--learning-rate", "5e-3", "--target-modules", "all-linear", "--quiet");
    assertEquals(0, train.code(), train.err());
    CommandRun evaluate = run("evaluate", "--model", model, "--adapter", directory.resolve("out/adapter"), "--data", file);
    assertTrue(evaluate.out().matches("(?s)60 rows\n.*\nloss .*\nMAE .*\nRMSE .*\nR² +0\\.9.*"), evaluate.out() + evaluate.err());
    CommandRun predict = run("predict", "--model", model, "--adapter", directory.resolve("out/adapter"), "it is good c");
    assertTrue(predict.out().startsWith("value\t2."), predict.out());
    train("--data", data, "--problem-type", "regression", "--overwrite")
        .assertUserError("reviews.csv line ", "'up' is not a number");
    train("--problem-type", "rank", "--overwrite")
        .assertUserError("--problem-type must be single_label_classification");
  }
}
