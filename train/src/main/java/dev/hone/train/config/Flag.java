package dev.hone.train.config;

import java.util.Arrays;
import java.util.List;

/**
 * A flag of a command; with underscores for dashes also a key of its configuration file.
 *
 * @param name with dashes, without the two in front
 * @param value what help calls its value; empty for a switch
 * @param fallback its value if it is not given; null if it has none
 * @param help one line
 * @param aliases other names for the same
 * @param only the methods or tasks that have it; empty for all
 */
public record Flag(String name, String value, String fallback, String help, List<String> aliases, List<String> only) {
  public static Flag of(String name, String value, String fallback, String help) {
    return new Flag(name, value, fallback, help, List.of(), List.of());
  }

  public static Flag toggle(String name, String help) {
    return of(name, "", null, help);
  }

  /** This flag with other names for it. */
  public Flag also(String... names) {
    return new Flag(name, value, fallback, help, List.of(names), only);
  }

  /** This flag for some methods or tasks only, which refuse it otherwise. */
  public Flag only(String... choices) {
    return new Flag(name, value, fallback, help, aliases, List.of(choices));
  }

  /** This flag with a default that other flags decide: help says it in words. */
  public Flag decidedLater(String words) {
    return new Flag(name, value, null, help + " [" + words + "]", aliases, only);
  }

  /** The flags of a record of settings. */
  public static List<Flag> of(Settings<?> settings) {
    return settings.all().stream().map(setting -> of(setting)).toList();
  }

  private static Flag of(Setting setting) {
    return of(setting.key().replace('_', '-'), setting.form(), setting.fallback().isEmpty() ? null : setting.fallback(),
        setting.help()).also(Arrays.stream(setting.aliases()).map(alias -> alias.replace('_', '-')).toArray(String[]::new));
  }

  public boolean isSwitch() {
    return value.isEmpty();
  }
}
