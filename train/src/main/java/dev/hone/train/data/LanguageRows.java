package dev.hone.train.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Rows for a language model: which kind they are is told by their keys. */
final class LanguageRows {
  /** The kinds, the first that fits counts. */
  private enum Kind {
    CHAT(List.of("messages"), List.of("tools", "system")),
    COMPLETION(List.of("prompt", "completion"), List.of()),
    INSTRUCTION(List.of("instruction", "output"), List.of("input")),
    TEXT(List.of("text"), List.of());

    private final List<String> required;
    private final List<String> optional;

    Kind(List<String> required, List<String> optional) {
      this.required = required;
      this.optional = optional;
    }

    /** The part without which a row teaches nothing. */
    String learnt() {
      return required.getLast();
    }

    boolean knows(Set<String> parts) {
      return parts.stream().allMatch(part -> required.contains(part) || optional.contains(part));
    }
  }

  private final RawTable table;
  private final Kind kind;
  private final Map<String, Integer> columns = new LinkedHashMap<>(); // by part; without those that are not there

  private LanguageRows(RawTable table, Map<String, String> said) {
    this.table = table;
    this.kind = kind(said);
    if (kind != null) {
      checkFlat();
    }
  }

  LanguageRows(RawTable table, DataOptions options) {
    this(table, options.parts());
    if (kind == null) {
      throw new DataException(table.source(), table.columnList()
          + "; rows for a language model have messages | conversations | prompt, "
          + "completion | instruction, output (and input) | text; say which column is which: prompt=NAME,completion=NAME");
    }
  }

  /** Rows for a language model, or null if the columns are not those of one. */
  static LanguageRows orNull(RawTable table, DataOptions options) {
    LanguageRows rows = new LanguageRows(table, options.parts());
    return rows.kind == null ? null : rows;
  }

  /** Whether a row is a text that is learnt as a whole, which rows for a classifier also have. */
  boolean isTextAlone() {
    return kind == Kind.TEXT;
  }

  /** Whether rows are conversations. */
  boolean isChat() {
    return kind == Kind.CHAT;
  }

  /** Fails if a row that was read so far has a list where a text is needed. */
  void checkFlat() {
    if (kind != Kind.CHAT) {
      columns.forEach((part, column) -> ColumnChoice.requireFlat(table, column));
    }
  }

  private Kind kind(Map<String, String> said) {
    for (Kind candidate : Kind.values()) {
      if (!candidate.knows(said.keySet())) {
        continue;
      }
      columns.clear();
      find(candidate.required, said);
      if (columns.size() == candidate.required.size()) {
        find(candidate.optional, said);
        return candidate;
      }
    }
    return null;
  }

  private void find(List<String> parts, Map<String, String> said) {
    for (String part : parts) {
      int column = said.containsKey(part) ? ColumnChoice.said(table, part, said.get(part)) : named(part);
      if (column >= 0) {
        columns.put(part, column);
      }
    }
  }

  private int named(String part) {
    return table.named() ? ColumnChoice.named(table, part.equals("messages") ? ColumnNames.MESSAGES : List.of(part), -1) : -1;
  }

  /** The column without which a row teaches nothing. */
  int learntColumn() {
    return columns.get(kind.learnt());
  }

  /** The columns that rows are made of. */
  Set<Integer> used() {
    return Set.copyOf(columns.values());
  }

  /** What was found, in words. */
  String description() {
    List<String> words = new ArrayList<>();
    columns.forEach((part, column) -> words.add(part + " = " + table.describe(column)));
    return String.join(", ", words);
  }

  Example.Language row(int r) {
    return switch (kind) {
      case CHAT -> new ChatRows(table.source(), table.lines()[r]).chat(text(r, "messages"), text(r, "tools"), text(r, "system"));
      case COMPLETION -> new Example.Completion(text(r, "prompt"), text(r, "completion"));
      case INSTRUCTION -> new Example.Completion(instruction(r), text(r, "output"));
      case TEXT -> new Example.Text(text(r, "text"));
    };
  }

  private String text(int r, String part) {
    String cell = columns.containsKey(part) ? table.cell(r, columns.get(part)) : null;
    return cell == null ? "" : cell;
  }

  /** The instruction, then what it is about after an empty line. */
  private String instruction(int r) {
    String input = text(r, "input");
    return input.isBlank() ? text(r, "instruction") : text(r, "instruction") + "\n\n" + input;
  }
}
