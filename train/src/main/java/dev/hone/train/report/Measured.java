package dev.hone.train.report;

import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Sampling;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.evaluation.Evaluator;
import dev.hone.train.evaluation.Prediction;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.infer.TextTagger;
import dev.hone.train.metric.TagSpan;
import dev.hone.train.task.classify.ClassifierTuning;
import dev.hone.train.task.embed.EmbeddingEvaluation;
import dev.hone.train.task.prefer.PreferenceLoss;
import dev.hone.train.task.prefer.PreferenceTuning;
import dev.hone.train.task.tag.TagTuning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** How a model being tuned is measured and shown for a report, in a bounded time: a kind per task. */
interface Measured {
  /** What its vectors are worth, of an embedding model with rows to measure; null of all others. */
  default EmbeddingEvaluation vectors() {
    return null;
  }

  /** Figures and predictions of rows that it did not learn from. */
  Evaluation evaluate();

  /** The cells of a further column for each row of {@link #evaluate}. */
  List<String> column(String name);

  /** Names of the labels, where the model does not have them itself. */
  default List<String> labels() {
    return List.of();
  }

  /** How the model does as it is now, in words, for a remark on what it was before training; null for nothing. */
  default String standing() {
    return null;
  }

  /** Some inputs, what should be answered, and what the model answers now. */
  List<Answer> answers();

  /** An answer; {@code wanted} is empty where nothing is. */
  record Answer(String input, String wanted, String given) {}

  /** So many of the numbers below {@code all}, evenly spread. */
  static int[] spread(int all, int most) {
    int n = Math.min(all, most);
    return IntStream.range(0, n).map(i -> (int) ((long) i * all / n)).toArray();
  }

  /** A classifier. */
  record OfClassifier(ClassifierTuning tuning, Dataset<Example.Labelled> shown, Dataset<Example.Labelled> rows)
      implements Measured {
    static final int MAX_ROWS = 2000;
    private static final int ANSWERS = 8;

    private Dataset<Example.Labelled> bounded() {
      return rows.select(spread(rows.size(), MAX_ROWS));
    }

    @Override
    public Evaluation evaluate() {
      return Evaluator.USUAL.evaluate(tuning.classifier(), bounded());
    }

    @Override
    public List<String> column(String name) {
      return bounded().column(name);
    }

    @Override
    public List<Answer> answers() {
      int[] chosen = spread(shown.size(), ANSWERS);
      List<TextClassifier.Prediction> predictions =
          tuning.classifier().predict(Arrays.stream(chosen).mapToObj(i -> shown.row(i).text()).toList());
      return IntStream.range(0, chosen.length).mapToObj(i -> {
        TextClassifier.Prediction p = predictions.get(i);
        return new Answer(shown.row(chosen[i]).text(), shown.row(chosen[i]).label(), p.label().equals("value")
            ? String.format(Locale.ROOT, "%.4g", p.probability())
            : String.format(Locale.ROOT, "%s (%.2f)", p.label(), p.probability()));
      }).toList();
    }
  }

  /** A tagger. */
  record OfTags(TagTuning tuning, Dataset<Example.Tagged> shown, Dataset<Example.Tagged> rows) implements Measured {
    static final int MOST_ROWS = 2000;
    private static final int ANSWERS = 5;

    private Dataset<Example.Tagged> bounded() {
      return rows.select(spread(rows.size(), MOST_ROWS));
    }

    @Override
    public Evaluation evaluate() {
      return TagTuning.evaluate(tuning.tagger(), bounded(), Evaluator.USUAL.bootstrap());
    }

    @Override
    public List<String> column(String name) {
      return bounded().column(name);
    }

    @Override
    public List<Answer> answers() {
      List<Example.Tagged> chosen = Arrays.stream(spread(shown.size(), ANSWERS)).mapToObj(shown::row).toList();
      List<TextTagger.Tagging> found = tuning.tagger().words(chosen);
      return IntStream.range(0, chosen.size()).mapToObj(i -> new Answer(chosen.get(i).text(),
          spans(chosen.get(i), chosen.get(i).tags()), spans(chosen.get(i), found.get(i).tags()))).toList();
    }

    private static String spans(Example.Tagged row, List<String> tags) {
      return TagSpan.of(tags).stream().map(span -> span.type() + " '" + row.text()
          .substring(row.words().get(span.first()).start(), row.words().get(span.last()).end()) + "'")
          .collect(Collectors.joining(", "));
    }
  }

  /** A model that learns preferences: what it writes, or of a reward model its numbers. */
  record OfPreferences(PreferenceTuning tuning, Dataset<Example.Judged> shown, Dataset<Example.Judged> rows) implements Measured {
    static final int MOST_ROWS = 500;
    private static final int ANSWERS = 3;

    private Dataset<Example.Judged> bounded() {
      return rows.select(spread(rows.size(), MOST_ROWS));
    }

    @Override
    public Evaluation evaluate() {
      return tuning.judge().evaluate(bounded(), Evaluator.USUAL.bootstrap());
    }

    @Override
    public List<String> column(String name) {
      List<String> cells = bounded().column(name);
      return Arrays.stream(tuning.judge().source(bounded())).mapToObj(cells::get).toList();
    }

