package dev.hone.train.task.prefer;

import dev.hone.core.parallel.Workers;
import dev.hone.tokenizer.chat.ChatTemplateException;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.LanguageEncoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Turns judged answers into tokens as TRL does: the prompt alone says where the answer begins, texts end with the end token, rows
 * keep their beginning, and those whose prompt fills the maximum length are dropped.
 *
 * @param language tokenizer, chat template, end token and maximum length
 * @param loss which needs pairs or single answers
 * @param batchSize rows among which KTO gives every prompt the answer of the one before
 */
public record PreferenceEncoder(LanguageEncoder language, PreferenceLoss loss, int batchSize) {
  private static final double MOST_DROPPED = 0.05;

  /**
   * Rows as they are compared, and what became of the others.
   *
   * @param rows without a reference
   * @param source which row of the data each was made of
   * @param cut how many answers were longer than the maximum length; of a reward model's rows those that were dropped
   * @param dropped rows whose prompt alone was as long
   * @param tied pairs of equal answers, which were left out
   * @param joined answers whose prompt does not come to the same tokens with and without them
   */
  record Encoded(List<PreferenceRow> rows, int[] source, int cut, int dropped, int tied, int joined) {
    /** What came out, in one line. */
    String description(boolean whole) {
      long tokens = rows.stream().mapToLong(row -> row.first().length + row.second().length).sum();
      return String.format(Locale.ROOT, "%,d rows, %,d tokens%s%s%s%s", rows.size(), tokens,
          note(cut, whole ? " dropped, they are longer than the maximum length" : " answers cut at the maximum length"),
          note(dropped, " dropped, their prompt alone is as long"), note(tied, " left out, both answers are the same"),
          note(joined, " answers that change the tokens of their prompt"));
    }

    private static String note(int rows, String what) {
      return rows == 0 ? "" : "; " + rows + what;
    }
  }

  /**
   * A prompt and its answers in tokens, before they are cut.
   *
   * @param answers chosen and rejected, or the one that was rated
   * @param joined answers whose prompt does not come to the same tokens with and without them
   */
  public record Tokens(int[] prompt, List<int[]> answers, int joined) {}

  /** Rows of the data. Fails if more than 5 % of them teach nothing. */
  Encoded encode(Dataset<Example.Judged> data) {
    return encode(data, MOST_DROPPED);
  }

  /** Encodes rows where another share of the rows may be lost. */
  Encoded encode(Dataset<Example.Judged> data, double mostLost) {
    Tokens[] made = new Tokens[data.size()];
    RuntimeException[] faults = new RuntimeException[data.size()];
    int[] tied = new int[data.size()];
    Workers.run(data.size(), i -> {
      try {
        Example.Judged row = fitting(data, i);
        tied[i] = row instanceof Example.Preference pair && pair.isTied() ? 1 : 0;
        made[i] = tokens(row);
        check(made[i], data, i);
      } catch (ChatTemplateException | IllegalArgumentException e) {
        faults[i] = e instanceof DataException ? e : new DataException(data.source(), data.line(i), e.getMessage(), e);
      } catch (RuntimeException e) {
        faults[i] = e;
      }
    });
    for (RuntimeException fault : faults) {
      if (fault != null) {
        throw fault; // of the first row that has one
      }
    }
    boolean whole = loss == PreferenceLoss.REWARD;
    int dropped = 0;
    int cut = 0;
    int joined = 0;
    int firstLost = -1;
    List<Integer> kept = new ArrayList<>();
    for (int i = 0; i < made.length; i++) {
      int prompt = made[i].prompt.length;
      int longest = prompt + made[i].answers.stream().mapToInt(answer -> answer.length).max().orElse(0);
      boolean tooLong = whole ? longest > language.maxLength() : prompt >= language.maxLength();
      firstLost = firstLost < 0 && (tooLong || tied[i] > 0) ? i : firstLost;
      if (tied[i] > 0) {
        continue;
      }
      dropped += tooLong && !whole ? 1 : 0;
      cut += whole && tooLong ? 1 : 0;
      if (!tooLong) {
        kept.add(i);
        joined += made[i].joined;
        cut += (int) made[i].answers.stream().filter(answer -> prompt + answer.length > language.maxLength()).count();
      }
    }
    int ties = Arrays.stream(tied).sum();
    int lost = data.size() - kept.size();
    if (lost > mostLost * data.size() || kept.isEmpty()) {
      throw new DataException(data.source(), firstLost < 0 ? 0 : data.line(firstLost), lost + " of " + data.size()
          + " rows teach nothing, this is the first: " + (firstLost >= 0 && tied[firstLost] > 0 ? "both answers are the same"
              : (whole ? "an answer with its prompt is longer than" : "the prompt alone fills") + " the maximum length of "
              + language.maxLength() + " tokens; raise it (--max-length)") + "; more than 5 % is taken for a fault");
    }
    return loss == PreferenceLoss.KTO ? rated(data, made, kept, cut, dropped, ties, joined)
        : new Encoded(kept.stream().map(i -> pair((Example.Preference) data.row(i), made[i])).toList(),
            kept.stream().mapToInt(Integer::intValue).toArray(), cut, dropped, ties, joined);
  }

