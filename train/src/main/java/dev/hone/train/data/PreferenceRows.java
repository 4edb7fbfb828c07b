package dev.hone.train.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Rows of preferences: pairs of answers, or answers that were liked or not. Whether a cell is a text or a list of messages is
 * told by how it begins in the first row, and then of all rows.
 */
final class PreferenceRows {
  private static final String PROMPT = "prompt";
  private static final String CHOSEN = "chosen";
  private static final String REJECTED = "rejected";
  private static final String MARGIN = "margin";
  private static final String COMPLETION = "completion";
  private static final String LABEL = "label";
  private static final String TOOLS = "tools";
  private static final Map<String, List<String>> NAMES = Map.of(COMPLETION, List.of(COMPLETION, "response", "answer"),
      LABEL, List.of(LABEL, "liked", "thumbs"));
  private static final Set<String> YES = Set.of("true", "1", "+1", "1.0", "yes", "up", "good", "liked");
  private static final Set<String> NO = Set.of("false", "0", "-1", "0.0", "-1.0", "no", "down", "bad", "disliked");
  private static final String ROLE = "role";
  private static final String CONTENT = "content";

  private final RawTable table;
  private final Map<String, Integer> columns;
  private final boolean messages;

  PreferenceRows(RawTable table, DataOptions options) {
    this.table = table;
    Map<String, Integer> pairs = columns(table, options, List.of(CHOSEN, REJECTED), List.of(PROMPT, MARGIN, TOOLS));
    columns = pairs != null ? pairs : columns(table, options, List.of(COMPLETION, LABEL), List.of(PROMPT, TOOLS));
    if (columns == null) {
      throw new DataException(table.source(), table.columnList() + "; preferences have prompt, chosen and rejected, or chosen "
          + "and rejected that begin alike, or prompt, completion and label (true or false); say which column is which: "
          + "prompt=NAME,chosen=NAME,rejected=NAME");
    }
    int answer = learntColumn();
    messages = table.head().stream().map(row -> row[answer]).filter(cell -> cell != null && !cell.isBlank()).findFirst()
        .map(PreferenceRows::isList).orElse(false);
  }

  private static boolean isList(String cell) {
    String text = cell.strip();
    return text.startsWith("[") && text.endsWith("]") && text.contains("{");
  }

  private static Map<String, Integer> columns(RawTable table, DataOptions options, List<String> required, List<String> optional) {
    Map<String, Integer> found = new LinkedHashMap<>();
    List<String> all = new ArrayList<>(optional);
    all.addAll(required);
    for (String part : all) {
      String said = options.parts().get(part);
      int column = said != null ? ColumnChoice.said(table, part, said)
          : table.named() ? ColumnChoice.named(table, NAMES.getOrDefault(part, List.of(part)), -1) : -1;
      if (column >= 0) {
        found.put(part, column);
      }
    }
    return found.keySet().containsAll(required) ? found : null;
  }

  /** The column without which a row teaches nothing. */
  int learntColumn() {
    return columns.get(columns.containsKey(CHOSEN) ? CHOSEN : COMPLETION);
  }

  /** The columns that rows are made of. */
  Set<Integer> used() {
    return Set.copyOf(columns.values());
  }

  /** What was found, in words. */
  String description() {
    List<String> words = new ArrayList<>();
    columns.forEach((part, column) -> words.add(part + " = " + table.describe(column)));
    return String.join(", ", words) + (columns.containsKey(PROMPT) ? "" : ", prompt = what both answers begin with")
        + (messages ? "; messages" : "; texts");
  }

  Example.Judged row(int r) {
    return columns.containsKey(CHOSEN) ? pair(r) : rating(r);
  }

  private Example.Preference pair(int r) {
    double margin = margin(r);
    if (messages) {
      Example.Chat chosen = chat(r, CHOSEN);
      Example.Chat rejected = chat(r, REJECTED);
      Example.Chat prompt = columns.containsKey(PROMPT) ? promptOf(r, chosen) : null;
      if (prompt == null) { // what both begin with; one may be all of the other's beginning
        int shared = 0;
        int most = Math.min(chosen.messages().size(), rejected.messages().size());
        while (shared < most - 1 && chosen.messages().get(shared).equals(rejected.messages().get(shared))) {
          shared++;
        }
        prompt = chosen.before(shared);
        chosen = from(chosen, shared);
        rejected = from(rejected, shared);
      }
      return new Example.Preference(prompt, answered(r, CHOSEN, chosen), answered(r, REJECTED, rejected), margin);
    }
    String chosen = required(r, CHOSEN);
    String rejected = required(r, REJECTED);
    String prompt = text(r, PROMPT);
    if (!columns.containsKey(PROMPT)) {
      int shared = shared(chosen, rejected);
      prompt = chosen.substring(0, shared);
      chosen = chosen.substring(shared);
      rejected = rejected.substring(shared);
    }
    return new Example.Preference(new Example.Text(prompt), new Example.Text(chosen), new Example.Text(rejected), margin);
  }

