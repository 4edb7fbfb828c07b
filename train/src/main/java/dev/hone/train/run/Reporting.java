package dev.hone.train.run;

import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What a run leaves besides its weights and {@code metrics.jsonl}; the values of {@code --report-to}. */
public enum Reporting {
  /** {@code report.html}, {@code README.md}, {@code run.json} and {@code predictions.jsonl}. */
  HTML,
  /** Event files. */
  TENSORBOARD;

  public static final Flag FLAG = Flag.of("report-to", "all|none|NAME,NAME", "all",
      "html (report.html, the model card, predictions), tensorboard (event files)");

  public static Set<Reporting> of(Arguments arguments) {
    Set<Reporting> chosen = EnumSet.noneOf(Reporting.class);
    for (String word : arguments.list(FLAG.name())) {
      switch (word) {
        case "all" -> chosen.addAll(EnumSet.allOf(Reporting.class));
        case "none" -> chosen.clear();
        default -> chosen.add(named(word));
      }
    }
    return chosen;
  }

  private static Reporting named(String word) {
    List<String> known = Arrays.stream(values()).map(value -> value.name().toLowerCase(Locale.ROOT)).toList();
    if (!known.contains(word)) {
      throw new UserError("--" + FLAG.name() + " must be all, none, or some of " + String.join(",", known) + ", is '" + word
          + "'");
    }
    return values()[known.indexOf(word)];
  }
}
