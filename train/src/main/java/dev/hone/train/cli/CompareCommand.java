package dev.hone.train.cli;

import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.report.RunComparison;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Sets runs side by side. */
final class CompareCommand implements Command {
  @Override
  public String name() {
    return "compare";
  }

  @Override
  public String summary() {
    return "compare runs: settings, curves, figures, and which differences are significant";
  }

  @Override
  public String usage() {
    return "RUN RUN... [--html FILE]   the --output-dir of each";
  }

  @Override
  public boolean takesWords() {
    return true;
  }

  @Override
  public List<Flag> flags() {
    return List.of(Flag.of("html", "FILE", "compare.html", "the page"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    if (arguments.free().size() < 2) {
      throw new UserError("hone compare needs two runs or more: hone " + name() + " " + usage());
    }
    RunComparison comparison = RunComparison.of(arguments.free().stream().map(Path::of).toList());
    Path page = arguments.path("html");
    comparison.writePage(page);
    comparison.lines().forEach(console::result);
    console.note("page in " + page);
    return 0;
  }
}
