package dev.hone.train.inspect;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What is looked for, in the order of the report. */
public enum Check {
  /** Rows that cannot be read as what they should be. */
  MALFORMED("malformed", true, "rows that cannot be read or rendered"),
  /** Rows without a text, or with nothing to learn. */
  EMPTY("empty", true, "rows without a text, or with an empty completion"),
  /** Rows without a label. */
  NO_LABEL("no-label", true, "rows without a label"),
  /** Rows that repeat an earlier one. */
  DUPLICATES("duplicates", true, "rows that repeat an earlier row, but for capitals and spaces"),
  /** Rows much like an earlier one. */
  NEAR_DUPLICATES("near-duplicates", true, "rows of which most runs of five characters are also in an earlier row"),
  /** Rows to train on that are also held out. */
  LEAKAGE("leakage", true, "held-out rows that are also in the training data"),
  /** Rows to train on that are much like held-out ones. */
  NEAR_LEAKAGE("near-leakage", true, "held-out rows much like a row of the training data"),
  /** One text with different labels. */
  CONFLICTS("conflicts", true, "the same text with different labels"),
  /** One prompt with different answers. */
  ANSWERS("different-answers", false, "the same prompt with different answers"),
  /** How rows share out over labels. */
  LABELS("label-balance", false, "labels with few rows"),
  /** Labels that differ by their spelling alone, or that training does not know. */
  LABEL_NAMES("label-names", false, "labels that differ in spelling only, or are held out only"),
  /** Rows unlike all others. */
  OUTLIERS("outliers", false, "rows unlike the others: their length, mostly symbols, NA for a text"),
  /** Characters that were damaged on the way. */
  DAMAGE("damaged-text", false, "replacement or control characters, or UTF-8 read as Latin-1"),
  /** Writing systems. */
  SCRIPTS("scripts", false, "rows in another writing system than most"),
  /** Natural languages. */
  LANGUAGES("languages", false, "rows in another language than most"),
  /** Addresses and numbers of persons. */
  PERSONAL("personal-data", false, "mail addresses, numbers of phones, cards and accounts"),
  /** Marks of another chat template. */
  TEMPLATE("template", true, "marks of another chat template in the text"),
  /** A second beginning of sequence. */
  DOUBLE_BOS("double-bos", true, "rows that begin with the begin token twice"),
  /** Rows longer than what is trained. */
  TRUNCATED("truncated", false, "rows longer than the maximum length"),
  /** Rows whose learnt tokens are all cut off. */
  LONG_PROMPTS("long-prompts", true, "prompts so long that all that is to be learnt is cut off"),
  /** Rows without a token to learn. */
  NOTHING_LEARNT("nothing-learnt", true, "rows without a single token that is learnt"),
  /** How many tokens count. */
  TRAINED_TOKENS("trained-tokens", false, "the share of tokens that is learnt"),
  /** How well the tokenizer cuts these texts. */
  TOKENIZER("tokenizer-fit", false, "tokens per word"),
  /** What the tokenizer does not know. */
  UNKNOWN("unknown-tokens", false, "tokens that the tokenizer does not know");

  private final String title;
  private final boolean mended;
  private final String meaning;

  Check(String title, boolean mended, String meaning) {
    this.title = title;
    this.mended = mended;
    this.meaning = meaning;
  }

  /** Its name in reports and arguments. */
  public String title() {
    return title;
  }

  /** Whether a cleaned copy leaves its rows out unless something else is asked for. */
  public boolean mended() {
    return mended;
  }

  /** What it looks for, in a few words. */
  public String meaning() {
    return meaning;
  }

  /**
   * The check of a name.
   *
   * @throws IllegalArgumentException naming all, if there is none
   */
  public static Check of(String title) {
    return Arrays.stream(values()).filter(check -> check.title.equals(title)).findFirst()
        .orElseThrow(() -> new IllegalArgumentException("there is no check '" + title + "'; there are "
            + Arrays.stream(values()).map(Check::title).collect(Collectors.joining(", "))));
  }
}
