package dev.hone.train.inspect;

import dev.hone.tokenizer.chat.ChatTemplate;
import dev.hone.tokenizer.chat.ChatTemplateException;
import dev.hone.train.data.Example;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A row as training sees it.
 *
 * @param place where it is
 * @param spans its text, cut where what is learnt begins or ends
 * @param label of a text to classify; else null
 * @param tokens how many there are before it is cut; 0 without a tokenizer
 * @param learnt how many are learnt
 * @param cut how many tokens are cut off
 * @param ids the tokens that are left; none without a tokenizer
 * @param trained which of them are learnt: none of a text to classify, and never the first, which nothing comes before
 */
public record Sample(Finding.Place place, List<Span> spans, String label, int tokens, int learnt, int cut, int[] ids,
    boolean[] trained) {
  /** Longer samples are not shown whole. */
  private static final int MAX_TOKENS = 1000;
  private static final int MAX_CHARACTERS = 4000;

  /**
   * A piece of text.
   *
   * @param text tokens, special ones too, one after the other
   * @param trained whether they are learnt
   */
  public record Span(String text, boolean trained) {}

  /** A row by the tokens that training has, or by its words if there is no tokenizer. */
  static Sample of(Corpus corpus, int row, TokenView view) {
    Example example = corpus.row(row);
    String label = example instanceof Example.Labelled labelled ? labelled.label() : null;
    if (view == null) {
      return untold(corpus, row, example, label);
    }
    Map<Boolean, ChatTemplate> templates = new HashMap<>();
    TokenView.Tokens tokens;
    try {
      tokens = view.tokens(example, templates);
    } catch (ChatTemplateException | IllegalArgumentException _) {
      return untold(corpus, row, example, label);
    }
    int all = tokens.ids().length;
    int[] ids = tokens.kept();
    int kept = ids.length;
    boolean[] learnt = new boolean[kept];
    int count = 0;
    for (int i = 1; i < kept && tokens.trained() != null; i++) {
      learnt[i] = tokens.trained()[i];
      count += learnt[i] ? 1 : 0;
    }
    int shown = Math.min(kept, MAX_TOKENS);
    List<String> pieces = view.pieces(Arrays.copyOf(ids, shown));
    List<Span> spans = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    boolean trained = false;
    for (int i = 0; i < shown; i++) {
      boolean now = learnt[i];
      if (now != trained && !text.isEmpty()) {
        spans.add(new Span(text.toString(), trained));
        text.setLength(0);
      }
      trained = now;
      text.append(pieces.get(i));
    }
    spans.add(new Span(text.toString(), trained));
    if (shown < kept) {
      spans.add(new Span(" ... " + (kept - shown) + " more tokens", false));
    }
    return new Sample(corpus.place(row), spans, label, all, count, all - kept, ids, learnt);
  }

  private static Sample untold(Corpus corpus, int row, Example example, String label) {
    return new Sample(corpus.place(row), words(example), label, 0, 0, 0, new int[0], new boolean[0]);
  }

  private static List<Span> words(Example example) {
    List<Span> spans = new ArrayList<>();
    switch (example) {
      case Example.Labelled row -> add(spans, row.text(), false);
      case Example.Related row -> row.texts().forEach(text -> add(spans, text + "\n", false));
      case Example.Text row -> add(spans, row.text(), true);
      case Example.Document row -> add(spans, row.text(), true);
      case Example.Completion row -> {
        add(spans, row.prompt(), false);
        add(spans, row.completion(), true);
      }
      case Example.Tagged row -> row.words().forEach(word ->
          add(spans, row.text().substring(word.start(), word.end()) + " ", !word.tag().equals("O")));
      case Example.Preference row -> {
        add(spans, RowText.of(row.prompt()).all(), false);
        add(spans, RowText.of(row.chosen()).all(), true);
        add(spans, RowText.of(row.rejected()).all(), false);
      }
      case Example.Rated row -> {
        add(spans, RowText.of(row.prompt()).all(), false);
        add(spans, RowText.of(row.answer()).all(), row.liked());
      }
      case Example.Chat row -> {
        for (int i = 0; i < row.messages().size(); i++) {
          Object role = row.messages().get(i).get("role");
          add(spans, role + ": ", false);
          add(spans, row.words(i), "assistant".equals(role) && !row.isContext(i));
          add(spans, "\n", false);
        }
      }
    }
    return spans;
  }

  private static void add(List<Span> spans, String text, boolean trained) {
    if (!text.isEmpty()) {
      spans.add(new Span(text.length() <= MAX_CHARACTERS ? text : text.substring(0, MAX_CHARACTERS) + " ...", trained));
    }
  }
}
