package dev.hone.train.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.Trainer;
import dev.hone.train.sweep.TrialRecord.State;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When trials that run at the same time begin and what becomes of them, however fast each is; nothing is trained. */
class ConcurrentTrialsTest {
  private static final Trainer.Result DONE = new Trainer.Result(1, 1, 0.5, false, false, 0);
  private static final Trainer.Result INTERRUPTED = new Trainer.Result(1, 1, 0.5, true, true, 0);

  @TempDir
  Path directory;

  private static SweepConfig config(int concurrency, Object... more) {
    Map<String, Object> values = new LinkedHashMap<>(Map.of("method", "random", "trials", 12, "concurrency", concurrency,
        "parameters", new TreeMap<>(Map.of("learning_rate", Map.of("distribution", "log_uniform", "min", 1e-5, "max", 3e-2)))));
    for (int i = 0; i < more.length; i += 2) {
      values.put((String) more[i], more[i + 1]);
    }
    return SweepConfig.of(values);
  }

  private static void pause(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw (IOException) new InterruptedIOException().initCause(e);
    }
  }

  /** Waits so long that a trial that may begin does; which test passes does not depend on it. */
  private static void linger(int millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw (IOException) new InterruptedIOException().initCause(e);
    }
  }

  @Test
  void afterAResumeATrialWaitsForAllThatItIsComparedWith() throws IOException {
    CountDownLatch second = new CountDownLatch(1);
    Sweep sweep = new Sweep(config(2), directory);
    sweep.addListener(new SweepListener() {
      @Override
      public void onRecord(TrialRecord record) {
        second.countDown();
      }
    });
    assertTrue(sweep.run(trial -> {
      if (trial.trial().number() == 2) {
        return DONE;
      }
      assertEquals(1, trial.trial().number(), "trial 3 needs what trial 1 came to");
      pause(second);
      return INTERRUPTED;
    }).interrupted());

    Set<Integer> ended = ConcurrentHashMap.newKeySet();
    assertFalse(new Sweep(config(2), directory).run(trial -> {
      int number = trial.trial().number();
      assertTrue(number == 1 || ended.contains(1), "trial " + number + " began beside trial 1");
      linger(number == 1 ? 50 : 0);
      ended.add(number);
      return DONE;
    }).interrupted());
    assertEquals(11, ended.size(), "all but trial 2");
  }

  @Test
  void whateverWasInterruptedNoTrialBeginsBeforeThoseItIsComparedWithHaveEnded() throws IOException {
    long seed = Long.getLong("hone.seed", 20_261_130);
    Random random = new Random(seed);
    for (int round = 0; round < 12; round++) {
      int concurrency = 2 + random.nextInt(3);
      Path where = directory.resolve("round-" + round);
      Set<Integer> ended = ConcurrentHashMap.newKeySet();
      String context = "hone.seed " + seed + ", round " + round;
      boolean interrupted = true;
      while (interrupted) {
        Sweep sweep = new Sweep(config(concurrency), where);
        sweep.addListener(new SweepListener() {
          @Override
          public void onRecord(TrialRecord record) {
            assertTrue(ended.add(record.trial().number()), context);
          }
        });
        long chance = random.nextLong();
        interrupted = sweep.run(trial -> {
          int number = trial.trial().number();
          for (int before = 1; before <= number - concurrency; before++) {
            assertTrue(ended.contains(before), context + ": trial " + number + " began before " + before + " had ended");
          }
          Random own = new Random(chance + number);
          linger(own.nextInt(4));
          return own.nextInt(4) == 0 ? INTERRUPTED : DONE;
        }).interrupted();
      }
      assertEquals(12, ended.size(), context);
    }
  }

  @Test
  void settingsThatDoNotFitDependOnTrialsBeforeThemNotOnWhichIsFirst() throws IOException {
    CountDownLatch refused = new CountDownLatch(1);
    SweepTable table = new Sweep(config(2, "trials", 3), directory.resolve("works")).run(trial -> {
      if (trial.trial().number() == 2) {
        refused.countDown();
        throw new IllegalArgumentException("matches no layer");
      }
      pause(refused);
      linger(20);
      return DONE;
    });
    assertFalse(table.interrupted());
    List<State> states = table.records().stream().map(TrialRecord::state).toList();
    assertEquals(List.of(State.COMPLETE, State.FAILED, State.COMPLETE), states, "trial 1 had worked, though it came later");

    CountDownLatch second = new CountDownLatch(1);
    IllegalArgumentException first = assertThrows(IllegalArgumentException.class,
        () -> new Sweep(config(2, "trials", 3), directory.resolve("fails")).run(trial -> {
          if (trial.trial().number() == 2) {
            second.countDown();
          } else {
            pause(second);
            linger(20);
          }
          throw new IllegalArgumentException("trial " + trial.trial().number() + " does not fit");
        }));
    assertEquals("trial 1 does not fit", first.getMessage());
  }

  @Test
  void trialsAtATimeArePartOfASweepWherePruningDependsOnThem() throws IOException {
    assertFalse(new Sweep(config(2), directory).run(_ -> DONE).interrupted());
    assertEquals(directory + ": holds another sweep: concurrency was '2', is '3'", assertThrows(IllegalArgumentException.class,
        () -> new Sweep(config(3), directory).run(_ -> DONE)).getMessage());
    for (List<String> other : List.of(List.of("pruning", "none"), List.of("method", "halving"))) {
      Path where = directory.resolve(other.getFirst());
      new Sweep(config(2, other.toArray()), where).run(_ -> DONE);
      assertFalse(new Sweep(config(3, other.toArray()), where).run(_ -> DONE).interrupted());
    }
  }

  @Test
  void aSweepThatWasStoppedGoesOnWhenItIsRunAgain() throws IOException {
    Sweep sweep = new Sweep(config(1), directory);
    assertTrue(sweep.run(_ -> {
      sweep.stop();
      return DONE;
    }).interrupted());
    assertFalse(sweep.run(_ -> DONE).interrupted());
  }
}
