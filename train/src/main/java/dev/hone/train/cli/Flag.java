package dev.hone.train.cli;

/**
 * A flag of a command.
 *
 * @param name with dashes, without the two in front
 * @param value what help calls its value; empty for a switch
 * @param fallback its value if it is not given; null if it has none
 * @param help one line
 */
record Flag(String name, String value, String fallback, String help) {
  static Flag of(String name, String value, String fallback, String help) {
    return new Flag(name, value, fallback, help);
  }

  static Flag toggle(String name, String help) {
    return new Flag(name, "", null, help);
  }

  boolean isSwitch() {
    return value.isEmpty();
  }
}
