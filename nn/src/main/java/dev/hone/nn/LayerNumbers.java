package dev.hone.nn;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The numbers of layers in the dotted names of modules and parameters, as all families write them. */
final class LayerNumbers {
  private static final Pattern LAYER = Pattern.compile("(?:^|\\.)(?:layers?|h|blocks?)\\.(\\d+)(?:\\.|$)");

  private LayerNumbers() {}

  static int of(String name) {
    Matcher matcher = LAYER.matcher(name);
    return matcher.find() ? Integer.parseInt(matcher.group(1)) : -1;
  }
}
