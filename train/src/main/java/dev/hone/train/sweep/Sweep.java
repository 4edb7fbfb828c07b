package dev.hone.train.sweep;

import dev.hone.core.OutOfMemory;
import dev.hone.core.Scope;
import dev.hone.core.io.AtomicFile;
import dev.hone.train.Trainer;
import dev.hone.train.TrainingException;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.distributed.Alike;
import dev.hone.train.distributed.Ranks;
import dev.hone.train.distributed.RanksException;
import dev.hone.train.sweep.TrialRecord.Point;
import dev.hone.train.sweep.TrialRecord.State;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tries settings, one run each, in directories {@code trial-1}, {@code trial-2} ... of one directory.
 *
 * {@snippet :
 * Sweep sweep = new Sweep(SweepConfig.of(Map.of("method", "random", "trials", 8, "metric", "accuracy",
 *     "parameters", Map.of("learning_rate", Map.of("distribution", "log_uniform", "min", 1e-4, "max", 1e-2)))),
 *     Path.of("sweep"));
 * SweepTable table = sweep.run(trial -> {
 *   TrainConfig config = TrainConfig.of(trial.settings());
 *   ClassifierTuning tuning = ClassifierTuning.lora(model, labels, LoraConfig.of(8, 16), config.seed());
 *   return trial.train(tuning, tuning.encode(training), tuning.encode(heldOut), config);
 * });
 * }
 *
 * <p>A sweep that was interrupted, or whose process was killed, goes on where it was when it is run again: finished trials
 * are kept, others go on from their checkpoints, and the same table comes out. A trial that diverges, needs too much memory
 * or has settings that do not fit is noted down and the others go on; if nothing has worked yet, such settings end the sweep.
 *
 * <p>Grid and random search give a trial up when its best value so far is worse than the median of what the complete trials
 * before it had after as many evaluations. In successive halving all trials train until the first rung, a number of
 * evaluations; the best of every {@code eta} go on to the next rung, {@code eta} times as high, and the last to its end.
 *
 * <p>Implementation note: what is decided depends on the records of trials with lower numbers alone, never on which of two
 * trials that run at the same time is ahead, nor on where an earlier start of the sweep was interrupted. To that end trial i of
 * grid and random search begins when all trials with numbers up to i - concurrency have ended, and is compared with those alone.
 */
public final class Sweep {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String FILE = "sweep.json";

  private final SweepConfig config;
  private final Path directory;
  private final List<Trial> trials;
  private final TrialOrder ranking;
  private final List<SweepListener> listeners = new ArrayList<>();
  private final Set<TrialRun> running = ConcurrentHashMap.newKeySet();
  private Ranks ranks = Ranks.alone();
  private volatile boolean stopped;

  /**
   * A sweep.
   *
   * @param directory made if it does not exist
   */
  public Sweep(SweepConfig config, Path directory) {
    this.config = config;
    this.directory = directory;
    trials = config.trials();
    ranking = new TrialOrder(config.search().metric());
  }

  /** Adds a listener. */
  public void addListener(SweepListener listener) {
    listeners.add(listener);
  }

  /**
   * Shares out the trials to other processes, which have the same sweep in the same directory, that all see: each runs one at a
   * time, and all come to the same table, which is that of one process.
   *
   * @throws IllegalArgumentException if fewer trials may run at the same time than there are processes
   */
  public void setRanks(Ranks others) {
    SweepSettings search = config.search();
    if (judges(search) && search.concurrency() < others.size()) {
      throw new IllegalArgumentException("concurrency must be at least the number of processes, " + others.size() + ", is "
          + search.concurrency() + ": a trial is compared with those that came so many before it; concurrency " + others.size()
          + " has the same table in one process, pruning none needs no order");
    }
    ranks = others;
  }

  /** Whether trials are given up by the values of others while these may still run. */
  private static boolean judges(SweepSettings search) {
    return !search.method().equals("halving") && !search.pruning().equals("none");
  }

  /** The trials, in the order in which they begin. */
  public List<Trial> trials() {
    return trials;
  }

  /** The directory of a trial. */
  public Path directory(Trial trial) {
    int digits = Integer.toString(trials.size()).length();
    return directory.resolve(String.format(Locale.ROOT, "trial-%0" + digits + "d", trial.number()));
  }

