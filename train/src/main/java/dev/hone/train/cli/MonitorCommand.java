package dev.hone.train.cli;

import dev.hone.core.io.AtomicFile;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.infer.TextVectors;
import dev.hone.train.monitor.AnswerLog;
import dev.hone.train.monitor.Monitor;
import dev.hone.train.monitor.MonitorReport;
import dev.hone.train.monitor.MonitorReference;
import dev.hone.train.monitor.ShadowReport;
import dev.hone.train.source.ModelArgument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** Compares what a served classifier answered with the held-out rows of its training. */
final class MonitorCommand implements Command {
  @Override
  public String name() {
    return "monitor";
  }

  @Override
  public String summary() {
    return "whether what a served classifier gets and answers has changed, from its log";
  }

  @Override
  public String usage() {
    return "--log DIR --reference FILE [--model DIR] [--days 7] [--html FILE] [--json]";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.of("log", "DIR", null, "what hone serve --log wrote"),
        Flag.of("reference", "FILE|DIR", null, "reference.json, which hone train wrote beside the adapter"),
        Flag.of("model", "DIR|org/name|maven:G:A:V", null, "the model that was tuned, to compare what texts mean"),
        Flag.of("name", "NAME", null, "only answers that were asked for by this name of a model or an adapter"),
        Flag.of("version", "VERSION", null, "only answers of this version"),
        Flag.of("days", "N", "7", "how many days to look back; 0: all"),
        Flag.of("alarm-rate", "X", "0.02", "how often rows of the same kind may alarm, over all signals together"),
        Flag.of("least-rows", "N", "50", "rows without which nothing is said"),
        Flag.of("seed", "N", "0", "of the draws"),
        Flag.of("html", "FILE", null, "write a page"),
        Flag.toggle("json", "one JSON object instead of tables"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Path file = Path.of(arguments.required("reference"));
    MonitorReference reference = MonitorReference.read(file.endsWith(MonitorReference.NAME) || !Files.isDirectory(file) ? file
        : file.resolve(MonitorReference.NAME));
    int days = arguments.integer("days");
    if (days < 0) {
      throw new UserError("--days must not be negative, is " + days);
    }
    AnswerLog log = AnswerLog.read(Path.of(arguments.required("log")), days == 0 ? null
        : Instant.now().minus(Duration.ofDays(days)), answered ->
        (!arguments.has("name") || answered.model().equals(arguments.text("name")))
            && (!arguments.has("version") || answered.version().equals(arguments.text("version"))
            || answered.route().equals(ShadowReport.ROUTE)));
    TextVectors model = arguments.has("model") ? TextVectors.load(ModelArgument.resolve(arguments.text("model"), console)) : null;
    Monitor monitor = new Monitor(arguments.number("alarm-rate"), arguments.integer("least-rows"), arguments.whole("seed"));
    MonitorReport report = monitor.check(reference, log, model);
    if (arguments.has("html")) {
      AtomicFile.writeString(arguments.path("html"), report.html());
    }
    ShadowReport shadow = ShadowReport.of(log);
    if (arguments.on("json")) {
      ObjectNode json = report.json();
      if (shadow != null) {
        json.set("shadow", shadow.json());
      }
      console.result(json.toString());
    } else {
      console.result(report.text().stripTrailing() + (shadow == null ? "" : "\n" + shadow.text()));
    }
    return report.alarm() ? 1 : 0;
  }
}
