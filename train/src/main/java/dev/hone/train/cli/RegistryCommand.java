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
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

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
  public boolean takesWords() {
    return true;
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.of("registry", "DIR", null, "where the versions are"),
        Flag.of("adapter", "DIR", null, "add: the adapter to copy"),
        Flag.of("reference", "FILE", null, "add: its reference.json").decidedLater("the one beside the adapter's directory"),
        Flag.of("note", "TEXT", "", "add: what to remember of it"),
        Flag.of("alias", "NAME", null, "add, point: the name that is to mean it, such as champion"),
        Flag.of("version", "N", null, "point: the version"),
        Flag.toggle("json", "list: one JSON array"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    String verb = arguments.free().size() == 1 ? arguments.free().getFirst() : "";
    Path directory = Path.of(arguments.required("registry"));
    switch (verb) {
      case "add" -> {
        Path adapter = Path.of(arguments.required("adapter"));
        if (arguments.has("alias")) {
          Registry.checkName(arguments.text("alias")); // before there is a version
        }
        Registry registry = Registry.open(directory);
        Path beside = adapter.toAbsolutePath().normalize().resolveSibling(MonitorReference.NAME);
        int version = registry.add(adapter, arguments.has("reference") ? arguments.path("reference")
            : Files.isRegularFile(beside) ? beside : null, arguments.text("note"));
        if (arguments.has("alias")) {
          registry.point(arguments.text("alias"), version);
        }
        console.result("version " + version);
      }
      case "list" -> list(Registry.existing(directory), arguments.on("json"), console);
      case "point" -> {
        arguments.required("version");
        Registry.existing(directory).point(arguments.required("alias"), arguments.integer("version"));
        console.result(arguments.text("alias") + " is version " + arguments.integer("version"));
      }
      default -> throw new UserError("hone registry: say add, list or point");
    }
    return 0;
  }

  private static void list(Registry registry, boolean json, Console console) throws IOException {
    Map<String, Integer> aliases = registry.aliases();
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    for (int version : registry.versions()) {
      List<String> names = aliases.keySet().stream().filter(name -> aliases.get(name) == version).toList();
      if (json) {
        ObjectNode item = all.addObject().put("version", version).put("note", registry.note(version));
        names.forEach(item.putArray("aliases")::add);
      } else {
        String line = version + "  " + String.join("  ", names) + (names.isEmpty() ? "" : "  ") + registry.note(version);
        console.result(line.strip());
      }
    }
    if (json) {
      console.result(all.toString());
    }
  }
}
