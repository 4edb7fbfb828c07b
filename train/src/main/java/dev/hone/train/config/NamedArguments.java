package dev.hone.train.config;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Arguments by name, as {@code lr_scheduler_kwargs} and {@code optim_args} hold them; knows which of them were asked for. */
public final class NamedArguments {
  private final String owner;
  private final Map<String, ?> arguments;
  private final Set<String> used = new HashSet<>();

  /**
   * Arguments.
   *
   * @param owner what messages call the thing that takes them
   * @param arguments numbers, texts or truth values
   */
  public NamedArguments(String owner, Map<String, ?> arguments) {
    this.owner = owner;
    this.arguments = arguments;
  }

  /** A number, or {@code otherwise} if it is not given. */
  public double number(String key, double otherwise) {
    String value = text(key, null);
    if (value == null) {
      return otherwise;
    }
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(owner + ": " + key + " must be a number, got '" + value + "'", e);
    }
  }

  /** A truth value, false if it is not given. */
  public boolean flag(String key) {
    return flag(key, false);
  }

  /** A truth value, or {@code otherwise} if it is not given. */
  public boolean flag(String key, boolean otherwise) {
    return Boolean.parseBoolean(text(key, Boolean.toString(otherwise)));
  }

  /** A text, or {@code otherwise} if it is not given. */
  public String text(String key, String otherwise) {
    used.add(key);
    Object value = arguments.get(key);
    return value == null ? otherwise : value.toString();
  }

  /** Throws {@link IllegalArgumentException} if there is an argument that nobody asked for. */
  public void checkAllKnown() {
    for (String key : arguments.keySet()) {
      if (!used.contains(key)) {
        throw new IllegalArgumentException(owner + ": no argument '" + key + "'; known: "
            + (used.isEmpty() ? "none" : String.join(", ", used.stream().sorted().toList())));
      }
    }
  }
}
