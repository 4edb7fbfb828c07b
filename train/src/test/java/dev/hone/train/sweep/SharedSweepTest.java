package dev.hone.train.sweep;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.LoraConfig;
import dev.hone.train.TinyModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.data.Split;
import dev.hone.train.distributed.Ranks;
import dev.hone.train.distributed.RanksException;
import dev.hone.train.distributed.ThreadRanks;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sweep whose trials are given out to processes comes to the table of one. */
class SharedSweepTest {
  private static final Map<String, Object> BASE =
      Map.of("batch_size", 8, "max_steps", 6, "eval_steps", 2, "learning_rate", "0.003", "save_steps", 3);

  @TempDir
  Path directory;

  private Path model;
  private Dataset<Example.Labelled> training;
  private Dataset<Example.Labelled> heldOut;
  private LabelSet labels;
  private final Map<Integer, Set<Integer>> ran = new ConcurrentSkipListMap<>(); // trials by rank
  private final AtomicInteger steps = new AtomicInteger();

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
            "learning_rate", Map.of("distribution", "log_uniform", "min", 1e-5, "max", 3e-2)))));
    for (int i = 0; i < more.length; i += 2) {
      values.put((String) more[i], more[i + 1]);
    }
    return SweepConfig.of(values);
  }

  private String table(SweepConfig config, Path where, Ranks ranks, int fails, int stopAfter) throws IOException {
    Sweep sweep = new Sweep(config, where);
    sweep.setRanks(ranks);
    SweepTable table = sweep.run(trial -> {
      ran.computeIfAbsent(ranks.rank(), _ -> Collections.synchronizedSet(new TreeSet<>())).add(trial.trial().number());
      if (trial.trial().number() == fails) {
        throw new IllegalArgumentException("these settings fit nothing");
      }
      TrainConfig settings = TrainConfig.of(trial.settings());
      ClassifierTuning tuning = ClassifierTuning.lora(model, labels, LoraConfig.of(2, 4), settings.seed());
      tuning.addListener(new TrainListener() {
        @Override
        public void onStep(Step step) {
          if (steps.incrementAndGet() == stopAfter) {
            sweep.stop();
          }
        }
      });
      return trial.train(tuning, tuning.encode(training), tuning.encode(heldOut), settings);
    });
    if (table.interrupted()) {
      return "interrupted";
    }
    Path file = directory.resolve("table-" + ranks.rank() + ".csv");
    table.write(file);
    return Files.readString(file);
  }

  private void same(SweepConfig config, int fails) throws Exception {
    Path alone = directory.resolve("alone");
    String expected = table(config, alone, Ranks.alone(), fails, 0);
    ran.clear();
    Path together = directory.resolve("together");
    List<String> tables = ThreadRanks.run(3, ranks -> () -> table(config, together, ranks, fails, 0));
    assertEquals(List.of(expected, expected, expected), tables);
    assertEquals(3, ran.size(), "all have work: " + ran);
    Set<Integer> first = ran.get(0);
    assertTrue(ran.get(1).stream().noneMatch(first::contains) || config.search().method().equals("halving"), ran.toString());
    Path file = Path.of("adapter", "adapter_model.safetensors");
    for (int trial = 1; trial <= 8; trial++) {
      Path one = alone.resolve("trial-" + trial).resolve(file);
      Path other = together.resolve("trial-" + trial).resolve(file);
      assertEquals(Files.exists(one), Files.exists(other), "trial " + trial);
      if (Files.exists(one)) {
        assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(other), "trial " + trial);
      }
    }
  }

  @Test
  void trialsArePrunedAsInOneProcess() throws Exception {
    SweepConfig config = config("pruning_trials", 2, "pruning_warmup", 1, "concurrency", 3);
    same(config, 0);
    assertTrue(Files.readString(directory.resolve("table-0.csv")).contains(",pruned,"));
  }

  @Test
  void rungsAreAsInOneProcess() throws Exception {
    same(config("method", "halving", "eta", 2), 0);
  }

  @Test
  void aTrialThatFailsIsNotedDown() throws Exception {
    same(config("pruning", "none"), 5);
    assertTrue(Files.readString(directory.resolve("table-2.csv")).contains("these settings fit nothing"));
  }

  @Test
  void settingsThatFitNothingEndAll() {
    RanksException e = assertThrows(RanksException.class, () -> ThreadRanks.run(3, ranks -> () -> {
      try {
        return table(config("pruning", "none"), directory.resolve("none"), ranks, 1, 0);
      } catch (IllegalArgumentException own) {
        assertEquals(0, ranks.rank());
        ranks.gather(0); // the others are through
        return null;
      } catch (RanksException others) {
        ranks.gather(0);
        throw others;
      }
    }));
    assertEquals("trial 1 in rank 0: these settings fit nothing", e.getMessage());
  }

  @Test
  void whatOneStopsAnotherNumberGoesOnWith() throws Exception {
    SweepConfig config = config("pruning_trials", 2, "pruning_warmup", 1, "concurrency", 3);
    String expected = table(config, directory.resolve("alone"), Ranks.alone(), 0, 0);
    Path where = directory.resolve("stopped");
    steps.set(0);
    assertEquals(List.of("interrupted", "interrupted", "interrupted"),
        ThreadRanks.run(3, ranks -> () -> table(config, where, ranks, 0, 14)));
    assertEquals(List.of(expected, expected), ThreadRanks.run(2, ranks -> () -> table(config, where, ranks, 0, 0)));
  }

  @Test
  void comparisonsThatNeedAnOrderAreRefused() {
    Sweep sweep = new Sweep(config(), directory.resolve("refused"));
    assertEquals("concurrency must be at least the number of processes, 2, is 1: a trial is compared with those that came so "
        + "many before it; concurrency 2 has the same table in one process, pruning none needs no order",
        assertThrows(IllegalArgumentException.class, () -> ThreadRanks.run(2, ranks -> () -> {
          sweep.setRanks(ranks);
          return null;
        })).getMessage());
    assertFalse(Files.exists(directory.resolve("refused")));
  }
}
