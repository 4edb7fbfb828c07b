package dev.hone.train.cli;

import dev.hone.core.io.AtomicFile;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.data.DataParts;
import dev.hone.train.inspect.Check;
import dev.hone.train.inspect.DataInspector;
import dev.hone.train.inspect.Finding.Level;
import dev.hone.train.inspect.InspectSettings;
import dev.hone.train.inspect.Inspection;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.run.PreparedRun;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.task.embed.EmbeddingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Looks at data before training. */
final class InspectCommand implements Command {
  private static final List<Flag> OWN = List.of(
      Flag.of("fix", "FILE|DIR", null, "write a copy of --data without the rows of some checks; a directory for several files"),
      Flag.of("remove", "CHECK,...", null, "checks whose rows --fix leaves out [" + titles() + "]"),
      Flag.of("html", "FILE", null, "write a page with plots, one file that loads nothing"),
      Flag.toggle("json", "one JSON object instead of text"),
      Flag.of("rows", "N", "5", "rows that each check names"),
      Flag.of("likeness", "X", Double.toString(InspectSettings.USUAL_LIKENESS),
          "rows that share this part of their runs of five characters are near duplicates"));

  private static String titles() {
    return Arrays.stream(Check.values()).filter(Check::mended).map(Check::title).collect(Collectors.joining(","));
  }

  @Override
  public String name() {
    return "inspect";
  }

  @Override
  public String summary() {
    return "look at data before training: what is learnt, duplicates, leakage, labels, personal data";
  }

  @Override
  public String usage() {
    return "--data FILE [--eval-data FILE] [--model DIR] [--flag value]...   also the flags of hone train, and its --config";
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(OWN);
    flags.addAll(TrainFlags.all());
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Set<Check> removed = removed(arguments);
    Inspection found = DataInspector.inspect(settings(arguments, console));
    boolean colours = console.terminal() && System.console() != null && System.console().isTerminal() // all three streams
        && System.getenv("NO_COLOR") == null;
    console.out().print(arguments.on("json") ? found.json() + "\n" : found.text(colours, arguments.integer("rows")));
    if (arguments.has("html")) {
      AtomicFile.writeString(arguments.path("html"), found.html());
      console.note("page written to " + arguments.path("html"));
    }
    if (arguments.has("fix")) {
      found.clean(arguments.path("fix"), removed, arguments.on("overwrite")).forEach(console::note);
    }
    return found.worst() == Level.ERROR ? 1 : 0;
  }

  private static Set<Check> removed(Arguments arguments) {
    Set<Check> checks = EnumSet.noneOf(Check.class);
    if (arguments.has("remove")) {
      if (!arguments.has("fix")) {
        throw new UserError("--remove says what --fix leaves out; say where the copy goes with --fix FILE");
      }
      arguments.list("remove").forEach(name -> checks.add(Check.of(name)));
    } else {
      Arrays.stream(Check.values()).filter(Check::mended).forEach(checks::add);
    }
    return checks;
  }

  /** What is inspected, as the flags say. */
  static InspectSettings settings(Arguments arguments, Console console) throws IOException {
    DataParts data = DataParts.parse(arguments.required("data"));
    Path apart = arguments.has("eval-data") ? arguments.path("eval-data") : data.heldOut();
    InspectSettings settings = new InspectSettings(List.copyOf(data.files().keySet()), apart == null ? List.of() : List.of(apart),
        TrainFlags.data(arguments), task(arguments), labels(arguments), null, null, null, 0,
        false, arguments.number("likeness"), arguments.settings(EmbeddingSettings.SETTINGS));
    if (arguments.has("chat-template")) {
      settings = settings.withTemplate(Files.readString(arguments.path("chat-template")));
    }
    int length = arguments.has("max-length") ? arguments.integer("max-length") : 0;
    if (arguments.has("init")) {
      Path tokenizer = Path.of(arguments.required("tokenizer"));
      return settings.withModel(arguments.path("init"), tokenizer, length, arguments.on("train-on-prompt"));
    }
    if (!arguments.has("model")) {
      return settings;
    }
    Path model = ModelArgument.settings(arguments.required("model"), console);
    Path transformer = settings.task() == InspectSettings.Task.EMBED ? TextEmbedder.transformer(model) : model;
    return settings.withModel(transformer.resolve("config.json"), model, length, arguments.on("train-on-prompt"));
  }

  private static InspectSettings.Task task(Arguments arguments) {
    if (!arguments.has("task") && !arguments.has("init")) {
      return InspectSettings.Task.DETECT;
    }
    return switch (TrainFlags.task(arguments)) {
      case CLASSIFY -> InspectSettings.Task.CLASSIFY;
      case GENERATE, DISTIL -> InspectSettings.Task.GENERATE; // the same rows
      case EMBED -> InspectSettings.Task.EMBED;
      case RERANK -> InspectSettings.Task.RERANK;
      case TAG -> InspectSettings.Task.TAG;
      case PREFER -> InspectSettings.Task.PREFER;
    };
  }

  private static InspectSettings.Labels labels(Arguments arguments) {
    return switch (PreparedRun.kind(arguments.text("problem-type"))) {
      case SINGLE_LABEL -> InspectSettings.Labels.ONE;
      case MULTI_LABEL -> InspectSettings.Labels.SEVERAL;
      case REGRESSION -> InspectSettings.Labels.NUMBERS;
    };
  }
}