  private Example.Rated rating(int r) {
    boolean liked = liked(r);
    if (messages) {
      Example.Chat answer = chat(r, COMPLETION);
      Example.Chat prompt = columns.containsKey(PROMPT) ? promptOf(r, answer) : null;
      if (prompt == null) {
        int last = answer.messages().size() - 1;
        prompt = answer.before(last);
        answer = from(answer, last);
      }
      return new Example.Rated(prompt, answered(r, COMPLETION, answer), liked);
    }
    return new Example.Rated(new Example.Text(text(r, PROMPT)), new Example.Text(required(r, COMPLETION)), liked);
  }

  /**
   * The length of what both texts begin with, less a space at its end. If one is the beginning of the other, its last character
   * is left to the answers, as TRL does: none may be empty.
   */
  private static int shared(String chosen, String rejected) {
    int most = Math.min(chosen.length(), rejected.length()) - 1;
    int shared = 0;
    while (shared < most && chosen.charAt(shared) == rejected.charAt(shared)) {
      shared++;
    }
    boolean differs = chosen.charAt(shared) != rejected.charAt(shared);
    if (differs && shared > 0 && chosen.charAt(shared - 1) == ' ') {
      shared--;
    }
    return shared > 0 && Character.isHighSurrogate(chosen.charAt(shared - 1)) ? shared - 1 : shared;
  }

  /** The prompt as messages; null if the answer repeats it, so that it is what both answers begin with. */
  private Example.Chat promptOf(int r, Example.Chat answer) {
    String cell = text(r, PROMPT);
    if (isList(cell)) {
      return chat(r, PROMPT);
    }
    Map<String, Object> first = answer.messages().getFirst();
    boolean repeated = answer.messages().stream().anyMatch(message -> cell.equals(message.get(CONTENT)));
    if (repeated || !"assistant".equals(first.get(ROLE))) {
      return null;
    }
    Map<String, Object> asked = new LinkedHashMap<>();
    asked.put(ROLE, "user");
    asked.put(CONTENT, cell);
    return new Example.Chat(List.of(asked), answer.tools());
  }

  private static Example.Chat from(Example.Chat chat, int first) {
    return new Example.Chat(chat.messages().subList(first, chat.messages().size()), chat.tools());
  }

  /** The answer, which the assistant must have given. */
  private Example.Chat answered(int r, String part, Example.Chat chat) {
    Object role = chat.messages().getLast().get(ROLE);
    if (!"assistant".equals(role)) {
      throw fault(r, part + " ends with what '" + role + "' says; its last message must be the assistant's");
    }
    if (!chat.says(chat.messages().size() - 1)) {
      throw fault(r, part + " (" + table.describe(columns.get(part)) + ") ends with an empty answer");
    }
    return chat;
  }

  private Example.Chat chat(int r, String part) {
    String cell = required(r, part);
    if (!isList(cell)) {
      throw fault(r, part + " is a text, and the first row's answer is a list of messages; all rows must be of one form");
    }
    return new ChatRows(table.source(), table.lines()[r]).chat(cell, text(r, TOOLS), "");
  }

  private String required(int r, String part) {
    String cell = text(r, part);
    if (cell.isBlank()) {
      throw fault(r, part + " (" + table.describe(columns.get(part)) + ") is empty");
    }
    if (!messages && isList(cell) && cell.contains("\"role\"")) {
      throw fault(r, part + " is a list of messages, and the first row's answer is a text; all rows must be of one form");
    }
    return cell;
  }

  private double margin(int r) {
    String cell = text(r, MARGIN).strip();
    if (cell.isEmpty()) {
      return 0;
    }
    if (!ColumnNames.isNumber(cell)) {
      throw fault(r, "margin '" + cell + "' is no number");
    }
    return Double.parseDouble(cell);
  }

  private boolean liked(int r) {
    String cell = text(r, LABEL).strip().toLowerCase(Locale.ROOT);
    if (!YES.contains(cell) && !NO.contains(cell)) {
      throw fault(r, "label '" + cell + "' says neither that the answer was liked (true, 1, up) nor that it was not (false, 0, "
          + "-1, down)");
    }
    return YES.contains(cell);
  }

  private String text(int r, String part) {
    String cell = columns.containsKey(part) ? table.cell(r, columns.get(part)) : null;
    return cell == null ? "" : cell;
  }

  private DataException fault(int r, String problem) {
    return new DataException(table.source(), table.lines()[r], problem);
  }
}
