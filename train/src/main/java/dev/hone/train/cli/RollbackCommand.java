package dev.hone.train.cli;

import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.monitor.Registry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Lets the champion be the version that it was before. */
final class RollbackCommand implements Command {
  @Override
  public String name() {
    return "rollback";
  }

  @Override
  public String summary() {
    return "go back to the version that was champion before";
  }

  @Override
  public String usage() {
    return "--registry DIR [--alias champion]";
  }

  @Override
  public List<Flag> flags() {
    return List.of(Flag.of("registry", "DIR", null, "where the versions are"),
        Flag.of("alias", "NAME", Registry.CHAMPION, "the name that goes back"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    int version = Registry.existing(Path.of(arguments.required("registry"))).rollback(arguments.text("alias"));
    console.result(arguments.text("alias") + " is version " + version);
    return 0;
  }
}
