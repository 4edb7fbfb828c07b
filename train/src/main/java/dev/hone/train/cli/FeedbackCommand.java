package dev.hone.train.cli;

import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.monitor.AnswerLog;
import dev.hone.train.monitor.Feedback;
import dev.hone.train.monitor.FeedbackLog;
import dev.hone.train.monitor.FeedbackRows;
import dev.hone.train.monitor.LogSettings;
import dev.hone.train.monitor.MonitorReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What people said of answers: {@code export} to training rows, {@code import} of labels, {@code delete} of answers. */
final class FeedbackCommand implements Command {
  private static final int SHOWN = 5;

  @Override
  public String name() {
    return "feedback";
  }

  @Override
  public String summary() {
    return "training rows out of what people said of answers";
  }

  @Override
  public String usage() {
    return "export --log DIR --output FILE [--form labels] [--reference FILE] | import --log DIR --label-studio FILE | "
        + "delete --log DIR --id ID,...";
  }

  private static String forms() {
    return Arrays.stream(FeedbackRows.Form.values()).map(FeedbackRows.Form::word).collect(Collectors.joining("|"));
  }

  @Override
  public boolean takesWords() {
    return true;
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.of("log", "DIR", null, "what hone serve --log wrote"),
        Flag.of("output", "FILE", null, "export: where rows go"),
        Flag.of("form", forms(), "labels", "export: what rows are for"),
        Flag.of("reference", "FILE|DIR", null, "export: reference.json, whose held-out texts never become rows"),
        Flag.of("name", "NAME", null, "export: only answers asked for by this name of a model or an adapter"),
        Flag.of("days", "N", "0", "export: how many days to look back; 0: all"),
        Flag.toggle("audit", "export: only answers that were marked at random"),
        Flag.of("label-studio", "FILE", null, "import: what Label Studio exports as JSON"),
        Flag.of("id", "ID,...", null, "delete: ids of answers"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    String verb = arguments.free().size() == 1 ? arguments.free().getFirst() : "";
    Path directory = Path.of(arguments.required("log"));
    switch (verb) {
      case "export" -> export(arguments, directory, console);
      case "import" -> {
        List<Feedback> all = FeedbackRows.labelStudio(Path.of(arguments.required("label-studio")), Instant.now());
        int kept = 0;
        try (FeedbackLog log = existing(directory)) {
          for (Feedback said : all) {
            try {
              log.say(said);
              kept++;
            } catch (IllegalArgumentException e) {
              console.note("warning: " + said.id() + ": " + e.getMessage());
            }
          }
        }
        console.result(kept + " labels of " + all.size() + " are in the log");
        return kept == all.size() ? 0 : 1;
      }
      case "delete" -> {
        arguments.required("id");
        try (FeedbackLog log = existing(directory)) {
          console.result(log.delete(arguments.list("id")) + " lines taken out");
        }
      }
      default -> throw new UserError("hone feedback: say export, import or delete");
    }
    return 0;
  }

  /** A log that is there; nothing of it is too old for this. */
  private static FeedbackLog existing(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new UserError(directory + ": there is no log here");
    }
    return FeedbackLog.open(directory, LogSettings.ALL.read(Map.of("log_days", 0, "log_text", true)));
  }

  private static void export(Arguments arguments, Path directory, Console console) throws IOException {
    Path output = Path.of(arguments.required("output"));
    FeedbackRows.Form form = Arrays.stream(FeedbackRows.Form.values())
        .filter(each -> each.word().equals(arguments.text("form"))).findFirst()
        .orElseThrow(() -> new UserError("--form must be one of " + forms() + ", is '" + arguments.text("form") + "'"));
    MonitorReference reference = null;
    if (arguments.has("reference")) {
      Path file = arguments.path("reference");
      reference = MonitorReference.read(Files.isDirectory(file) ? file.resolve(MonitorReference.NAME) : file);
    }
    int days = arguments.integer("days");
    if (days < 0) {
      throw new UserError("--days must not be negative, is " + days);
    }
    AnswerLog log = AnswerLog.read(directory, days == 0 ? null : Instant.now().minus(Duration.ofDays(days)),
        answered -> !arguments.has("name") || answered.model().equals(arguments.text("name")));
    FeedbackRows rows = FeedbackRows.of(log, form, reference, arguments.on("audit"));
    rows.write(output, form);
    console.note(rows.rows().size() + " rows written to " + output);
    note(console, rows.heldOut(), "left out: their texts are held out");
    note(console, rows.repeated(), "left out: a row before says so already");
    note(console, rows.withoutText(), "left out: the log has no text of them (hone serve --log-text)");
    note(console, arguments.has("name") || days > 0 ? 0 : rows.withoutAnswer(),
        "left out: the answer that they speak of is not in the log");
    note(console, rows.conflicts().size(), "texts left out: people gave them different labels");
    rows.conflicts().entrySet().stream().limit(SHOWN).forEach(conflict -> console.note("  " + String.join(", ",
        conflict.getValue())
        + ": " + conflict.getKey()));
    if (reference == null && form == FeedbackRows.Form.LABELS) {
      console.note("note: held-out texts are not known; --reference FILE leaves them out");
    }
  }

  private static void note(Console console, int count, String what) {
    if (count > 0) {
      console.note(count + " " + what);
    }
  }
}
