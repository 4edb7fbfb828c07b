package dev.hone.train.inspect;

import dev.hone.train.data.Example;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

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
      case Example.Related row -> new RowText(String.join("\n", row.texts()), "");
      case Example.Completion row -> new RowText(row.prompt(), row.completion());
      case Example.Tagged row -> new RowText(row.text(), "");
      case Example.Preference row -> new RowText(of(row.prompt()).all(),
          of(row.chosen()).all() + "\n" + of(row.rejected()).all());
      case Example.Rated row -> new RowText(of(row.prompt()).all(), of(row.answer()).all());
      case Example.Chat row -> {
        int answer = row.lastAnswer();
        int last = answer < 0 ? row.messages().size() : answer;
        String before = IntStream.range(0, last).mapToObj(row::words).collect(Collectors.joining("\n"));
        yield new RowText(before, answer < 0 ? "" : row.words(answer));
      }
    };
  }

  /** Both, one after the other. */
  String all() {
    return prompt.isEmpty() ? answer : answer.isEmpty() ? prompt : prompt + "\n" + answer;
  }
}