    @Override
    public List<Answer> answers() {
      boolean reward = tuning.settings().loss() == PreferenceLoss.REWARD;
      return Arrays.stream(spread(shown.size(), ANSWERS)).mapToObj(shown::row)
          .map(row -> reward ? rewards((Example.Preference) row) : written(row)).toList();
    }

    private Answer rewards(Example.Preference row) {
      Evaluation two = tuning.judge().evaluate(Dataset.of("row", List.of(row)), Evaluator.USUAL.bootstrap());
      Prediction.OnePair pair = (Prediction.OnePair) two.predictions().getFirst();
      return new Answer(pair.row().text(), words(row.chosen()) + " | not: " + words(row.rejected()),
          String.format(Locale.ROOT, "%.3f | %.3f", pair.chosen(), pair.rejected()));
    }

    private Answer written(Example.Judged row) {
      Example.Language wanted = switch (row) {
        case Example.Preference pair -> pair.chosen();
        case Example.Rated rated -> rated.answer();
      };
      try {
        TextGenerator generator = tuning.generator();
        int[] prompt = row.prompt() instanceof Example.Chat chat && !chat.messages().isEmpty() ? generator.prompt(chat)
            : row.prompt() instanceof Example.Text(String text) ? generator.prompt(text) : new int[0];
        return new Answer(words(row.prompt()), words(wanted), OfLanguage.write(generator, prompt));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static String words(Example.Language text) {
      return switch (text) {
        case Example.Text(String words) -> words;
        case Example.Chat chat when !chat.messages().isEmpty() -> chat.words(chat.messages().size() - 1);
        default -> "";
      };
    }
  }

  /** A language model. */
  record OfLanguage(TextGenerator generator, Dataset<Example.Language> shown, Dataset<Example.Language> rows)
      implements Measured {
    static final int MAX_ROWS = 500;
    /** Of a long text without rows. */
    static final int MAX_CHARACTERS = 200_000;
    private static final int ANSWERS = 3;
    private static final int NEW_TOKENS = 40;
    private static final int PROMPT_WORDS = 8;

    @Override
    public Evaluation evaluate() {
      return Evaluator.USUAL.evaluate(generator, bounded(), generator.encoder().maxLength());
    }

    private Dataset<Example.Language> bounded() {
      return rows.row(0) instanceof Example.Document ? beginning() : rows.select(spread(rows.size(), MAX_ROWS));
    }

    @Override
    public List<String> column(String name) {
      List<String> cells = bounded().column(name);
      return Arrays.stream(generator.encoder().encode(bounded()).source()).mapToObj(cells::get).toList();
    }

    /** The first characters of a long text, or of its pieces. */
    private Dataset<Example.Language> beginning() {
      List<Example.Language> pieces = new ArrayList<>();
      int left = MAX_CHARACTERS;
      for (int i = 0; i < rows.size() && left > 0; i++) {
        String text = ((Example.Document) rows.row(i)).text();
        int end = Math.min(left, text.length());
        end -= end < text.length() && Character.isLowSurrogate(text.charAt(end)) ? 1 : 0;
        pieces.add(new Example.Document(text.substring(0, end)));
        left -= text.length();
      }
      return Dataset.of(rows.source(), pieces);
    }

    @Override
    public List<Answer> answers() {
      return Arrays.stream(spread(shown.size(), ANSWERS)).mapToObj(i -> answer(shown.row(i))).toList();
    }

    private Answer answer(Example.Language row) {
      return switch (row) {
        case Example.Completion(String prompt, String completion) when !prompt.isEmpty() ->
            new Answer(prompt, completion, write(generator.prompt(prompt)));
        case Example.Completion(_, String completion) -> begun(completion);
        case Example.Text(String text) -> begun(text);
        case Example.Document(String text) -> begun(text);
        case Example.Chat chat when chat.lastAnswer() > 0 -> {
          int answer = chat.lastAnswer();
          yield new Answer(chat.words(answer - 1), chat.words(answer), write(generator.prompt(chat.before(answer))));
        }
        case Example.Chat chat -> begun(chat.words(0));
      };
    }

    /** The first words of a text, to be continued. */
    private Answer begun(String text) {
      String words = Arrays.stream(text.strip().split("\\s+", PROMPT_WORDS + 1)).limit(PROMPT_WORDS)
          .collect(Collectors.joining(" "));
      return new Answer(words, "", write(generator.prompt(words)));
    }

    /** The likeliest words; what is random would differ without a reason. */
    private String write(int[] prompt) {
      return write(generator, prompt);
    }

    private static String write(TextGenerator generator, int[] prompt) {
      int room = generator.model().maxLength() - NEW_TOKENS;
      if (prompt.length == 0 || prompt.length > room) {
        return "(the input takes " + prompt.length + " of the model's " + generator.model().maxLength() + " tokens)";
      }
      StringBuilder text = new StringBuilder();
      GenerationSettings usual = generator.settings();
      generator.generate(prompt, new GenerationSettings(NEW_TOKENS, 0, Sampling.GREEDY, usual.endTokens(), List.of()),
          text::append);
      return text.toString();
    }
  }
}
