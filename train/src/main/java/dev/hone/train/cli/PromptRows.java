package dev.hone.train.cli;

import dev.hone.train.config.Arguments;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Prompts of a file: of rows with an answer what comes before it, of others all they have.
 *
 * @param rows the rows; null where they are the lines of a text
 * @param lines the lines of a text that are not empty, by number
 */
record PromptRows(TextRows<? extends Example> rows, List<Map.Entry<Integer, String>> lines) {
  static PromptRows of(Arguments arguments) {
    Path file = TextRows.file(arguments);
    TextRows<? extends Example> rows;
    try {
      rows = TextRows.of(arguments, options -> Dataset.language(file, options));
    } catch (DataException e) {
      if (arguments.has("columns")) {
        throw e;
      }
      rows = promptsAlone(arguments, file, e);
    }
    if (rows.data().row(0) instanceof Example.Document) {
      List<Map.Entry<Integer, String>> lines = new ArrayList<>();
      int number = 0;
      for (Example document : rows.data().rows()) {
        for (String line : ((Example.Document) document).text().lines().toList()) {
          number++;
          if (!line.isBlank()) {
            lines.add(Map.entry(number, line));
          }
        }
      }
      return new PromptRows(null, lines);
    }
    return new PromptRows(rows, List.of());
  }

  /** A file whose rows have no answers is none to learn from, but one to ask from. */
  private static TextRows<Example.Text> promptsAlone(Arguments arguments, Path file, DataException otherwise) {
    try {
      return TextRows.of(arguments, options -> Dataset.texts(file, options.withColumns("text=prompt")));
    } catch (DataException _) {
      throw otherwise;
    }
  }

  int size() {
    return rows == null ? lines.size() : rows.data().size();
  }

  /** What identifies prompt {@code i}. */
  ObjectNode identity(int i) {
    ObjectNode node = JsonMapper.shared().createObjectNode();
    return rows == null ? node.put("line", lines.get(i).getKey()) : rows.put(node, i);
  }

  /** The words of prompt {@code i}; of a conversation the last that was said. */
  String prompt(int i) {
    return rows == null ? lines.get(i).getValue() : switch (rows.data().row(i)) {
      case Example.Text row -> row.text();
      case Example.Completion row -> row.prompt();
      case Example.Chat row -> row.words(asked(row).messages().size() - 1);
      default -> throw new IllegalStateException();
    };
  }

  /** Prompt {@code i} as a conversation; null if it is not one and not to be made one. */
  Example.Chat chat(int i, boolean ask, String system) {
    return rows != null && rows.data().row(i) instanceof Example.Chat row ? asked(row) : ask ? asked(prompt(i), system) : null;
  }

  /** A conversation without an answer that it ends with. */
  private static Example.Chat asked(Example.Chat row) {
    int last = row.messages().size() - 1;
    return last > 0 && "assistant".equals(row.messages().get(last).get("role")) ? row.before(last) : row;
  }

  /** A conversation in which somebody says just this. */
  static Example.Chat asked(String prompt, String system) {
    List<Map<String, Object>> messages = new ArrayList<>();
    if (system != null) {
      messages.add(Map.of("role", "system", "content", system));
    }
    messages.add(Map.of("role", "user", "content", prompt));
    return new Example.Chat(messages, null);
  }
}