  /** Ends the sweep after the steps that are going on; {@link #run} then goes on there the next time. */
  public void stop() {
    stopped = true;
    running.forEach(TrialRun::stop);
  }

  /** Whether the directory holds a sweep, this or another. */
  public static boolean exists(Path directory) {
    return Files.isRegularFile(directory.resolve(FILE));
  }

  /** Forgets what trials were done in the directory, so that all begin again. */
  public void clear() throws IOException {
    for (Trial trial : trials) {
      TrialRecord.delete(directory(trial));
      dropCheckpoints(trial);
    }
    Files.deleteIfExists(directory.resolve(FILE));
  }

  /**
   * Runs the trials that are not finished yet.
   *
   * @return all trials; {@link SweepTable#interrupted()} says whether some are left to do
   * @throws IOException if a file cannot be read or written; nothing is lost then
   * @throws IllegalArgumentException if the directory holds another sweep, naming the first difference
   */
  public SweepTable run(TrialRunner runner) throws IOException {
    meet();
    checkSame();
    Map<Trial, TrialRecord> records = new LinkedHashMap<>();
    for (Trial trial : trials) {
      TrialRecord record = TrialRecord.read(trial, directory(trial));
      if (record != null) {
        records.put(trial, record);
        if (ranks.leads()) {
          dropUnneeded(record);
        }
      }
    }
    if (ranks.size() > 1) {
      Alike.check(ranks, Map.of("records of trials", records.values().stream().map(record -> record.trial().number() + " "
          + record.state()).collect(Collectors.joining(", ", "(", ")"))));
    }
    try {
      boolean finished = config.search().method().equals("halving") ? halve(records, runner) : tryAll(records, runner);
      return new SweepTable(config, List.copyOf(records.values()), !finished);
    } finally {
      stopped = false; // what has ended one run does not end the next
      if (ranks.leads() && !exists(directory)) {
        removeEmpty();
      }
    }
  }

  /** All processes have one directory, or the sweep cannot be shared. */
  private void meet() throws IOException {
    if (ranks.leads()) {
      Files.createDirectories(directory);
    }
    ranks.gather(0); // it is there
    double[] seen = ranks.gather(Files.isDirectory(directory) ? 1 : 0);
    for (int r = 0; r < seen.length; r++) {
      if (seen[r] == 0) {
        throw new RanksException("rank " + r + " does not see " + directory + ", which rank 0 has made: a sweep on several "
            + "machines needs an output directory that all share");
      }
    }
  }

  private void checkSame() throws IOException {
    Map<String, String> now = config.identity();
    Path file = directory.resolve(FILE);
    if (!Files.exists(file)) {
      return;
    }
    Map<String, String> before;
    try {
      before = JSON.readValue(Files.readString(file), new TypeReference<LinkedHashMap<String, String>>() {});
    } catch (JacksonException e) {
      throw new IOException(file + ": not the record of a sweep", e);
    }
    Map<String, String> all = new LinkedHashMap<>(before);
    all.putAll(now);
    for (String key : all.keySet()) {
      if (!before.getOrDefault(key, "").equals(now.getOrDefault(key, ""))) {
        throw new IllegalArgumentException(directory + ": holds another sweep: " + key + " was '"
            + before.getOrDefault(key, "") + "', is '" + now.getOrDefault(key, "") + "'");
      }
    }
  }

