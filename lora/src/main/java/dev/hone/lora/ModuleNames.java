package dev.hone.lora;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Which parts of a model are meant: last parts of their paths such as {@code q_proj} or {@code mlp.c_proj}, or one regular
 * expression of Python that matches whole paths.
 *
 * @param names the names, or the one expression
 * @param pattern whether it is an expression
 */
public record ModuleNames(List<String> names, boolean pattern) {
  /** No names at all. */
  public static final ModuleNames NONE = new ModuleNames(List.of(), false);

  public ModuleNames {
    names = List.copyOf(new LinkedHashSet<>(names));
    if (pattern) {
      PythonRegex.compile(names.getFirst());
    }
  }

  /** Names; a single one with characters that only regular expressions have is such an expression. */
  public static ModuleNames of(List<String> names) {
    return new ModuleNames(names, names.size() == 1 && names.getFirst().chars().anyMatch(c -> "*+?()[]|^$\\".indexOf(c) >= 0));
  }

  /** Each name by another; an expression stays. */
  ModuleNames map(UnaryOperator<String> rename) {
    return pattern ? this : new ModuleNames(names.stream().map(rename).toList(), false);
  }

  /** Whether nothing is named. */
  public boolean isEmpty() {
    return names.isEmpty();
  }

  /** Whether a part is meant. */
  boolean matches(String path) {
    return pattern ? PythonRegex.compile(names.getFirst()).matcher(path).matches()
        : names.stream().anyMatch(name -> ends(path, name));
  }

  /** Whether a path is a name or ends with it. */
  static boolean ends(String path, String name) {
    return path.equals(name) || path.endsWith("." + name);
  }

  @Override
  public String toString() {
    return pattern ? "'" + names.getFirst() + "'" : names.toString();
  }
}
