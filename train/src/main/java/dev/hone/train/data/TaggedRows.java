package dev.hone.train.data;

import dev.hone.train.data.Example.Tagged;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Rows of tagged words: of a CoNLL file (a word a line, its tag in the last column, sentences between empty lines), or JSON
 * rows with {@code words} and {@code tags}, or with {@code text} and {@code spans} of characters.
 */
final class TaggedRows {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final List<String> WORDS = List.of("words", "tokens");
  private static final List<String> TAGS = List.of("tags", "ner_tags", "labels", "ner");
  private static final List<String> TEXT = List.of("text", "sentence");
  private static final List<String> SPANS = List.of("spans", "entities", "label", "labels");
  private static final Pattern TAG = Pattern.compile("O|[BILUSE](-.+)?");

  private TaggedRows() {}

  /** Whether a file, by its name, has JSON rows. */
  static boolean isJson(String name) {
    return name.toLowerCase(Locale.ROOT).matches(".*\\.jsonl?(\\.gz)?");
  }

  static Dataset<Tagged> conll(TextFile file) {
    List<Tagged> rows = new ArrayList<>();
    List<Integer> lines = new ArrayList<>();
    List<String> words = new ArrayList<>();
    List<String> tags = new ArrayList<>();
    String[] all = file.text().split("\n", -1);
    int columns = 0;
    for (int i = 0; i <= all.length; i++) {
      String line = i == all.length ? "" : all[i].stripTrailing();
      if (line.isBlank() || line.startsWith("-DOCSTART-")) {
        if (!words.isEmpty()) {
          rows.add(Tagged.of(words, tags));
          lines.add(i + 1 - words.size());
          words.clear();
          tags.clear();
        }
        continue;
      }
      if (line.startsWith("#") && words.isEmpty() && !line.contains("\t")) {
        continue; // a comment before a sentence
      }
      String[] parts = line.split(line.contains("\t") ? "\t" : "\\s+");
      if (parts.length < 2 || columns > 0 && parts.length != columns) {
        throw new DataException(file.name(), i + 1, parts.length < 2 ? "'" + shortened(line) + "' is a word without a tag; a "
            + "line is a word, and its tag in the last column" : parts.length + " columns, the lines before have " + columns);
      }
      columns = parts.length;
      words.add(parts[0]);
      tags.add(checked(file.name(), i + 1, parts[parts.length - 1].strip()));
    }
    return dataset(file.name(), file.path().getFileName() + ": " + rows.size() + " sentences, CoNLL, " + columns
        + " columns, tag = the last", rows, lines.stream().mapToInt(Integer::intValue).toArray());
  }

  static Dataset<Tagged> json(RawTable table) {
    int words = ColumnChoice.named(table, WORDS, -1);
    int text = ColumnChoice.named(table, TEXT, -1);
    boolean listed = words >= 0;
    int marks = ColumnChoice.named(table, listed ? TAGS : SPANS, -1);
    if (!listed && text < 0 || marks < 0) {
      throw new DataException(table.source(), table.columnList() + "; rows of tagged words have words and tags, two lists as "
          + "long as each other, or text and spans, a list of {\"start\": 0, \"end\": 4, \"label\": \"PER\"}");
    }
    List<Tagged> rows = new ArrayList<>();
    for (int r = 0; r < table.rows().size(); r++) {
      int line = table.lines()[r];
      try {
        JsonNode found = JSON.readTree(table.cell(r, marks) == null ? "[]" : table.cell(r, marks));
        rows.add(listed ? listed(table.source(), line, JSON.readTree(String.valueOf(table.cell(r, words))), found)
            : spanned(table.source(), line, table.cell(r, text), found));
      } catch (JacksonException e) {
        throw new DataException(table.source(), line, "a list is not JSON (" + e.getOriginalMessage() + ")", e);
      }
    }
    return dataset(table.source(), table.source() + ": " + rows.size() + " rows, " + table.layout() + ", "
        + table.describe(listed ? words : text) + ", " + table.describe(marks), rows, table.lines());
  }

