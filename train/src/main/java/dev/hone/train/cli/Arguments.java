package dev.hone.train.cli;

import dev.hone.train.config.Nearest;
import dev.hone.train.config.Setting;
import dev.hone.train.config.Settings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The arguments of a command: {@code --name value}, {@code --name=value}, switches, and free texts. A command with the flag
 * {@code --config} takes from that file what is not given; what neither says has the flag's own default.
 */
final class Arguments {
  /** The flag that names a configuration file. */
  static final Flag CONFIG = Flag.of("config", "FILE", null, "YAML or JSON with any of these flags as keys; flags win");

  private final String command;
  private final Map<String, Flag> known = new LinkedHashMap<>();
  private final Map<String, String> names = new LinkedHashMap<>(); // also by alias
  private final Map<String, String> given = new LinkedHashMap<>();
  private final List<String> free = new ArrayList<>();

  Arguments(String command, List<Flag> flags, List<String> words) {
    this.command = command;
    for (Flag flag : flags) {
      known.put(flag.name(), flag);
      names.put(flag.name(), flag.name());
      flag.aliases().forEach(alias -> names.put(alias, flag.name()));
    }
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (word.equals("--")) {
        free.addAll(words.subList(i + 1, words.size()));
        break;
      }
      if (!word.startsWith("--")) {
        free.add(word);
        continue;
      }
      int equals = word.indexOf('=');
      String said = (equals < 0 ? word.substring(2) : word.substring(2, equals)).replace('_', '-');
      String name = names.get(said);
      if (name == null) {
        String hint = Nearest.hint(said, names.keySet(), "--");
        throw new UserError("hone " + command + ": unknown flag --" + said
            + (hint.isEmpty() ? "; --help lists the flags" : hint));
      }
      Flag flag = known.get(name);
      if (flag.isSwitch()) {
        given.put(name, equals < 0 ? "true" : word.substring(equals + 1));
      } else if (equals >= 0) {
        given.put(name, word.substring(equals + 1));
      } else if (i + 1 < words.size()) {
        given.put(name, words.get(++i));
      } else {
        throw new UserError("hone " + command + ": --" + name + " needs a value: " + flag.value());
      }
    }
    if (given.containsKey(CONFIG.name())) {
      readFile(Path.of(given.get(CONFIG.name())));
    }
  }

  /** Arguments that are not words of a command line but values by key; {@code source} is what messages call the place. */
  static Arguments of(String command, List<Flag> flags, String source, Map<String, ?> values) {
    Arguments arguments = new Arguments(command, flags, List.of());
    arguments.take(source, values);
    return arguments;
  }

  /** Takes from a file what no flag said. */
  private void readFile(Path file) {
    take(file.toString(), ConfigFile.read(file));
  }

  private void take(String source, Map<String, ?> values) {
    for (Map.Entry<String, ?> entry : values.entrySet()) {
      String said = entry.getKey().replace('_', '-');
      String name = names.get(said);
      if (name == null) {
        List<String> keys = names.keySet().stream().map(key -> key.replace('-', '_')).toList();
        throw new UserError(source + ": unknown key '" + entry.getKey() + "'" + Nearest.hint(entry.getKey(), keys, "")
            + "; hone " + command + " --help lists the flags, which are the keys");
      }
      if (entry.getValue() != null) {
        given.putIfAbsent(name, Settings.text(entry.getValue()));
      }
    }
  }

  /** A record of settings from the flags of the same names. */
  <R extends Record> R settings(Settings<R> settings) {
    Map<String, String> values = new LinkedHashMap<>();
    for (Setting setting : settings.all()) {
      String value = text(setting.key().replace('_', '-'));
      if (value != null) {
        values.put(setting.key(), value);
      }
    }
    return settings.read(values);
  }

  /** What was given, by key; aliases are resolved. */
  Map<String, String> given() {
    Map<String, String> values = new LinkedHashMap<>();
    given.forEach((name, value) -> values.put(name.replace('-', '_'), value));
    return values;
  }

  /** Every flag that has a value, by key, as it would be written in a file; without those that are about one start only. */
  Map<String, String> resolved(Collection<String> without) {
    Map<String, String> values = new LinkedHashMap<>();
    for (Flag flag : known.values()) {
      String value = text(flag.name());
      if (value != null && !without.contains(flag.name()) && !flag.equals(CONFIG)) {
        values.put(flag.name().replace('-', '_'), value);
      }
    }
    return values;
  }

  /** Sets a flag that was not given: a default that depends on another flag. */
  void otherwise(String name, String value) {
    given.putIfAbsent(name, value);
  }

  boolean has(String name) {
    return given.containsKey(name);
  }

  boolean on(String name) {
    String value = given.get(name);
    if (value == null) {
      return false;
    }
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new UserError("--" + name + " is a switch: true or false, not '" + value + "'");
    };
  }

  /** The value given, or the fallback, which may be null. */
  String text(String name) {
    return given.getOrDefault(name, known.get(name).fallback());
  }

  String required(String name) {
    String value = text(name);
    if (value == null || value.isEmpty()) {
      throw new UserError("--" + name + " is missing: " + known.get(name).help());
    }
    return value;
  }

  Path path(String name) {
    String value = text(name);
    return value == null ? null : Path.of(value);
  }

  int integer(String name) {
    String value = required(name);
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new UserError("--" + name + " must be a whole number, is '" + value + "'");
    }
  }

  long whole(String name) {
    String value = required(name);
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new UserError("--" + name + " must be a whole number, is '" + value + "'");
    }
  }

  double number(String name) {
    String value = required(name);
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw new UserError("--" + name + " must be a number, is '" + value + "'");
    }
  }

  /** A list, separated by commas. */
  List<String> list(String name) {
    String value = text(name);
    return value == null || value.isBlank() ? List.of() : List.of(value.strip().split("\\s*,\\s*"));
  }

  List<String> free() {
    return free;
  }
}
