package dev.hone.train.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.LoraConfig;
import dev.hone.train.TinyModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.Trainer;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.data.Split;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.sweep.TrialRecord.State;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sweeps from Java: interrupted and gone on with, pruned, halved, with trials that fail. */
class SweepTest {
  private static final Map<String, Object> BASE =
      Map.of("batch_size", 8, "max_steps", 8, "eval_steps", 2, "learning_rate", "0.003", "save_steps", 3);

  @TempDir
  Path directory;

  private Path model;
  private Dataset<Example.Labelled> training;
  private Dataset<Example.Labelled> heldOut;
  private LabelSet labels;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.write(directory.resolve("model"));
    Path file = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(60));
    Dataset<Example.Labelled> all = Dataset.labelled(file, DataOptions.DETECT);
    Split split = Split.stratified(all, 0.3, 1);
    training = all.select(split.train());
    heldOut = all.select(split.heldOut());
    labels = LabelSet.of(all);
  }

  private static SweepConfig config(Object... more) {
    Map<String, Object> values = new LinkedHashMap<>(Map.of("method", "random", "trials", 8, "base", BASE,
        "parameters", new TreeMap<>(Map.of(
            "learning_rate", Map.of("distribution", "log_uniform", "min", 1e-5, "max", 3e-2),
            "weight_decay", List.of(0, 0.1)))));
    for (int i = 0; i < more.length; i += 2) {
      values.put((String) more[i], more[i + 1]);
    }
    return SweepConfig.of(values);
  }

  /** Trains; {@code onStep} hears of every step, of all trials together. */
  private TrialRunner runner(IntConsumer onStep) {
    return trial -> {
      TrainConfig config = TrainConfig.of(trial.settings());
      ClassifierTuning tuning = ClassifierTuning.lora(model, labels, LoraConfig.of(2, 4), config.seed());
      tuning.addListener(new TrainListener() {
        @Override
        public void onStep(Step step) {
          onStep.accept(step.step());
        }
      });
      return trial.train(tuning, tuning.encode(training), tuning.encode(heldOut), config);
    };
  }

  private String table(SweepTable table, Path where) throws IOException {
    assertFalse(table.interrupted());
    table.write(where);
    return Files.readString(where);
  }

  private String undisturbed(SweepConfig config) throws IOException {
    Path where = directory.resolve("undisturbed");
    return table(new Sweep(config, where).run(runner(_ -> {})), where.resolve("table.csv"));
  }

  /** Stops a sweep again and again, after every few steps, until it is done. */
  private String disturbed(SweepConfig config, int steps, Path where) throws IOException {
    for (int starts = 1; ; starts++) {
      Sweep sweep = new Sweep(config, where);
      AtomicInteger left = new AtomicInteger(steps);
      SweepTable table = sweep.run(runner(_ -> {
        if (left.decrementAndGet() == 0) {
          sweep.stop();
        }
      }));
      if (!table.interrupted()) {
        assertTrue(starts > 2, "it was stopped " + (starts - 1) + " times only");
        return table(table, where.resolve("table.csv"));
      }
    }
  }

  private static void assertSameWeights(Path expected, Path actual) throws IOException {
    Path file = Path.of("adapter", "adapter_model.safetensors");
    assertEquals(Files.exists(expected.resolve(file)), Files.exists(actual.resolve(file)), actual.toString());
    if (Files.exists(expected.resolve(file))) {
      assertTrue(Arrays.equals(Files.readAllBytes(expected.resolve(file)), Files.readAllBytes(actual.resolve(file))),
          actual.toString());
    }
  }

  @Test
  void anInterruptedSweepEndsWithTheSameTableAndWeights() throws IOException {
    SweepConfig config = config("pruning_trials", 3, "pruning_warmup", 1);
    String expected = undisturbed(config);
    assertTrue(expected.contains(",pruned,") && expected.contains(",complete,"), expected);
    for (int steps : new int[] {5, 11}) {
      Path where = directory.resolve("disturbed" + steps);
      assertEquals(expected, disturbed(config, steps, where));
      for (int trial = 1; trial <= 8; trial++) {
        assertSameWeights(directory.resolve("undisturbed/trial-" + trial), where.resolve("trial-" + trial));
      }
    }
  }

  @Test
  void aFinishedSweepTrainsNothingAgain() throws IOException {
    SweepConfig config = config("trials", 3);
    String first = undisturbed(config);
    Sweep again = new Sweep(config, directory.resolve("undisturbed"));
    assertEquals(first, table(again.run(_ -> {
      throw new AssertionError("nothing is left to train");
    }), directory.resolve("again.csv")));
    assertFalse(Files.exists(directory.resolve("undisturbed/trial-1/checkpoints")), "a finished trial needs none");
  }

  @Test
  void concurrentTrialsDecideAsIfTheyWereAlone() throws IOException {
    SweepConfig config = config("pruning_trials", 3, "pruning_warmup", 1, "concurrency", 2);
    String first = undisturbed(config);
    assertTrue(first.contains(",pruned,"), first);
    assertEquals(first, disturbed(config, 7, directory.resolve("disturbed")));
  }

  @Test
  void halvingPromotesTheBestOfEveryRung() throws IOException {
    SweepConfig config = config("method", "halving", "eta", 2);
    List<List<Integer>> rungs = new ArrayList<>();
    Sweep sweep = new Sweep(config, directory.resolve("undisturbed"));
    sweep.addListener(new SweepListener() {
      @Override
      public void onRung(int rung, int evaluations, List<TrialRecord> promoted) {
        assertEquals(1 << rungs.size(), evaluations);
        rungs.add(promoted.stream().map(record -> record.trial().number()).toList());
      }
    });
    SweepTable table = sweep.run(runner(_ -> {}));
    String expected = table(table, directory.resolve("undisturbed/table.csv"));
    assertEquals(List.of(4, 2, 1), rungs.stream().map(List::size).toList(), "8 trials, then 4, 2 and 1");
    // what the rungs decided follows from the evaluations that the records hold
    List<Integer> alive = List.of(1, 2, 3, 4, 5, 6, 7, 8);
    for (int rung = 0; rung < 3; rung++) {
      int evaluations = 1 << rung;
      List<Integer> before = alive;
      List<TrialRecord> order = new ArrayList<>(table.records().stream()
          .filter(record -> before.contains(record.trial().number())).toList());
      order.sort((a, b) -> Double.compare(a.best(evaluations).value(), b.best(evaluations).value()));
      List<Integer> best = order.subList(0, before.size() / 2).stream().map(record -> record.trial().number()).toList();
      assertEquals(best, rungs.get(rung));
      alive = best;
    }
    List<Integer> steps = table.records().stream().map(TrialRecord::steps).sorted().toList();
    assertEquals(List.of(2, 2, 2, 2, 4, 4, 8, 8), steps, "the third rung is after four evaluations, which is the end");
    assertEquals(rungs.getLast().getFirst(), table.best().orElseThrow().trial().number());
    assertEquals(expected, disturbed(config, 5, directory.resolve("disturbed")));
  }

  @Test
  void aTrialThatFailsIsNotedAndTheOthersGoOn() throws IOException {
    SweepConfig config = config("method", "grid", "trials", 0,
        "parameters", Map.of("learning_rate", List.of("0.001", "900", "0.003")),
        "base", Map.of("batch_size", 8, "max_steps", 40, "optim", "sgd", "max_grad_norm", 0, "eval_steps", 10));
    SweepTable table = new Sweep(config, directory.resolve("undisturbed")).run(trial -> {
      if (trial.trial().number() == 3) {
        throw new OutOfMemoryError("Java heap space");
      }
      return runner(_ -> {}).run(trial);
    });
    assertEquals(1, table.best().orElseThrow().trial().number());
    List<String> lines = table.lines();
    assertTrue(lines.get(0).matches("rank +trial +state +loss +best_step +steps +learning_rate +note"), lines.toString());
    assertTrue(lines.get(1).matches("1 +1 +complete +0\\.\\d{4} .*"), lines.toString());
    TrialRecord diverged = table.records().stream().filter(record -> record.trial().number() == 2).findFirst().orElseThrow();
    assertEquals(State.FAILED, diverged.state());
    assertTrue(diverged.note().contains("lower learning rate"), diverged.note());
    assertTrue(String.join("\n", lines).contains("out of memory: Java heap space"), lines.toString());
    Path csv = directory.resolve("undisturbed/table.csv");
    assertEquals(table(table, csv), table(new Sweep(config, directory.resolve("undisturbed")).run(_ -> null), csv));
  }

  @Test
  void anythingElseThatGoesWrongEndsTheSweep() throws IOException {
    for (int concurrency : new int[] {1, 2}) {
      Path where = directory.resolve("full" + concurrency);
      IOException full = assertThrows(IOException.class, () -> new Sweep(config("concurrency", concurrency), where).run(trial -> {
        if (trial.trial().number() == 3) {
          throw new IOException("no space left on device");
        }
        return runner(_ -> {}).run(trial);
      }));
      assertEquals("no space left on device", full.getMessage());
      assertTrue(Files.exists(where.resolve("trial-1/trial.json")), "what was done is kept");
    }
  }

  @Test
  void anotherSweepInTheSameDirectoryIsRefused() throws IOException {
    Path where = directory.resolve("undisturbed");
    undisturbed(config("trials", 2));
    String message = assertThrows(IllegalArgumentException.class,
        () -> new Sweep(config("trials", 2, "base", Map.of("max_steps", 9)), where).run(_ -> null)).getMessage();
    assertTrue(message.startsWith(where + ": holds another sweep: base."), message);
    Sweep other = new Sweep(config("trials", 2, "seed", 5), where);
    assertTrue(assertThrows(IllegalArgumentException.class, () -> other.run(_ -> null)).getMessage()
        .endsWith("holds another sweep: seed was '42', is '5'"));
    other.clear();
    assertFalse(other.run(runner(_ -> {})).interrupted());
  }

  @Test
  void aSweepNeedsHeldOutRowsAndCheckpoints() {
    assertEquals("sweep: trials are compared on held-out rows, and there are none",
        message(trial -> train(trial, TrainConfig.of(trial.settings()), null)));
    assertEquals("sweep: trials go on from checkpoints, save_total_limit must be 1 or more, is 0",
        message(trial -> train(trial, TrainConfig.of(trial.settings()).with("save_total_limit", 0), heldOut)));
    assertEquals("sweep: its metric is loss, metric_for_best_model is accuracy",
        message(trial -> train(trial, TrainConfig.of(trial.settings()).with("metric_for_best_model", "accuracy"), heldOut)));
  }

  private Trainer.Result train(TrialRun trial, TrainConfig config, Dataset<Example.Labelled> held) throws IOException {
    ClassifierTuning tuning = ClassifierTuning.lora(model, labels, LoraConfig.of(2, 4), config.seed());
    TrainingSet set = held == null ? null : tuning.encode(held);
    return trial.train(tuning, tuning.encode(training), set, config);
  }

  private String message(TrialRunner runner) {
    return assertThrows(IllegalArgumentException.class,
        () -> new Sweep(config(), directory.resolve("message")).run(runner)).getMessage();
  }

  @Test
  void drawsFollowTheirDistributionsAndTheSeed() {
    SweepConfig config = config("trials", 2000, "parameters", Map.of(
        "learning_rate", Map.of("distribution", "log_uniform", "min", 1e-5, "max", 1e-1),
        "weight_decay", Map.of("distribution", "uniform", "min", 0, "max", 0.5),
        "batch_size", Map.of("distribution", "int", "min", 8, "max", 32, "step", 8),
        "optim", List.of("adamw", "sgd", "lion")));
    List<Trial> trials = config.trials();
    assertEquals(2000, trials.stream().map(Trial::varied).distinct().count());
    List<Double> rates = trials.stream().map(trial -> Double.valueOf(trial.varied().get("learning_rate"))).toList();
    assertTrue(Collections.min(rates) >= 1e-5 && Collections.max(rates) <= 1e-1);
    for (int decade = 0; decade < 4; decade++) {
      double low = 1e-5 * Math.pow(10, decade);
      assertEquals(500, rates.stream().filter(rate -> rate >= low && rate < 10 * low).count(), 80, "decade from " + low);
    }
    List<Double> decays = trials.stream().map(trial -> Double.valueOf(trial.varied().get("weight_decay"))).toList();
    assertEquals(0.25, decays.stream().mapToDouble(x -> x).average().orElseThrow(), 0.02);
    assertEquals(new TreeSet<>(List.of("16", "24", "32", "8")),
        new TreeSet<>(trials.stream().map(trial -> trial.varied().get("batch_size")).toList()));
    for (String name : List.of("adamw", "sgd", "lion")) {
      assertEquals(667, trials.stream().filter(trial -> trial.varied().get("optim").equals(name)).count(), 100);
    }
    assertEquals(config().trials(), config().trials());
    assertEquals(config("trials", 5).trials(), config().trials().subList(0, 5), "more trials begin with the same");
    assertFalse(config("seed", 1).trials().equals(config().trials()));
    trials.forEach(trial -> TrainConfig.of(trial.settings()));
  }

  @Test
  void aGridHasAllCombinations() {
    List<Trial> trials = config("method", "grid", "trials", 0,
        "parameters", new TreeMap<>(Map.of("a", List.of(1, 2), "b", List.of("x", "y", "z")))).trials();
    assertEquals(List.of("1x", "1y", "1z", "2x", "2y", "2z"),
        trials.stream().map(trial -> trial.varied().get("a") + trial.varied().get("b")).toList());
    assertEquals("loss", trials.getFirst().settings().get("metric_for_best_model"));
    assertEquals("8", trials.getFirst().settings().get("batch_size"));
  }

  @Test
  void mistakesAreNamed() {
    assertMessage("unknown key 'metod'; did you mean method?", "metod", "grid");
    assertMessage("unknown key 'learning_rate'; settings of a run belong under base", "learning_rate", 1);
    assertMessage("method must be one of grid, random, halving, is 'bayes'", "method", "bayes");
    assertMessage("metric: 'acuracy' is not known; did you mean accuracy?; known: ", "metric", "acuracy");
    assertMessage("goal: accuracy is to be maximized, goal is minimize", "metric", "accuracy", "goal", "minimize");
    assertMessage("parameters: there is none", "parameters", Map.of());
    assertMessage("parameters must be a mapping from keys to values, is 'a,b'", "parameters", List.of("a", "b"));
    assertMessage("parameters: lr: must be a list of values or a distribution, is '0.1'; a single value belongs to base",
        "parameters", Map.of("lr", 0.1));
    assertMessage("parameters: lr: distribution 'log_unifrom' is not known; did you mean log_uniform?",
        "parameters", Map.of("lr", Map.of("distribution", "log_unifrom", "min", 1, "max", 2)));
    assertMessage("parameters: lr: min must be above 0 and below max, min is 0.0, max is 1.0",
        "parameters", Map.of("lr", Map.of("distribution", "log_uniform", "min", 0, "max", 1)));
    assertMessage("parameters: n: step must be 1 or more, min is 1, max is 4",
        "parameters", Map.of("n", Map.of("distribution", "int", "min", 1, "max", 4, "step", 0)));
    assertMessage("parameters: n: distribution uniform has no 'step'",
        "parameters", Map.of("n", Map.of("distribution", "uniform", "min", 1, "max", 4, "step", 0)));
    assertMessage("parameters: n: max is missing", "parameters", Map.of("n", Map.of("distribution", "uniform", "min", 1)));
    assertMessage("parameters: learning_rate: a grid needs a list of values", "method", "grid", "trials", 0);
    assertMessage("trials: a grid has all combinations", "method", "grid", "trials", 3);
    assertMessage("a list of values must not be empty", "parameters", Map.of("a", List.of()));
    assertMessage("metric_for_best_model is the metric of the sweep, loss; leave it out",
        "base", Map.of("metric_for_best_model", "accuracy"));
  }

  private static void assertMessage(String start, Object... more) {
    String message = assertThrows(IllegalArgumentException.class, () -> config(more)).getMessage();
    assertTrue(message.contains(start), message);
  }

  @Test
  void theMedianIsThatOfTheOthersAfterAsManyEvaluations() {
    TrialOrder loss = new TrialOrder("loss");
    List<TrialRecord> others = List.of(record(1, 5, 1), record(2, 4, 2), record(3, 3, 3));
    assertTrue(loss.belowMedian(points(4.5), others), "the median is 4");
    assertFalse(loss.belowMedian(points(4), others));
    assertTrue(loss.belowMedian(points(4, 2.5), others), "the median is 2 now");
    assertFalse(loss.belowMedian(points(1.5, 6), others), "the best so far counts");
    assertTrue(new TrialOrder("accuracy").belowMedian(points(3.5), others), "more is better");
    assertTrue(loss.belowMedian(points(Double.NaN), others));
    assertEquals(List.of(1, 2), loss.promoted(List.of(record(3, 9), record(2, 4), record(1, 4), record(4, 5)), 1, 2).stream()
        .map(record -> record.trial().number()).toList(), "of equals the lower number");
    assertEquals(List.of(), loss.promoted(List.of(record(1, Double.NaN)), 1, 3));
    assertEquals("[1, 3, 9]", Arrays.toString(TrialOrder.rungs(1, 3, 27)));
    assertEquals("[2, 4, 8]", Arrays.toString(TrialOrder.rungs(2, 2, 9)));
    assertEquals("[]", Arrays.toString(TrialOrder.rungs(1, 3, 1)));
  }

  private static TrialRecord record(int number, double... values) {
    return new TrialRecord(new Trial(number, Map.of(), Map.of()), State.COMPLETE, 0, values.length, points(values), "");
  }

  /** Evaluations of losses, or of something of which less is not the best: then these flags are wrong, for one value right. */
  private static List<TrialRecord.Point> points(double... values) {
    List<TrialRecord.Point> points = new ArrayList<>();
    double best = Double.POSITIVE_INFINITY;
    for (double value : values) {
      points.add(new TrialRecord.Point(points.size() + 1, value, value < best));
      best = Math.min(best, value);
    }
    return points;
  }
}