  /** Notes which sweep this is, when its first trial begins: one whose trials are refused leaves nothing. */
  private synchronized void writeIdentity() {
    Path file = directory.resolve(FILE);
    if (!Files.exists(file)) {
      try {
        AtomicFile.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(config.identity()) + "\n");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private void removeEmpty() throws IOException {
    for (Trial trial : trials) {
      removeIfEmpty(directory(trial));
    }
    removeIfEmpty(directory);
  }

  private static void removeIfEmpty(Path directory) throws IOException {
    try {
      Files.deleteIfExists(directory);
    } catch (DirectoryNotEmptyException _) {
      // it is somebody else's
    }
  }

  /** Grid and random search. Returns whether all is done. */
  private boolean tryAll(Map<Trial, TrialRecord> records, TrialRunner runner) throws IOException {
    int behind = config.search().concurrency();
    return all(trials.stream().filter(trial -> !records.containsKey(trial)).toList(), records, runner, 0,
        trial -> evaluations -> prunes(trial.number() - behind, evaluations, records));
  }

  /** Why a trial is given up; compared with complete trials up to a number. */
  private String prunes(int last, List<Point> evaluations, Map<Trial, TrialRecord> records) {
    SweepSettings search = config.search();
    if (search.pruning().equals("none") || evaluations.size() < search.pruningWarmup()) {
      return null;
    }
    List<TrialRecord> others;
    synchronized (records) {
      others = records.values().stream()
          .filter(record -> record.state() == State.COMPLETE && record.trial().number() <= last).toList();
    }
    return others.size() >= search.pruningTrials() && ranking.belowMedian(evaluations, others)
        ? "worse than the median of " + others.size() + " trials after " + evaluations.size() + " evaluations" : null;
  }

  /** Successive halving. Returns whether all is done. */
  private boolean halve(Map<Trial, TrialRecord> records, TrialRunner runner) throws IOException {
    SweepSettings search = config.search();
    int[] rungs = TrialOrder.rungs(search.firstRung(), search.eta(), trials.size());
    List<Trial> alive = trials;
    for (int rung = 1; rung <= rungs.length + 1; rung++) {
      int reached = rung;
      int height = rung <= rungs.length ? rungs[rung - 1] : Integer.MAX_VALUE; // above the last rung it is up to the end
      List<Trial> todo = alive.stream().filter(trial -> !past(records.get(trial), reached)).toList();
      if (!all(todo, records, runner, rung, _ -> evaluations -> evaluations.size() < height ? null : "")) {
        return false;
      }
      if (rung > rungs.length) {
        break;
      }
      List<TrialRecord> there = alive.stream().map(records::get).toList();
      List<TrialRecord> promoted = ranking.promoted(there, height, search.eta());
      if (!todo.isEmpty()) {
        listeners.forEach(listener -> listener.onRung(reached, height, promoted));
      }
      alive = promoted.stream().map(TrialRecord::trial).sorted((a, b) -> a.number() - b.number()).toList();
      for (TrialRecord record : there) {
        if (ranks.leads() && !alive.contains(record.trial())) {
          dropCheckpoints(record.trial()); // it waits for nothing
        }
      }
    }
    return true;
  }

  private static boolean past(TrialRecord record, int rung) {
    return record != null && (record.state() != State.PAUSED || record.rung() >= rung);
  }

  /** Runs trials, several at a time if so configured. Returns whether none was interrupted. */
  private boolean all(List<Trial> todo, Map<Trial, TrialRecord> records, TrialRunner runner, int rung,
      Function<Trial, Function<List<Point>, String>> verdicts) throws IOException {
    int concurrency = config.search().concurrency();
    if (ranks.size() > 1) {
      return new SharedTrials(ranks, records, new Others()).all(todo, judges(config.search()) ? concurrency : trials.size(),
          (trial, begun) -> one(trial, begun, records, runner, rung, verdicts.apply(trial)));
    }
    NavigableMap<Integer, Future<Boolean>> begun = new ConcurrentSkipListMap<>(); // by number, in which order they begin
    if (Math.min(concurrency, todo.size()) <= 1) {
      for (Trial trial : todo) {
        if (!one(trial, begun, records, runner, rung, verdicts.apply(trial))) {
          return false;
        }
      }
      return true;
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(concurrency)) {
      try {
        for (Trial trial : todo) {
          // a rung is compared when all have reached it: its trials wait for a thread alone
          if (rung == 0 && !ended(begun.headMap(trial.number() - concurrency, true))) {
            break;
          }
          begun.put(trial.number(), threads.submit(() -> {
            try {
              return one(trial, begun, records, runner, rung, verdicts.apply(trial));
            } catch (Throwable e) {
              stop(); // what ends the sweep ends the others, too
              throw e;
            }
          }));
        }
        return ended(begun);
      } catch (InterruptedException _) {
        stop();
        Thread.currentThread().interrupt();
        return false;
      } catch (ExecutionException e) {
        stop();
        switch (e.getCause()) {
          case IOException cause -> throw cause;
          case RuntimeException cause -> throw cause;
          case Error cause -> throw cause;
          default -> throw new IllegalStateException(e.getCause());
        }
      }
    }
  }

  /** Waits for trials. Returns whether none was interrupted. */
  private static boolean ended(Map<Integer, Future<Boolean>> trials) throws InterruptedException, ExecutionException {
    boolean whole = true;
    for (Future<Boolean> trial : trials.values()) {
      whole &= trial.get();
    }
    return whole;
  }

  /** Runs a trial until its end or the next rung and writes that down. Returns whether it was not interrupted. */
  private boolean one(Trial trial, NavigableMap<Integer, Future<Boolean>> begun, Map<Trial, TrialRecord> records,
      TrialRunner runner, int rung, Function<List<Point>, String> verdict) throws IOException {
    if (stopped || Thread.currentThread().isInterrupted()) {
      return false;
    }
    Path where = Files.createDirectories(directory(trial));
    TrialRun run = new TrialRun(trial, where, config.search().metric(), verdict, this::writeIdentity);
    running.add(run);
    TrialRecord record;
    try {
      tell(listener -> listener.onTrial(trial, trials.size()));
      if (stopped) {
        return false;
      }
      Trainer.Result result = runner.run(run);
      if (result.interrupted() && run.ended() == null) {
        return false;
      }
      State state = !result.interrupted() ? State.COMPLETE : rung > 0 ? State.PAUSED : State.PRUNED;
      record = new TrialRecord(trial, state, rung, result.steps(), run.evaluations(),
          state == State.PRUNED ? run.ended() : "");
    } catch (TrainingException | OutOfMemory e) {
      record = failed(run, rung, e.getMessage());
    } catch (OutOfMemoryError e) {
      record = failed(run, rung, "out of memory: " + e.getMessage());
    } catch (UncheckedIOException e) {
      throw e;
    } catch (RuntimeException e) { // settings that do not fit the model or the data: of this trial, if others had none
      if (!whole(begun.headMap(trial.number()))) {
        return false; // what becomes of it depends on trials that are not done: it fails again when they are
      }
      if (!hasWorked(trial.number(), records)) {
        throw e;
      }
      record = failed(run, rung, e.getMessage() == null ? e.toString() : e.getMessage());
    } catch (IOException e) {
      if (Thread.currentThread().isInterrupted()) {
        return false; // an interrupted thread cannot write to a channel
      }
      throw e;
    } finally {
      running.remove(run);
      Scope.trim(); // other settings need buffers of other sizes
    }
    writeIdentity();
    record.write(where);
    synchronized (records) {
      records.put(trial, record);
    }
    dropUnneeded(record);
    TrialRecord written = record;
    tell(listener -> listener.onRecord(written));
    return true;
  }

  private static TrialRecord failed(TrialRun run, int rung, String why) {
    return new TrialRecord(run.trial(), State.FAILED, rung, run.steps(), run.evaluations(), why);
  }

  /** Waits for trials with lower numbers. Returns whether all came to an end that is noted down. */
  private static boolean whole(Map<Integer, Future<Boolean>> before) {
    try {
      return ended(before);
    } catch (ExecutionException _) {
      return false; // which ends the sweep
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Whether a trial up to a number has worked, this one at an earlier rung included. */
  private static boolean hasWorked(int last, Map<Trial, TrialRecord> records) {
    synchronized (records) {
      return records.values().stream().anyMatch(record -> record.trial().number() <= last && record.state() != State.FAILED);
    }
  }

  private synchronized void tell(Consumer<SweepListener> what) {
    listeners.forEach(what);
  }

  /** Trials in other processes, for those who listen here. */
  private final class Others implements SharedTrials.Watcher {
    @Override
    public boolean stopped() {
      return stopped;
    }

    @Override
    public void stop() {
      Sweep.this.stop();
    }

    @Override
    public void begins(Trial trial) {
      tell(listener -> listener.onTrial(trial, trials.size()));
    }

    @Override
    public void ended(TrialRecord record) {
      tell(listener -> listener.onRecord(record));
    }
  }

  /** Checkpoints are large; only a trial that may go on needs them. */
  private void dropUnneeded(TrialRecord record) throws IOException {
    if (record.state() != State.PAUSED) {
      dropCheckpoints(record.trial());
    }
  }

  private void dropCheckpoints(Trial trial) throws IOException {
    Path checkpoints = directory(trial).resolve("checkpoints");
    if (Files.isDirectory(checkpoints)) {
      new Checkpoints(checkpoints, 1).clear();
      Files.delete(checkpoints);
    }
  }
}
