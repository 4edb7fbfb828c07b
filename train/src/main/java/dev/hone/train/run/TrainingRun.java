package dev.hone.train.run;

import dev.hone.core.Device;
import dev.hone.core.HoneException;
import dev.hone.core.kernel.Kernels;
import dev.hone.nn.Labels;
import dev.hone.nn.MemoryEstimate;
import dev.hone.nn.Task;
import dev.hone.nn.Work;
import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.Trainer;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.ConfigFile;
import dev.hone.train.config.UserError;
import dev.hone.train.distributed.Alike;
import dev.hone.train.distributed.Ranks;
import dev.hone.train.evaluation.Probe;
import dev.hone.train.infer.TextVectors;
import dev.hone.train.monitor.MonitorReference;
import dev.hone.train.report.EventFiles;
import dev.hone.train.report.MetricsFile;
import dev.hone.train.source.DataArgument;
import dev.hone.train.task.Tuning;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * What {@code hone train} does, without the command line: rows are read and some of them held out, the model is tuned, and the
 * output directory gets the weights, checkpoints, {@code metrics.jsonl}, {@code run.yaml} and the report.
 *
 * {@snippet :
 * TrainingRun run = TrainingRun.of(Map.of("model", "minilm", "data", "reviews.csv", "output_dir", "out"), System.err::println);
 * run.tuning().addListener(listener);
 * Trainer.Result result = run.complete();
 * }
 *
 * <p>Settings are the flags of {@code hone train}, by the keys that {@code run.yaml} has.
 */
public final class TrainingRun {
  private final PreparedRun prepared;
  private final TrainConfig config;
  private final Path output;
  private final Map<String, String> settings;
  private final boolean resume;
  private final Path generalText; // null: nothing is measured on it
  private final boolean profile;
  private final Consumer<String> say;
  private final Ranks ranks;
  private final AtomicBoolean begun = new AtomicBoolean();

  /**
   * A run of what was read already.
   *
   * @param output the directory that it writes to
   * @param settings written to {@code run.yaml}, which starts the same run again; none if empty
   * @param resume whether to go on from the newest checkpoint there
   */
  public TrainingRun(PreparedRun prepared, TrainConfig config, Path output, Map<String, String> settings, boolean resume) {
    this(prepared, config, output, settings, resume, null, false, Ranks.alone(), _ -> { });
  }

  private TrainingRun(PreparedRun prepared, TrainConfig config, Path output, Map<String, String> settings, boolean resume,
      Path generalText, boolean profile, Ranks ranks, Consumer<String> say) {
    this.prepared = prepared;
    this.config = config;
    this.output = output;
    this.settings = settings;
    this.resume = resume;
    this.generalText = generalText;
    this.ranks = ranks;
    this.profile = profile;
    this.say = say;
    prepared.tuning().setRanks(ranks);
  }

  /**
   * Reads model and rows; nothing is written yet.
   *
   * @param settings by the keys of {@code run.yaml}; values may be numbers, truth values, paths and texts
   * @param say told what was read, line by line
   * @throws dev.hone.core.HoneException for settings, files and models that no run can have
   */
  public static TrainingRun of(Map<String, ?> settings, Consumer<String> say) throws IOException {
    return of(Arguments.of("train", TrainFlags.all(), "settings", settings), say);
  }

  /** Reads model and rows as flags say; see {@link #of(Map, Consumer)}. */
  public static TrainingRun of(Arguments arguments, Consumer<String> say) throws IOException {
    return of(arguments, Ranks.alone(), say);
  }

  /**
   * Reads model and rows in one of several processes that share a run: each reads the same files, and rank 0 alone writes.
   *
   * @throws dev.hone.train.distributed.RanksException if the processes have not read the same
   */
  public static TrainingRun of(Arguments arguments, Ranks ranks, Consumer<String> say) throws IOException {
    Path output = Path.of(arguments.required("output-dir"));
    boolean resume = arguments.on("resume");
    if (ranks.leads()) {
      OutputDirectory.check(output, resume || arguments.on("find-lr") || arguments.on("overwrite"));
    } else {
      arguments.set("report-to", "none");
    }
    TrainConfig config = TrainFlags.config(arguments);
    Device device = DeviceFlag.of(arguments, say);
    DeviceFlag.check(arguments, device);
    DataArgument.resolve(arguments, say);
    TrainFlags.checkFiles(arguments, config);
    PreparedRun prepared = PreparedRun.of(arguments, config, say);
    if (ranks.size() > 1) {
      checkAlike(ranks, prepared, config); // while the weights are on the host
    }
    prepared.tuning().model().to(device);
    return new TrainingRun(prepared, config, output, arguments.resolved(TrainFlags.OF_ONE_START), resume, arguments.path("probe"),
        arguments.on("profile"), ranks, say);
  }

