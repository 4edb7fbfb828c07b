package dev.hone.train.data;

import java.util.Locale;

/** How rows are written down. CSV and TSV differ only in the separator that is expected first. */
enum DataFormat {
  CSV("comma separated"), TSV("tab separated"), JSONL("JSON lines"), JSON("JSON"),
  /** One JSON object that holds the rows. */
  OBJECT("JSON object"), FASTTEXT("fastText lines");

  private final String words;

  DataFormat(String words) {
    this.words = words;
  }

  String words() {
    return words;
  }

  boolean delimited() {
    return this == CSV || this == TSV;
  }

  /** The format by content first, then by name: JSON is recognised whatever the file is called. */
  static DataFormat of(TextFile file) {
    String text = file.text();
    int start = 0;
    while (start < text.length() && Character.isWhitespace(text.charAt(start))) {
      start++;
    }
    String name = file.path().getFileName().toString().toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
    boolean named = name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".json");
    char first = text.charAt(start);
    if (text.startsWith(FastTextRows.MARK, start)) {
      return FASTTEXT;
    }
    if (first == '{' && (named || JsonRows.firstLineIsObject(text))) {
      return JsonRows.firstLineIsObject(text) ? JSONL : JSON;
    }
    if (first == '[' && named) {
      return JSON;
    }
    if (named) {
      return name.endsWith(".json") ? JSON : JSONL;
    }
    return name.endsWith(".tsv") || name.endsWith(".tab") || name.endsWith(".txt") ? TSV : CSV;
  }
}
