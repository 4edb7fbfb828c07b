package dev.hone.tokenizer.text;

/** Text from a file as a message may show it: on one line, and not longer than one. */
public final class Excerpt {
  private static final int SHOWN = 80;

  private Excerpt() {}

  /** The text, or its beginning and how long it is. */
  public static String of(String text) {
    String plain = text.replaceAll("\\p{Cntrl}+", " ");
    return plain.length() <= SHOWN ? plain
        : plain.substring(0, plain.offsetByCodePoints(0, SHOWN / 2)) + "… (" + plain.length() + " characters)";
  }
}
