package dev.hone.train.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** Lines as fastText takes them: words, of which those that begin with {@code __label__} are the labels. */
final class FastTextRows {
  /** What a label begins with. */
  static final String MARK = "__label__";
  static final List<String> COLUMNS = List.of(DataOptions.TEXT, DataOptions.LABEL);

  private FastTextRows() {}

  static RawTable read(TextFile file) {
    List<String[]> rows = new ArrayList<>();
    List<Integer> lines = new ArrayList<>();
    CellKinds kinds = new CellKinds();
    int line = 0;
    for (String row : file.text().split("\n", -1)) {
      line++;
      if (!row.isBlank()) {
        rows.add(cells(row, line, kinds));
        lines.add(line);
      }
    }
    return new RawTable(file.name(), DataFormat.FASTTEXT, DataFormat.FASTTEXT.words(), true, COLUMNS, rows,
        lines.stream().mapToInt(Integer::intValue).toArray(), kinds, false);
  }

  /** Text and label of a line; several labels are a list. */
  static String[] cells(String row, int line, CellKinds kinds) {
    List<String> labels = new ArrayList<>();
    List<String> words = new ArrayList<>();
    for (String word : row.strip().split("\\s+")) {
      if (word.startsWith(MARK)) {
        labels.add(word.substring(MARK.length()));
      } else {
        words.add(word);
      }
    }
    String text = row.strip();
    while (text.startsWith(MARK)) { // the usual place, which leaves the spaces of the text alone
      text = text.replaceFirst("^\\S+\\s*", "");
    }
    boolean inside = Arrays.stream(text.split("\\s+")).anyMatch(word -> word.startsWith(MARK));
    if (labels.size() > 1) {
      kinds.saw(DataOptions.LABEL, CellKinds.Kind.LIST, line);
    }
    return new String[] {inside ? String.join(" ", words) : text, labels.isEmpty() ? null : labels.size() == 1 ? labels.getFirst()
        : JsonMapper.shared().writeValueAsString(labels)};
  }
}
