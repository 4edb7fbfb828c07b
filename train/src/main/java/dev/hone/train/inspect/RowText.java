package dev.hone.train.inspect;

import dev.hone.train.data.Example;
import java.util.List;
import java.util.Map;

/**
 * The words of a row, whatever its kind.
 *
 * @param prompt what is given: all of a text to classify, nothing of a text to learn
 * @param answer what is to be learnt: nothing of a text to classify
 */
record RowText(String prompt, String answer) {
  static RowText of(Example example) {
    return switch (example) {
      case Example.Labelled row -> new RowText(row.text(), "");
      case Example.Text row -> new RowText("", row.text());
      case Example.Document row -> new RowText("", row.text());
      case Example.Completion row -> new RowText(row.prompt(), row.completion());
      case Example.Chat row -> {
        int last = row.messages().size() - 1;
        while (last > 0 && !"assistant".equals(row.messages().get(last).get("role"))) {
          last--;
        }
        StringBuilder before = new StringBuilder();
        for (int i = 0; i < last; i++) {
          before.append(i == 0 ? "" : "\n").append(content(row.messages().get(i)));
        }
        yield new RowText(before.toString(), content(row.messages().get(last)));
      }
    };
  }

  /** Both, one after the other. */
  String all() {
    return prompt.isEmpty() ? answer : answer.isEmpty() ? prompt : prompt + "\n" + answer;
  }

  /** The words of a message: a text, or a list of parts of which some are texts. */
  static String content(Map<String, Object> message) {
    Object content = message.get("content");
    if (content instanceof String text) {
      return text;
    }
    StringBuilder words = new StringBuilder();
    if (content instanceof List<?> list) {
      for (Object part : list) {
        if (part instanceof Map<?, ?> map && map.get("text") instanceof String text) {
          words.append(words.isEmpty() ? "" : "\n").append(text);
        }
      }
    }
    if (words.isEmpty() && message.get("tool_calls") != null) {
      words.append(message.get("tool_calls"));
    }
    return words.toString();
  }
}