  private static Dataset<Tagged> dataset(String source, String description, List<Tagged> rows, int[] lines) {
    if (rows.isEmpty()) {
      throw new DataException(source, "has no rows");
    }
    Set<String> types = new TreeSet<>();
    rows.forEach(row -> row.tags().stream().filter(tag -> !tag.equals("O")).forEach(tag -> types.add(type(tag))));
    if (types.isEmpty()) {
      throw new DataException(source, "every word has the tag O: there is nothing to learn");
    }
    return Dataset.ofLines(source, description + "; types: " + String.join(", ", types), rows, lines);
  }

  private static String type(String tag) {
    return tag.length() > 2 ? tag.substring(2) : "_";
  }

  private static Tagged listed(String source, int line, JsonNode words, JsonNode tags) {
    if (!words.isArray() || !tags.isArray() || words.size() != tags.size() || words.isEmpty()) {
      throw new DataException(source, line, !words.isArray() || !tags.isArray() ? "words and tags must be lists"
          : words.isEmpty() ? "has no words"
              : words.size() + " words and " + tags.size() + " tags; there must be a tag for each word");
    }
    List<String> said = new ArrayList<>();
    for (JsonNode tag : tags) {
      if (!tag.isString()) {
        throw new DataException(source, line, "tag " + tag + " is no name; write names such as B-PER, not their numbers");
      }
      said.add(checked(source, line, tag.asString()));
    }
    return Tagged.of(words.valueStream().map(JsonNode::asString).toList(), said);
  }

  /** A span; files count Unicode characters, as Python does, and this UTF-16 units. */
  private record Mark(int start, int end, String label) {}

  private static Tagged spanned(String source, int line, String text, JsonNode spans) {
    if (text == null || text.isBlank()) {
      throw new DataException(source, line, "the text is empty");
    }
    List<Mark> marks = new ArrayList<>();
    for (JsonNode span : spans) {
      boolean list = span.isArray();
      JsonNode start = list ? span.path(0) : span.path("start");
      JsonNode end = list ? span.path(1) : span.path("end");
      JsonNode label = list ? span.path(2) : span.has("label") ? span.path("label") : span.path("type");
      if (!start.isInt() || !end.isInt() || !label.isString() || label.asString().isBlank()) {
        throw new DataException(source, line, "span " + shortened(span.toString()) + " is not {\"start\": 0, \"end\": 4, "
            + "\"label\": \"PER\"}");
      }
      int length = text.codePointCount(0, text.length());
      if (start.asInt() < 0 || end.asInt() > length || start.asInt() >= end.asInt()) {
        throw new DataException(source, line, "span " + start + " to " + end + " is not within the text's " + length
            + " characters");
      }
      marks.add(new Mark(text.offsetByCodePoints(0, start.asInt()), text.offsetByCodePoints(0, end.asInt()), label.asString()));
    }
    marks.sort(Comparator.comparingInt(Mark::start));
    List<Tagged.Word> words = new ArrayList<>();
    int next = 0; // the first span that no word has passed
    for (int[] word : WordCut.words(text)) {
      while (next < marks.size() && marks.get(next).end <= word[0]) {
        next++;
      }
      String tag = "O";
      if (next < marks.size() && marks.get(next).start < word[1]) {
        Mark mark = marks.get(next);
        boolean follows = next + 1 < marks.size() && marks.get(next + 1).start < Math.max(word[1], mark.end);
        if (mark.start > word[0] || mark.end < word[1] || follows) {
          throw new DataException(source, line, "span " + mark.start + " to " + mark.end + " ('"
              + shortened(text.substring(mark.start, mark.end)) + "') " + (follows ? "overlaps the next one; a word has one tag"
                  : "begins or ends within the word '" + shortened(text.substring(word[0], word[1])) + "'"));
        }
        boolean first = words.isEmpty() || words.getLast().start() < mark.start;
        tag = (first ? "B-" : "I-") + mark.label;
      }
      words.add(new Tagged.Word(word[0], word[1], tag));
    }
    if (words.isEmpty()) {
      throw new DataException(source, line, "the text has no words");
    }
    return new Tagged(text, words);
  }

  private static String checked(String source, int line, String tag) {
    if (!TAG.matcher(tag).matches()) {
      throw new DataException(source, line, "tag '" + shortened(tag) + "' is none of BIO or BILOU; a tag is O, or B- or I- "
          + "(L-, U-) and a type, such as B-PER");
    }
    return tag;
  }

  private static String shortened(String text) {
    return text.length() > 60 ? text.substring(0, 60) + "..." : text;
  }
}
