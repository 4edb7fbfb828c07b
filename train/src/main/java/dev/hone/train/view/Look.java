package dev.hone.train.view;

import java.util.regex.Pattern;

/**
 * What a terminal can show.
 *
 * @param color whether it has colours
 * @param unicode whether it has the dots of Braille, eight to a cell; ASCII otherwise
 */
public record Look(boolean color, boolean unicode) {
  private static final String ESCAPE = "\u001b[";
  private static final Pattern SEQUENCE = Pattern.compile("\u001b\\[[0-9;]*m");

  String train(String text) {
    return paint("36", text);
  }

  String heldOut(String text) {
    return paint("33", text);
  }

  String bold(String text) {
    return paint("1", text);
  }

  String faint(String text) {
    return paint("2", text);
  }

  private String paint(String code, String text) {
    return color && !text.isEmpty() ? ESCAPE + code + "m" + text + ESCAPE + "0m" : text;
  }

  /** The number of cells that a text takes on the screen: all characters that are shown here are one cell wide. */
  static int width(String text) {
    return SEQUENCE.matcher(text).replaceAll("").length();
  }
}
