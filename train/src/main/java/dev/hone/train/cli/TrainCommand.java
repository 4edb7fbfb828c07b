package dev.hone.train.cli;

import dev.hone.lora.Adapter;
import dev.hone.train.LearningRateFinder;
import dev.hone.train.Trainer;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.distributed.Ranks;
import dev.hone.train.report.Report;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.run.TrainingRun;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Fine-tunes a classifier or a language model, or trains a new one. */
final class TrainCommand implements Command {
  private static final int SEARCH_STEPS = 100;
  private static final int INTERRUPTED = 130; // what shells report after Ctrl-C

  @Override
  public String name() {
    return "train";
  }

  @Override
  public String summary() {
    return "fine-tune a model: a text classifier, or one that writes (--task generate)";
  }

  @Override
  public String usage() {
    return "--model DIR|org/name|maven:G:A:V --data FILE --output-dir DIR [--flag value]...";
  }

  @Override
  public List<Flag> flags() {
    return TrainFlags.all();
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    return SharedRun.run(console, arguments.on("quiet"), ranks -> run(arguments, ranks, console));
  }

  private static int run(Arguments arguments, Ranks ranks, Console console) throws IOException {
    boolean quiet = arguments.on("quiet") || !ranks.leads();
    TrainingRun run;
    try (KernelWarmUp warmUp = KernelWarmUp.start()) { // before all else: compiling takes longer than what is done meanwhile
      run = TrainingRun.of(arguments, ranks, quiet ? _ -> { } : console);
      warmUp.await();
    }
    if (arguments.on("find-lr")) {
      return findRate(run, ranks, console);
    }
    TrainingRun.Forgetting forgetting = run.forgetting();
    Trainer.Result result = train(run, quiet, console);
    if (forgetting != null) {
      console.note(forgetting.change());
    }
    report(run, result, quiet, console);
    return result.interrupted() ? INTERRUPTED : 0;
  }

  /** Measures and describes a run that came to its end, and says where. */
  static void report(TrainingRun run, Trainer.Result result, boolean quiet, Console console) throws IOException {
    run.report(result).forEach(fault -> say(console, quiet, "warning: " + fault));
    if (run.reports(result)) {
      say(console, quiet, "report in " + run.output().resolve(Report.PAGE));
    }
  }

  private static int findRate(TrainingRun run, Ranks ranks, Console console) {
    TrainingSet training = run.prepared().training();
    LearningRateFinder search = run.tuning().trainer(training, run.config()).findRate(training, SEARCH_STEPS);
    if (!ranks.leads()) {
      return 0;
    }
    int every = Math.max(1, search.points().size() / 20);
    for (int i = 0; i < search.points().size(); i += every) {
      console.note(String.format(Locale.ROOT, "learning rate %.2e  loss %.4f", search.points().get(i).rate(),
          search.points().get(i).loss()));
    }
    console.result(String.format(Locale.ROOT, "suggested: --learning-rate %.1e", search.suggestion()));
    return 0;
  }

  /** Trains, shows how it goes, and says what came out. */
  static Trainer.Result train(TrainingRun run, boolean quiet, Console console) throws IOException {
    say(console, quiet, Adapter.summary(run.tuning().model()));
    if (!quiet) {
      console.note("memory: " + run.memory());
    }
    Trainer.Result result;
    try (Interruption _ = new Interruption(run.tuning()::stop)) {
      try (ConsoleView view = ConsoleView.open(console, quiet, "", run.config().bestMetric())) {
        result = run.train(view.listeners(run.metricsFile()));
      }
      if (result.interrupted() && !run.ranks().leads()) {
        return result;
      }
      if (result.interrupted()) {
        console.note((result.steps() == 0 ? "stopped before the first step" : "stopped after step " + result.steps())
            + (run.config().saveTotalLimit() == 0 ? "" : (result.steps() == 0 ? "" : ", which is saved")
            + "; go on with: hone train --config " + run.output().resolve("run.yaml") + " --resume"));
        return result;
      }
    }
    say(console, quiet, String.format(Locale.ROOT, "trained %d steps in %.1f s%s; %s written to %s", result.steps(),
        result.seconds(), run.prepared().heldOut() == null ? ""
            : String.format(Locale.ROOT, ", best held-out loss %.4f at step %d", result.bestLoss(), result.bestStep()),
        run.tuning().adapter() == null ? "model" : "adapter", run.weights()));
    return result;
  }

  private static void say(Console console, boolean quiet, String line) {
    if (!quiet) {
      console.note(line);
    }
  }
}
