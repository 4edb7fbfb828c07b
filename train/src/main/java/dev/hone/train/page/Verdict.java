package dev.hone.train.page;

/** What a line of a page finds; a word says it, too, so that colour is not needed. */
public enum Verdict {
  /** Nothing to do. */
  GOOD("ok"),
  /** Worth knowing. */
  NOTICE("note"),
  /** Probably a fault. */
  WARNING("warning"),
  /** A fault. */
  BAD("fault"),
  /** A fault that lets nothing go on. */
  ERROR("error");

  private final String word;

  Verdict(String word) {
    this.word = word;
  }

  /** The word that stands before the line. */
  public String word() {
    return word;
  }
}
