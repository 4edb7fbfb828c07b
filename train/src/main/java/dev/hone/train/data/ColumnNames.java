package dev.hone.train.data;

import java.util.List;
import java.util.Locale;

/** Names that columns go by in published data sets, the likeliest first. */
final class ColumnNames {
  static final List<String> TEXT = List.of("text", "sentence", "review", "review_text", "reviewtext", "content",
      "comment", "body", "message", "tweet", "document", "utterance", "query", "question", "input", "comment_text", "tweet_text",
      "v2");
  static final List<String> LABEL = List.of("label", "labels", "sentiment", "class", "category", "target", "polarity",
      "intent", "topic", "emotion", "rating", "stars", "score", "y", "v1");

  static final List<String> MESSAGES = List.of("messages", "conversations", "conversation");

  private ColumnNames() {}

  static boolean isKnown(String name) {
    return TEXT.contains(plain(name)) || LABEL.contains(plain(name));
  }

  /** Lower case, spaces and dashes as underscores. */
  static String plain(String name) {
    return name.strip().toLowerCase(Locale.ROOT).replace(' ', '_').replace('-', '_');
  }

  static boolean isNumber(String cell) {
    try {
      return Double.isFinite(Double.parseDouble(cell.strip()));
    } catch (NumberFormatException _) {
      return false;
    }
  }
}
