package dev.hone.train.cli;

import dev.hone.train.config.Setting;
import dev.hone.train.config.Settings;
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
 */
record Flag(String name, String value, String fallback, String help, List<String> aliases) {
  static Flag of(String name, String value, String fallback, String help) {
    return new Flag(name, value, fallback, help, List.of());
  }

  static Flag toggle(String name, String help) {
    return new Flag(name, "", null, help, List.of());
  }

  /** The flags of a record of settings. */
  static List<Flag> of(Settings<?> settings) {
    return settings.all().stream().map(setting -> of(setting)).toList();
  }

  private static Flag of(Setting setting) {
    return new Flag(setting.key().replace('_', '-'), setting.form(),
        setting.fallback().isEmpty() ? null : setting.fallback(), setting.help(),
        Arrays.stream(setting.aliases()).map(alias -> alias.replace('_', '-')).toList());
  }

  boolean isSwitch() {
    return value.isEmpty();
  }
}
