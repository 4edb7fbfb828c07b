package dev.hone.train.cli;

import dev.hone.train.TrainConfig;
import dev.hone.train.Trainer;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.ConfigFile;
import dev.hone.train.config.Flag;
import dev.hone.train.config.Settings;
import dev.hone.train.config.UserError;
import dev.hone.train.distributed.Ranks;
import dev.hone.train.run.OutputDirectory;
import dev.hone.train.run.PreparedRun;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.run.TrainingRun;
import dev.hone.train.sweep.SettingRange;
import dev.hone.train.sweep.Sweep;
import dev.hone.train.sweep.SweepConfig;
import dev.hone.train.sweep.SweepListener;
import dev.hone.train.sweep.SweepSettings;
import dev.hone.train.sweep.SweepTable;
import dev.hone.train.sweep.Trial;
import dev.hone.train.sweep.TrialRecord;
import dev.hone.train.sweep.TrialRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Many runs of {@code hone train} with different settings. */
final class SweepCommand implements Command {
  private static final int INTERRUPTED = 130; // what shells report after Ctrl-C
  private static final String BASE = "base";
  private static final String PARAMETERS = "parameters";
  private static final String OUTPUT = "output_dir";

  @Override
  public String name() {
    return "sweep";
  }

  @Override
  public String summary() {
    return "try settings: grid, random search or successive halving";
  }

  @Override
  public String usage() {
    return "--config sweep.yaml --output-dir DIR [--flag value]...   run it again to go on";
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(List.of(Arguments.CONFIG,
        Flag.of("output-dir", "DIR", null, "where the trials, table.csv and best.yaml go"),
        Flag.of(BASE, "MAPPING|FILE", null, "in the file: settings of all trials, the keys of hone train"),
        Flag.of(PARAMETERS, "MAPPING", null, "in the file: lists or distributions by key of hone train")));
    flags.addAll(Flag.of(SweepSettings.SETTINGS));
    flags.add(Flag.toggle("quiet", "no progress"));
    flags.add(Flag.toggle("overwrite", "begin again, whatever was done in the output directory"));
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    return SharedRun.run(console, arguments.on("quiet"), ranks -> run(arguments, ranks, console));
  }

  private static int run(Arguments arguments, Ranks ranks, Console console) throws IOException {
    String file = arguments.required(Arguments.CONFIG.name());
    Path output = Path.of(arguments.required("output-dir"));
    SweepConfig config = config(arguments, file);
    Sweep sweep = new Sweep(config, output);
    sweep.setRanks(ranks);
    for (Trial trial : sweep.trials()) {
      check(trial, file);
    }
    if (!ranks.leads()) {
      ranks.gather(0); // rank 0 has prepared the directory
    } else if (arguments.on("overwrite")) {
      if (Sweep.exists(output)) { // a sweep that cannot begin must not have cost the one before
        Arguments first = arguments(sweep.trials().getFirst(), file);
        PreparedRun.of(first, TrainFlags.config(first), _ -> { });
      }
      sweep.clear();
    } else if (!Sweep.exists(output)) {
      OutputDirectory.check(output, false);
    }
    if (ranks.leads()) {
      ranks.gather(0);
    }
    boolean quiet = arguments.on("quiet") || !ranks.leads();
    if (!quiet) {
      sweep.addListener(new Lines(console, config));
    }
    boolean live = console.terminal() && !quiet && config.search().concurrency() == 1 && ranks.size() == 1;
    AtomicBoolean first = new AtomicBoolean(!quiet);
    SweepTable table;
    try (Interruption _ = new Interruption(sweep::stop)) {
      table = sweep.run(trial -> train(trial, file, sweep.trials().size(), live, console,
          first.getAndSet(false) ? console::note : _ -> {}));
      if (table.interrupted()) {
        if (ranks.leads()) {
          console.note("stopped; the same command goes on");
        }
        return INTERRUPTED;
      }
    }
    if (!ranks.leads()) {
      return 0;
    }
    table.write(output.resolve("table.csv"));
    table.lines().forEach(console::result);
    Path best = output.resolve("best.yaml");
    Map<String, String> settings = table.bestSettings(output.resolve("best")).orElse(null);
    if (settings == null) {
      console.note("error: no trial came to its end");
      return 1;
    }
    ConfigFile.write(best, settings);
    console.note("the best settings are in " + best + "; train with them: hone train --config " + best);
    return 0;
  }

  /** The sweep that the file and the flags describe, its keys as {@code hone train} calls them. */
  private static SweepConfig config(Arguments arguments, String file) {
    Map<String, Object> written = ConfigFile.read(Path.of(file));
    for (String key : List.of(BASE, PARAMETERS)) {
      if (arguments.has(key) && !arguments.text(key).equals(Settings.text(written.get(key)))) {
        throw new UserError("--" + key + " is a key of the file, not a flag");
      }
    }
    Map<String, SettingRange> parameters = new LinkedHashMap<>();
    for (Map.Entry<String, Object> entry : mapping(file, PARAMETERS, written.get(PARAMETERS)).entrySet()) {
      String key = keys(file + ": " + PARAMETERS, Map.of(entry.getKey(), "")).keySet().iterator().next();
      if (parameters.put(key, SettingRange.parse(entry.getKey(), entry.getValue())) != null) {
        throw new UserError(file + ": parameters: " + key + " occurs twice, under different names");
      }
    }
    return new SweepConfig(arguments.settings(SweepSettings.SETTINGS), base(file, written.get(BASE)), parameters);
  }

