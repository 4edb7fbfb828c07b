package dev.hone.train.config;

import dev.hone.nn.family.ConfigReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The arguments of a command: {@code --name value}, {@code --name=value}, switches, and free texts. A command with the flag
 * {@code --config} takes from that file what is not given; what neither says has the flag's own default.
 */
public final class Arguments {
  /** The flag that names a configuration file. */
  public static final Flag CONFIG = Flag.of("config", "FILE", null, "YAML or JSON with any of these flags as keys; flags win");

  private static final Pattern DASHES =
      Pattern.compile("[-\\u2010-\\u2015\\u2212]{1,3}([A-Za-z][A-Za-z0-9_-]*)(=.*)?", Pattern.DOTALL);

  private final String command;
  private final Map<String, Flag> known = new LinkedHashMap<>();
  private final Map<String, String> names = new LinkedHashMap<>(); // also by alias
  private final Map<String, String> given = new LinkedHashMap<>();
  private final Map<String, String> written = new HashMap<>(); // where settings say another value than the one here
  private final List<String> free = new ArrayList<>();

  public Arguments(String command, List<Flag> flags, List<String> words) {
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
        checkDashes(word);
        free.add(word);
        continue;
      }
      int equals = word.indexOf('=');
      String said = (equals < 0 ? word.substring(2) : word.substring(2, equals)).replace('_', '-');
      String name = names.get(said);
      if (name == null) {
        throw unknown("hone " + command + ": unknown flag --" + said, said, names.keySet(), "--", "; --help lists the flags");
      }
      Flag flag = known.get(name);
      String value;
      if (equals >= 0) {
        value = word.substring(equals + 1);
      } else if (flag.isSwitch()) {
        value = "true";
      } else if (i + 1 < words.size()) {
        value = words.get(++i);
      } else {
        throw new UserError("hone " + command + ": --" + name + " needs a value: " + flag.value());
      }
      given.put(name, atHome(flag, value)); // of a flag that is given twice the last counts, so that scripts can add to a command
    }
    readFile();
  }

  /** Fails for a flag with dashes that are none or too few, as word processors and pages make them: no text begins so. */
  private void checkDashes(String word) {
    Matcher dashes = DASHES.matcher(word);
    String name = dashes.matches() ? dashes.group(1).replace('_', '-') : "";
    if (names.containsKey(name)) {
      throw new UserError("hone " + command + ": '" + word + "' does not begin with two plain hyphens; write --" + name);
    }
  }

  /** A file or directory in the home directory where {@code ~/} says so, which shells replace only where a word begins. */
  private static String atHome(Flag flag, String value) {
    boolean path = flag.value() != null && (flag.value().contains("FILE") || flag.value().contains("DIR"));
    return path && value.startsWith("~/") ? System.getProperty("user.home") + value.substring(1) : value;
  }

  /** Arguments that are not words of a command line but values by key; {@code source} is what messages call the place. */
  public static Arguments of(String command, List<Flag> flags, String source, Map<String, ?> values) {
    Arguments arguments = new Arguments(command, flags, List.of());
    arguments.take(source, values);
    arguments.readFile();
    return arguments;
  }

  /** Takes from the configuration file, if one is named, what was not said. */
  private void readFile() {
    String file = given.get(CONFIG.name());
    if (file != null) {
      take(file, ConfigFile.read(Path.of(file)));
    }
  }

  private void take(String source, Map<String, ?> values) {
    Map<String, String> said = new HashMap<>();
    for (Map.Entry<String, ?> entry : values.entrySet()) {
      String name = names.get(entry.getKey().replace('_', '-'));
      if (name == null) {
        List<String> keys = names.keySet().stream().map(key -> key.replace('-', '_')).toList();
        throw unknown(source + ": unknown key '" + entry.getKey() + "'", entry.getKey(), keys, "",
            "; hone " + command + " --help lists the flags, which are the keys");
      }
      String other = said.putIfAbsent(name, entry.getKey());
      if (other != null) {
        throw new UserError(source + ": " + other + " and " + entry.getKey() + " are one setting; give one of them");
      }
      if (entry.getValue() != null) {
        given.putIfAbsent(name, atHome(known.get(name), Settings.text(entry.getValue())));
      }
    }
  }

  private static UserError unknown(String what, String name, Collection<String> known, String prefix, String otherwise) {
    String answer = OtherTrainers.answer(name);
    if (answer != null) {
      return new UserError(what + ": " + answer);
    }
    String hint = Nearest.hint(name, known, prefix);
    return new UserError(what + hint + (hint.isEmpty() || prefix.isEmpty() ? otherwise : ""));
  }

  /** A record of settings from the flags of the same names. */
  public <R extends Record> R settings(Settings<R> settings) {
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
  public Map<String, String> given() {
    Map<String, String> values = new LinkedHashMap<>();
    given.forEach((name, value) -> values.put(name.replace('-', '_'), value));
    return values;
  }

  /** Every flag that has a value, by key, as it would be written in a file; without those that are about one start only. */
  public Map<String, String> resolved(Collection<String> without) {
    Map<String, String> values = new LinkedHashMap<>();
    for (Flag flag : known.values()) {
      String value = text(flag.name());
      if (value != null && !without.contains(flag.name()) && !flag.equals(CONFIG)) {
        values.put(flag.name().replace('-', '_'), written.getOrDefault(flag.name(), value));
      }
    }
    return values;
  }

  /** Sets a flag to what its value has turned out to mean. */
  public void set(String name, String value) {
    given.put(name, value);
  }

  /**
   * Sets a flag to what stands for its value here.
   *
   * @param spoken the value among settings that are written down
   */
  public void stand(String name, String value, String spoken) {
    given.put(name, value);
    written.put(name, spoken);
  }

  /** Sets a flag that was not given: a default that depends on another flag. */
  public void otherwise(String name, String value) {
    given.putIfAbsent(name, value);
  }

  /**
   * Fails if a flag was set that another choice does not have.
   *
   * @param choice the flag that chooses
   * @param all its values
   * @param chosen the value it has
   */
  public void checkOnly(String choice, List<String> all, String chosen) {
    for (Flag flag : known.values()) {
      if (flag.only().isEmpty() || flag.only().contains(chosen) || !all.containsAll(flag.only()) || !has(flag.name())) {
        continue;
      }
      String value = text(flag.name());
      if (!value.equals(flag.fallback()) && !(flag.isSwitch() && !on(flag.name()))) {
        throw new UserError("--" + flag.name() + " is for --" + choice + " " + String.join(" or ", flag.only()) + ", not for "
            + chosen);
      }
    }
  }

  public boolean has(String name) {
    return given.containsKey(name);
  }

  public boolean on(String name) {
    String value = given.get(name);
    if (value == null) {
      return false;
    }
    return Settings.truth("--" + name, value);
  }

  /** The value given, or the fallback, which may be null. */
  public String text(String name) {
    return given.getOrDefault(name, known.get(name).fallback());
  }

  public String required(String name) {
    String value = text(name);
    if (value == null || value.isEmpty()) {
      throw new UserError("--" + name + " is missing: " + known.get(name).help());
    }
    return value;
  }

  public Path path(String name) {
    String value = text(name);
    return value == null ? null : Path.of(value);
  }

  public int integer(String name) {
    String value = required(name);
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new UserError("--" + name + " must be a whole number, is '" + ConfigReader.shortened(value) + "'");
    }
  }

  public long whole(String name) {
    String value = required(name);
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new UserError("--" + name + " must be a whole number, is '" + ConfigReader.shortened(value) + "'");
    }
  }

  public double number(String name) {
    String value = required(name);
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw new UserError("--" + name + " must be a number, is '" + ConfigReader.shortened(value) + "'");
    }
  }

  /** A list, separated by commas. */
  public List<String> list(String name) {
    String value = text(name);
    return value == null || value.isBlank() ? List.of() : List.of(value.strip().split("\\s*,\\s*"));
  }

  public List<String> free() {
    return free;
  }
}