  private Example.Judged fitting(Dataset<Example.Judged> data, int i) {
    Example.Judged row = data.row(i);
    if (loss.isPaired() && !(row instanceof Example.Preference)) {
      throw new DataException(data.source(), data.line(i), "preference_loss " + loss.title() + " compares chosen with rejected "
          + "answers, and rows are single answers that were liked or not: use kto");
    }
    return row;
  }

  private PreferenceRow pair(Example.Preference row, Tokens tokens) {
    return new PreferenceRow(joined(tokens.prompt, tokens.answers.getFirst()), tokens.prompt.length,
        joined(tokens.prompt, tokens.answers.getLast()), tokens.prompt.length, (float) row.margin());
  }

  /** Single answers; of pairs all that were chosen, then the others. In a batch each prompt gets the answer before its own. */
  private Encoded rated(Dataset<Example.Judged> data, Tokens[] made, List<Integer> kept, int cut, int dropped, int ties,
      int joined) {
    record Single(int source, int[] prompt, int[] answer, boolean liked) {}
    List<Single> singles = new ArrayList<>();
    for (int side = 0; side < 2; side++) {
      for (int i : kept) {
        Example.Judged row = data.row(i);
        if (side < made[i].answers.size()) {
          singles.add(new Single(i, made[i].prompt, made[i].answers.get(side), row instanceof Example.Rated rated ? rated.liked()
              : side == 0));
        }
      }
    }
    List<PreferenceRow> rows = new ArrayList<>();
    for (int from = 0; from < singles.size(); from += batchSize) {
      int to = Math.min(singles.size(), from + batchSize);
      for (int i = from; i < to; i++) {
        Single own = singles.get(i);
        Single other = singles.get(i == from ? to - 1 : i - 1);
        rows.add(new PreferenceRow(joined(own.prompt, own.answer), own.prompt.length, joined(own.prompt, other.answer),
            own.prompt.length, own.liked ? 1 : -1));
      }
    }
    return new Encoded(rows, singles.stream().mapToInt(Single::source).toArray(), cut, dropped, ties, joined);
  }

  /** A prompt with an answer, cut at the maximum length. */
  public int[] joined(int[] prompt, int[] answer) {
    int[] all = Arrays.copyOf(prompt, prompt.length + answer.length);
    System.arraycopy(answer, 0, all, prompt.length, answer.length);
    return Arrays.copyOf(all, Math.min(all.length, language.maxLength()));
  }

  /** A row in tokens. */
  public Tokens tokens(Example.Judged row) {
    List<Example.Language> answers = switch (row) {
      case Example.Preference pair -> List.of(pair.chosen(), pair.rejected());
      case Example.Rated rated -> List.of(rated.answer());
    };
    int[] prompt = prompt(row.prompt());
    List<int[]> cut = new ArrayList<>();
    int joined = 0;
    for (Example.Language answer : answers) {
      int[] whole = whole(row.prompt(), answer);
      int shared = Math.min(prompt.length, whole.length);
      joined += Arrays.equals(prompt, Arrays.copyOf(whole, shared)) ? 0 : 1;
      cut.add(Arrays.copyOfRange(whole, shared, whole.length));
    }
    return new Tokens(prompt, cut, joined);
  }

  private int[] prompt(Example.Language prompt) {
    return switch (prompt) {
      case Example.Text(String text) -> language.prompt(text);
      case Example.Chat chat when chat.messages().isEmpty() -> new int[0];
      case Example.Chat chat -> language.prompt(chat);
      default -> throw new IllegalArgumentException("a prompt is a text or a conversation");
    };
  }

  private int[] whole(Example.Language prompt, Example.Language answer) {
    if (prompt instanceof Example.Text(String given) && answer instanceof Example.Text(String text)) {
      String end = language.templates().specialTokens().get("eos_token");
      if (end != null) {
        return language.prompt(given + (text.endsWith(end) ? text : text + end));
      }
      int[] tokens = language.prompt(given + text);
      return language.endToken() < 0 ? tokens : with(tokens, language.endToken());
    }
    if (prompt instanceof Example.Chat given && answer instanceof Example.Chat said) {
      List<Map<String, Object>> messages = new ArrayList<>(given.messages());
      messages.addAll(said.messages());
      return language.conversation(new Example.Chat(messages, given.tools() != null ? given.tools() : said.tools()));
    }
    throw new IllegalArgumentException("prompt and answers must all be texts or all be conversations");
  }

  private static int[] with(int[] tokens, int last) {
    int[] all = Arrays.copyOf(tokens, tokens.length + 1);
    all[tokens.length] = last;
    return all;
  }

  /** A token id that the model has no row for would read past its table; an answer without tokens would divide by zero. */
  private void check(Tokens tokens, Dataset<?> data, int row) {
    for (int[] answer : tokens.answers) {
      if (answer.length == 0 || tokens.prompt.length == 0 && answer.length == 1) {
        throw new DataException(data.source(), data.line(row), "an answer adds no token to its prompt");
      }
      for (int token : joined(tokens.prompt, answer)) {
        if (token >= language.vocabulary()) {
          throw new DataException(data.source(), data.line(row), "token '" + language.tokenizer().token(token) + "' has id "
              + token + ", the model's vocabulary has " + language.vocabulary()
              + " ids: tokenizer and model do not belong together");
        }
      }
    }
  }
}
