package dev.hone.train.data;

import java.nio.charset.Charset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the user says about a file; all that is left open is detected.
 *
 * @param format words from {@code csv tsv jsonl json fasttext}, {@code comma semicolon tab pipe}, {@code header noheader},
 *     {@code quotes noquotes}, separated by commas: {@code "csv,semicolon,noheader"}; {@code indexed} reads rows from the file
 *     when they are needed, as it is done anyway where the file is larger than an eighth of the heap. Empty: detect
 * @param columns which column plays which part, {@code "text=review,label=stars"}; a column is named by its header or
 *     by its number from 1. A label may be in several columns of 0 and 1, {@code label=toxic|rude}. Parts are {@code text label
 *     prompt completion messages tools system instruction input output chosen rejected margin anchor positive negative score}.
 *     Empty: detect
 * @param more further columns to keep, by header or number, for {@link Dataset#column}; one with a ? behind may be missing
 * @param encoding the name of the character set, such as {@code windows-1252}. Empty: UTF-8, or UTF-16 where a mark says so
 * @param labels {@code exact}: every spelling is a label; {@code merge}: those that differ only by capitals, spaces or the
 *     writing of
 *     a number are one, in small letters. Empty: as exact, but what looks like a mistake is refused
 */
public record DataOptions(String format, String columns, List<String> more, String encoding, String labels) {
  /** Every spelling is a label of its own. */
  static final String EXACT = "exact";
  /** Labels that differ only by capitals, spaces or the writing of a number are one, in the plainest spelling. */
  static final String MERGE = "merge";

  /** Detects everything. */
  public static final DataOptions DETECT = new DataOptions("", "");

  /** Behind the name of a further column that a file may be without. */
  static final String OPTIONAL = "?";
  /** The part of a column that holds the text. */
  static final String TEXT = "text";
  /** The part of a column that holds the class. */
  static final String LABEL = "label";

  private static final List<String> PARTS = List.of(TEXT, LABEL, "prompt", "completion", "messages", "tools", "system",
      "instruction",
      "input", "output", "chosen", "rejected", "margin", "anchor", "positive", "negative", "score");
  private static final List<String> WORDS = List.of("csv", "tsv", "jsonl", "json", "fasttext", "comma", "semicolon", "tab",
      "pipe",
      "header", "noheader", "quotes", "noquotes", "indexed");
  private static final Map<String, Character> SEPARATORS = Map.of("comma", ',', "semicolon", ';', "tab", '\t',
      "pipe", '|');

  /** Keeps no further columns. */
  public DataOptions(String format, String columns) {
    this(format, columns, List.of(), "", "");
  }

  /** Checks the texts. Throws {@link DataException} for a word or a part that is not known. */
  public DataOptions {
    more = List.copyOf(more);
    format = format.strip().toLowerCase(Locale.ROOT);
    columns = columns.strip();
    encoding = encoding.strip();
    TextEncoding.named(encoding);
    if (!List.of("", EXACT, MERGE).contains(labels)) {
      throw new DataException("labels '" + labels + "'", "must be " + EXACT + " or " + MERGE);
    }
    for (String word : split(format)) {
      if (!WORDS.contains(word)) {
        throw new DataException("format '" + format + "'", "'" + word + "' is not known; known words: "
            + String.join(" ", WORDS));
      }
    }
    parts(columns);
  }

  /** These options with other columns. */
  public DataOptions withColumns(String other) {
    return new DataOptions(format, other, more, encoding, labels);
  }

  /** These options with another format. */
  public DataOptions withFormat(String other) {
    return new DataOptions(other, columns, more, encoding, labels);
  }

  /** These options, which keep these columns besides. */
  public DataOptions withMore(List<String> other) {
    return new DataOptions(format, columns, other, encoding, labels);
  }

  /** These options for a file with other characters. */
  public DataOptions withEncoding(String other) {
    return new DataOptions(format, columns, more, other, labels);
  }

  /** These options with labels taken in another way. */
  public DataOptions withLabels(String other) {
    return new DataOptions(format, columns, more, encoding, other);
  }

  /** The character set that is asked for, or null. */
  Charset charsetOrNull() {
    return TextEncoding.named(encoding);
  }

  /** The format that is asked for, or null. */
  DataFormat formatOrNull() {
    for (DataFormat f : DataFormat.values()) {
      if (says(f.name().toLowerCase(Locale.ROOT))) {
        return f;
      }
    }
    return SEPARATORS.keySet().stream().anyMatch(this::says) ? DataFormat.CSV : null;
  }

  /** The separator that is asked for, or null. TSV asks for a tab. */
  Character separatorOrNull() {
    for (Map.Entry<String, Character> e : SEPARATORS.entrySet()) {
      if (says(e.getKey())) {
        return e.getValue();
      }
    }
    return says("tsv") ? (Character) '\t' : null;
  }

  /** Whether the first row is said to be a header, or null. */
  Boolean headerOrNull() {
    return says("header") ? Boolean.TRUE : says("noheader") ? Boolean.FALSE : null;
  }

  /** Whether double quotes are said to enclose fields, or null. */
  Boolean quotedOrNull() {
    return says("quotes") ? Boolean.TRUE : says("noquotes") ? Boolean.FALSE : null;
  }

  /** Whether rows are to stay in the file until they are needed. */
  boolean indexed() {
    return says("indexed");
  }

  /** Whether nothing is said of the rows of a file. */
  boolean silent() {
    return (format.isEmpty() || format.equals("indexed")) && columns.isEmpty();
  }

  /** Part -> column, in the order given. */
  Map<String, String> parts() {
    return parts(columns);
  }

  private boolean says(String word) {
    return split(format).contains(word);
  }

  private static List<String> split(String words) {
    return words.isEmpty() ? List.of() : List.of(words.split("\\s*,\\s*"));
  }

  private static Map<String, String> parts(String columns) {
    Map<String, String> parts = new LinkedHashMap<>();
    for (String pair : split(columns)) {
      int equals = pair.indexOf('=');
      String part = equals < 0 ? "" : pair.substring(0, equals).strip();
      if (!PARTS.contains(part)) {
        throw new DataException("columns '" + columns + "'", "'" + pair
            + "' does not say what a column is for; write text=NAME,label=NAME; parts are: " + String.join(" ", PARTS));
      }
      parts.put(part, pair.substring(equals + 1).strip());
    }
    return parts;
  }
}
