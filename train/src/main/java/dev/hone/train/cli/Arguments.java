package dev.hone.train.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The arguments of a command: {@code --name value}, {@code --name=value}, switches, and free texts. */
final class Arguments {
  private final Map<String, Flag> known = new LinkedHashMap<>();
  private final Map<String, String> given = new LinkedHashMap<>();
  private final List<String> free = new ArrayList<>();

  Arguments(String command, List<Flag> flags, List<String> words) {
    flags.forEach(flag -> known.put(flag.name(), flag));
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
      String name = (equals < 0 ? word.substring(2) : word.substring(2, equals)).replace('_', '-');
      Flag flag = known.get(name);
      if (flag == null) {
        throw new UserError("hone " + command + ": unknown flag --" + name + nearest(name));
      }
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
  }

  private String nearest(String name) {
    String best = null;
    int least = 4;
    for (String candidate : known.keySet()) {
      int distance = distance(name, candidate);
      if (distance < least) {
        least = distance;
        best = candidate;
      }
    }
    return best == null ? "; --help lists the flags" : "; did you mean --" + best + "?";
  }

  /** Levenshtein's distance: insertions, deletions and changes from one word to the other. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
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