  private static Map<String, String> base(String file, Object written) {
    if (written instanceof String other) { // such as the run.yaml of an earlier run, whose place and measure are its own
      Map<String, String> base = keys(other, ConfigFile.read(Path.of(other)), OUTPUT);
      base.keySet().removeAll(List.of(OUTPUT, "metric_for_best_model"));
      return base;
    }
    return keys(file + ": " + BASE, mapping(file, BASE, written));
  }

  private static Map<String, Object> mapping(String file, String key, Object written) {
    if (!(written instanceof Map<?, ?> map)) {
      throw new UserError(file + ": " + key + (written == null ? " is missing" : " must be a mapping from keys to values"));
    }
    Map<String, Object> texts = new LinkedHashMap<>();
    map.forEach((name, value) -> texts.put(String.valueOf(name), value));
    return texts;
  }

  /** Settings of a run by the keys that flags have; fails for those that are not known or that the sweep decides. */
  private static Map<String, String> keys(String source, Map<String, ?> values, String... allowed) {
    Map<String, String> known = Arguments.of("train", TrainFlags.all(), source, values).given();
    for (String key : known.keySet()) {
      if ((key.equals(OUTPUT) || key.equals("config") || TrainFlags.OF_ONE_START.contains(key.replace('_', '-')))
          && !List.of(allowed).contains(key)) {
        throw new UserError(source + ": " + key + " is not for the trials of a sweep");
      }
    }
    return known;
  }

  private static Arguments arguments(Trial trial, String source) {
    return Arguments.of("train", TrainFlags.all(), source, trial.settings());
  }

  /** Values that no run takes are found before the first begins. */
  private static void check(Trial trial, String file) {
    try {
      Arguments arguments = arguments(trial, file);
      TrainFlags.checkFiles(arguments, TrainFlags.config(arguments));
    } catch (UserError | IllegalArgumentException e) {
      throw new UserError(file + ": trial " + trial.number() + " (" + values(trial) + "): " + e.getMessage(), e);
    }
  }

  private static Trainer.Result train(TrialRun trial, String file, int trials, boolean live, Console console,
      Consumer<String> say) throws IOException {
    Map<String, String> settings = new LinkedHashMap<>(trial.settings());
    settings.put(OUTPUT, trial.directory().toString());
    Arguments arguments = Arguments.of("train", TrainFlags.all(), file, settings);
    TrainConfig config = TrainFlags.config(arguments);
    TrainingRun run = new TrainingRun(PreparedRun.of(arguments, config, say), config, trial.directory(),
        arguments.resolved(TrainFlags.OF_ONE_START), trial.begun());
    trial.watch(run.tuning(), run.prepared().heldOut(), config);
    String title = "trial " + trial.trial().number() + "/" + trials;
    try (ConsoleView view = live ? ConsoleView.open(console, false, title, config.bestMetric()) : ConsoleView.none()) {
      try {
        Trainer.Result result = run.train(view.listeners(run.metricsFile()));
        run.report(result);
        return result;
      } finally {
        view.erase();
      }
    }
  }

  private static String values(Trial trial) {
    return trial.varied().entrySet().stream().map(entry -> entry.getKey() + " " + entry.getValue())
        .collect(Collectors.joining(", "));
  }

  /** A line when a trial begins and ends. */
  private record Lines(Console console, SweepConfig config) implements SweepListener {
    @Override
    public void onTrial(Trial trial, int trials) {
      console.note("trial " + trial.number() + "/" + trials + ": " + values(trial));
    }

    @Override
    public void onRecord(TrialRecord record) {
      TrialRecord.Point best = record.best();
      console.note(String.format(Locale.ROOT, "trial %d: %s after %d steps%s%s", record.trial().number(),
          record.state().name().toLowerCase(Locale.ROOT), record.steps(), best == null ? ""
              : String.format(Locale.ROOT, ", best %s %.4f at step %d", config.search().metric(), best.value(), best.step()),
          record.note().isEmpty() ? "" : ": " + record.note()));
    }

    @Override
    public void onRung(int rung, int evaluations, List<TrialRecord> promoted) {
      console.note("rung " + rung + ", after " + evaluations + (evaluations == 1 ? " evaluation: " : " evaluations: ")
          + (promoted.isEmpty() ? "none" : (promoted.size() == 1 ? "trial " : "trials ")
          + promoted.stream().map(record -> "" + record.trial().number())
              .collect(Collectors.joining(", "))) + (promoted.size() == 1 ? " goes on" : " go on"));
    }
  }
}
