package dev.hone.train.cli;

import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.monitor.AnswerLog;
import dev.hone.train.monitor.Registry;
import dev.hone.train.run.RetrainRun;
import dev.hone.train.run.TrainFlags;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Trains a challenger on old rows and corrections, which takes over only if it is better. */
final class RetrainCommand implements Command {
  private static final List<String> OWN = List.of("registry", "log", "name", "correction-weight", "fresh", "margin", "tolerance",
      "json");

  @Override
  public String name() {
    return "retrain";
  }

  @Override
  public String summary() {
    return "train a challenger on old rows and corrections; it takes over only if it is better";
  }

  @Override
  public String usage() {
    return "--registry DIR --log DIR --model DIR --data FILE --eval-data FILE --output-dir DIR [--flag value]...";
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(List.of(
        Flag.of("registry", "DIR", null, "versions of the adapter; one must be champion"),
        Flag.of("log", "DIR", null, "what hone serve --log --log-text wrote"),
        Flag.of("name", "NAME", null, "only answers that were asked for by this name"),
        Flag.of("correction-weight", "X", "1", "how often a correction occurs in an epoch, an old row occurring once"),
        Flag.of("fresh", "SHARE", "0.3", "of the corrections, the newest: kept out of training to measure both on"),
        Flag.of("margin", "X", "0", "what the gain on these must be above, beyond chance"),
        Flag.of("tolerance", "X", "0.02", "accuracy that may be lost on the held-out rows"),
        Flag.toggle("json", "one JSON object instead of lines")));
    TrainFlags.all().stream().filter(flag -> !OWN.contains(flag.name())).forEach(flags::add); // margin is that of losses there
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Map<String, String> settings = new LinkedHashMap<>(arguments.given());
    OWN.forEach(flag -> settings.remove(flag.replace('-', '_')));
    AnswerLog log = AnswerLog.read(Path.of(arguments.required("log")), null,
        answered -> !arguments.has("name") || answered.model().equals(arguments.text("name")));
    RetrainRun run = RetrainRun.of(settings, Registry.existing(Path.of(arguments.required("registry"))), log,
        new RetrainRun.Rules(arguments.number("correction-weight"), arguments.number("fresh"), arguments.number("margin"),
            arguments.number("tolerance")), console::note);
    if (arguments.on("json")) {
      console.result(run.json().toString());
      return run.promoted() ? 0 : 1;
    }
    console.result("newest corrections: " + run.fresh());
    console.result("held-out rows:      " + run.heldOut());
    console.result("version " + run.version() + (run.promoted() ? " is champion: " : " is not promoted: ")
        + String.join("; ", run.reasons()));
    return run.promoted() ? 0 : 1;
  }
}
