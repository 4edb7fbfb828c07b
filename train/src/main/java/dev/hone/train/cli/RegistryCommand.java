package dev.hone.train.cli;

import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.monitor.MonitorReference;
import dev.hone.train.monitor.Registry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Versions of an adapter: {@code add}, {@code list} and {@code point}. */
final class RegistryCommand implements Command {
  @Override
  public String name() {
    return "registry";
  }

  @Override
  public String summary() {
    return "versions of an adapter, and which one the champion is";
  }

  @Override
  public String usage() {
    return "add --registry DIR --adapter DIR [--alias champion] | list --registry DIR | point --registry DIR --alias NAME "
        + "--version N";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.of("registry", "DIR", null, "where the versions are"),
        Flag.of("adapter", "DIR", null, "add: the adapter to copy"),
        Flag.of("reference", "FILE", null, "add: its reference.json").decidedLater("the one beside the adapter's directory"),
        Flag.of("note", "TEXT", "", "add: what to remember of it"),
        Flag.of("alias", "NAME", null, "add, point: the name that is to mean it, such as champion"),
        Flag.of("version", "N", null, "point: the version"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Registry registry = Registry.open(Path.of(arguments.required("registry")));
    switch (arguments.free().size() == 1 ? arguments.free().getFirst() : "") {
      case "add" -> {
        Path adapter = Path.of(arguments.required("adapter"));
        Path beside = adapter.toAbsolutePath().normalize().resolveSibling(MonitorReference.NAME);
        int version = registry.add(adapter, arguments.has("reference") ? arguments.path("reference")
            : Files.isRegularFile(beside) ? beside : null, arguments.text("note"));
        if (arguments.has("alias")) {
          registry.point(arguments.text("alias"), version);
        }
        console.result("version " + version);
      }
      case "list" -> list(registry, console);
      case "point" -> {
        arguments.required("version");
        registry.point(arguments.required("alias"), arguments.integer("version"));
        console.result(arguments.text("alias") + " is version " + arguments.integer("version"));
      }
      default -> throw new UserError("hone registry: say add, list or point");
    }
    return 0;
  }

  private static void list(Registry registry, Console console) throws IOException {
    Map<String, Integer> aliases = registry.aliases();
    for (int version : registry.versions()) {
      StringBuilder line = new StringBuilder().append(version);
      aliases.forEach((name, means) -> line.append(means == version ? "  " + name : ""));
      console.result(line.append("  ").append(registry.note(version)).toString().stripTrailing());
    }
  }
}
