package dev.hone.train.sweep;

import dev.hone.train.distributed.Ranks;
import dev.hone.train.distributed.RanksException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Trials given out to processes, one at a time to each. In rounds all tell each other what has ended: each decides by itself, and
 * all decide alike, which trial begins where.
 */
final class SharedTrials {
  private static final long ROUND_MILLIS = 50;
  private static final String ENDED = "ended ";
  private static final String INTERRUPTED = "interrupted";
  private static final String FAILED = "failed ";

  /** Runs a trial here. */
  interface Work {
    /**
     * Runs it to its end or the next rung; its record is noted down then.
     *
     * @param begun the trials that have begun, here or elsewhere, by number: whether they were not interrupted
     */
    boolean run(Trial trial, NavigableMap<Integer, Future<Boolean>> begun) throws IOException;
  }

  /** What the sweep does about trials, those of others included. */
  interface Watcher {
    /** Whether the sweep is to end. */
    boolean stopped();

    /** Ends the trial that runs here after its step. */
    void stop();

    /** A trial begins in another process. */
    void begins(Trial trial);

    /** A trial has ended in another process. */
    void ended(TrialRecord record);
  }

  private final Ranks ranks;
  private final Map<Trial, TrialRecord> records;
  private final Watcher watcher;
  private final Trial[] busy; // by rank
  private final Map<Trial, CompletableFuture<Boolean>> outcomes = new HashMap<>();
  private final NavigableMap<Integer, Future<Boolean>> begun = new ConcurrentSkipListMap<>(); // those, for others to wait on
  private Future<Boolean> own; // null: nothing runs here
  private Throwable failure; // that ends the sweep: the own one, or another's
  private boolean whole = true; // nothing was interrupted
  private boolean ends;

  SharedTrials(Ranks ranks, Map<Trial, TrialRecord> records, Watcher watcher) {
    this.ranks = ranks;
    this.records = records;
    this.watcher = watcher;
    busy = new Trial[ranks.size()];
  }

  /**
   * Runs trials. Returns whether none was interrupted; all processes have the same records then.
   *
   * @param behind trial i begins when all up to i - behind have ended
   */
  boolean all(List<Trial> todo, int behind, Work work) throws IOException {
    Deque<Trial> waiting = new ArrayDeque<>(todo);
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      do {
        List<String> words = ranks.gather((watcher.stopped() || Thread.currentThread().isInterrupted() ? "!" : " ") + word());
        for (int r = 0; r < words.size(); r++) {
          ends |= words.get(r).charAt(0) == '!';
          if (words.get(r).length() > 1) {
            hear(r, words.get(r).substring(1));
          }
        }
        if (ends) {
          watcher.stop();
        }
        for (int r = 0; r < busy.length && !ends && !waiting.isEmpty(); r++) {
          if (busy[r] == null && ended(begun.headMap(waiting.peek().number() - behind, true))) {
            begin(r, waiting.poll(), thread, work);
          }
        }
        pause();
      } while (!(ends || waiting.isEmpty()) || !Arrays.stream(busy).allMatch(Objects::isNull));
      whole &= waiting.isEmpty();
    }
    switch (failure) {
      case null -> { }
      case IOException cause -> throw cause;
      case RuntimeException cause -> throw cause;
      case Error cause -> throw cause;
      default -> throw new IllegalStateException(failure);
    }
    return whole;
  }

  private void begin(int rank, Trial trial, ExecutorService thread, Work work) {
    busy[rank] = trial;
    begun.put(trial.number(), outcomes.computeIfAbsent(trial, _ -> new CompletableFuture<>()));
    if (rank == ranks.rank()) {
      own = thread.submit(() -> work.run(trial, begun));
    } else {
      watcher.begins(trial);
    }
  }

  private static boolean ended(Map<Integer, Future<Boolean>> trials) {
    return trials.values().stream().allMatch(Future::isDone);
  }

  /** What has become of the trial that ran here; empty if none has ended. */
  private String word() {
    if (own == null || !own.isDone()) {
      return "";
    }
    try {
      Trial trial = busy[ranks.rank()];
      boolean ended = own.get();
      synchronized (records) {
        return ended ? ENDED + records.get(trial).text() : INTERRUPTED;
      }
    } catch (ExecutionException e) {
      failure = e.getCause();
      return FAILED + failure.getMessage();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return INTERRUPTED;
    } finally {
      own = null;
    }
  }

  private void hear(int rank, String word) throws IOException {
    Trial trial = busy[rank];
    busy[rank] = null;
    CompletableFuture<Boolean> future = outcomes.get(trial);
    if (word.startsWith(ENDED)) {
      if (rank != ranks.rank()) {
        TrialRecord record = TrialRecord.parse(trial, word.substring(ENDED.length()));
        synchronized (records) {
          records.put(trial, record);
        }
        watcher.ended(record);
      }
      future.complete(true);
      return;
    }
    whole = false;
    if (word.startsWith(FAILED)) {
      ends = true;
      failure = failure != null ? failure
          : new RanksException("trial " + trial.number() + " in rank " + rank + ": " + word.substring(FAILED.length()));
      future.completeExceptionally(failure);
    } else {
      future.complete(false);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(ROUND_MILLIS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // all are told in the next round
    }
  }
}