  /** What the bits of a run depend on. */
  private static void checkAlike(Ranks ranks, PreparedRun prepared, TrainConfig config) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("version of Java", Runtime.version().toString());
    facts.put("kernels", Kernels.active().name() + " (" + Kernels.active().reason() + ")");
    facts.put("settings", String.valueOf(TrainConfig.SETTINGS.write(config)));
    facts.put("rows", prepared.training().size() + " rows with the hash "
        + prepared.training().fingerprint(prepared.heldOut()).substring(0, 16));
    facts.put("model", "weights with the checksum " + Alike.checksum(prepared.tuning().model().parameters().values()));
    Alike.check(ranks, facts);
    if (prepared.training().size() < ranks.size()) {
      throw new UserError("there are " + ranks.size() + " processes for " + prepared.training().size() + " rows; start fewer");
    }
  }

  /** Trains, writes the weights, and measures and describes what came out, unless the run was interrupted. */
  public Trainer.Result complete() throws IOException {
    Forgetting forgetting = forgetting();
    Trainer.Result result = train(List.of());
    if (forgetting != null) {
      say.accept(forgetting.change());
    }
    report(result).forEach(fault -> say.accept("warning: " + fault));
    return result;
  }

  /**
   * Trains and writes the weights; what is written besides is {@code metrics.jsonl}, event files, checkpoints and
   * {@code run.yaml}.
   *
   * @param watchers hear the run after {@code metrics.jsonl} does, so that they can read there what came before
   * @throws IllegalStateException if it has been trained before
   * @throws UserError if another run, of any process, is writing to the same directory
   */
  public Trainer.Result train(List<TrainListener> watchers) throws IOException {
    if (begun.getAndSet(true)) {
      throw new IllegalStateException("this run has been trained already; make another for more");
    }
    Tuning<?> tuning = prepared.tuning();
    if (!ranks.leads()) {
      if (config.saveTotalLimit() > 0) {
        tuning.setCheckpoints(null, resume);
      }
      watchers.forEach(tuning::addListener);
      return tuning.train(prepared.training(), prepared.heldOut(), config);
    }
    if (!settings.isEmpty()) {
      tuning.addListener(new SettingsFile(output.resolve("run.yaml"), settings));
    }
    if (config.saveTotalLimit() > 0) {
      tuning.setCheckpoints(new Checkpoints(output.resolve("checkpoints"), config.saveTotalLimit()), resume);
    }
    try (OutputLock _ = OutputLock.take(output); MetricsFile metrics = new MetricsFile(metricsFile());
        EventFiles events = prepared.reporting().contains(Reporting.TENSORBOARD) ? new EventFiles(output.resolve("runs"))
            : null) {
      tuning.addListener(metrics);
      if (events != null) {
        tuning.addListener(events);
      }
      if (prepared.recorder() != null) {
        prepared.recorder().before();
      }
      watchers.forEach(tuning::addListener);
      if (profile) {
        tuning.addListener(new TrainListener() {
          @Override
          public void onEnd(Work work) {
            say.accept("profile: " + work);
          }
        });
      }
      Trainer.Result result = tuning.train(prepared.training(), prepared.heldOut(), config);
      if (!result.interrupted()) {
        tuning.save(weights());
        reference();
      }
      return result;
    }
  }

  /** What {@code hone monitor} compares with: the held-out rows as the tuned classifier sees them. */
  private void reference() throws IOException {
    if (prepared.tuning() instanceof ClassifierTuning tuned && prepared.heldOut() != null && !prepared.heldOutTexts().isEmpty()
        && tuned.model().labels().kind() == Labels.Kind.SINGLE_LABEL) {
      try {
        MonitorReference.of(tuned.classifier(), prepared.heldOut(), prepared.heldOutTexts(), TextVectors.load(tuned.base()))
            .write(output.resolve(MonitorReference.NAME));
      } catch (HoneException e) { // which costs no model that was trained
        say.accept("warning: no " + MonitorReference.NAME + " for hone monitor: " + e.getMessage());
      }
    }
  }

  /**
   * Measures and describes a run that came to its end, if that is wanted.
   *
   * @return what is wrong with it: a line each
   */
  public List<String> report(Trainer.Result result) throws IOException {
    return reports(result) ? prepared.recorder().finish(output, result, prepared.training()) : List.of();
  }

  /** Whether {@link #report} writes one. */
  public boolean reports(Trainer.Result result) {
    return prepared.recorder() != null && !result.interrupted() && ranks.leads();
  }

  /** What a language model forgets: its loss on general text before and after. */
  public final class Forgetting {
    private final Probe probe;
    private final double before;

    private Forgetting(Probe probe) {
      this.probe = probe;
      before = probe.baseLoss(tuning().model(), tuning().adapter());
    }

    /** The change by now in a line, which the report will have, too. */
    public String change() {
      String change = probe.report(before, probe.loss(tuning().model()));
      if (prepared.recorder() != null) {
        prepared.recorder().remark("forgetting", change);
      }
      return change;
    }
  }

  /** Measures the model on general text as it is now; null unless the settings name such a text. */
  public Forgetting forgetting() throws IOException {
    if (generalText == null || !ranks.leads()) {
      return null;
    }
    if (tuning().model().task() != Task.CAUSAL_LM) {
      throw new UserError("--probe measures a language model: it needs --task generate");
    }
    return new Forgetting(Probe.of(Files.readString(generalText), tuning().tokenizer(), tuning().model()));
  }

  /** What the run is going to need. */
  public MemoryEstimate memory() {
    return tuning().trainer(prepared.training(), config).memory(prepared.training(), prepared.heldOut() != null);
  }

  /** What is tuned: to add listeners, to stop the run, and to use the model. */
  public Tuning<?> tuning() {
    return prepared.tuning();
  }

  /** What was read. */
  public PreparedRun prepared() {
    return prepared;
  }

  /** The processes that share it. */
  public Ranks ranks() {
    return ranks;
  }

  /** The settings of the loop. */
  public TrainConfig config() {
    return config;
  }

  /** The directory that it writes to. */
  public Path output() {
    return output;
  }

  /** The directory that the weights are written to. */
  public Path weights() {
    return output.resolve(tuning().adapter() == null ? "model" : "adapter");
  }

  /** The file with the course of the run. */
  public Path metricsFile() {
    return output.resolve("metrics.jsonl");
  }

  /** Writes the settings of a run once it is known to begin: they must not stand beside a checkpoint that refuses them. */
  private record SettingsFile(Path file, Map<String, String> values) implements TrainListener {
    @Override
    public void onStart() {
      try {
        Files.createDirectories(file.getParent());
        ConfigFile.write(file, values);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
