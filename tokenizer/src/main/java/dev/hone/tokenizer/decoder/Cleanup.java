package dev.hone.tokenizer.decoder;

/** Removes the space that joining word pieces leaves before punctuation and English contractions. */
final class Cleanup {
  private static final String[][] REPLACEMENTS = {
    {" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"},
    {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}
  };

  private Cleanup() {}

  static String apply(String text) {
    if (text.indexOf(' ') < 0) {
      return text;
    }
    String now = text;
    for (String[] r : REPLACEMENTS) {
      now = now.replace(r[0], r[1]);
    }
    return now;
  }
}
