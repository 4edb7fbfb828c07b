package dev.hone.train.evaluation;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.HeadLoss;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Sampling;
import dev.hone.train.data.BatchSampler;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.encode.LanguageEncoder;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Inference;
import dev.hone.train.infer.FewShotClassifier;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.task.classify.ClassifierTuning;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Runs a model on rows whose answers are known, and measures it.
 *
 * {@snippet :
 * Evaluation tuned = Evaluator.USUAL.evaluate(TextClassifier.load(model, adapter), Dataset.labelled(file, DataOptions.DETECT));
 * Figure accuracy = tuned.figure("accuracy");
 * System.out.println(accuracy.value() + " from " + accuracy.low() + " to " + accuracy.high());
 * }
 *
 * @param bootstrap how intervals are made
 */
public record Evaluator(Bootstrap bootstrap) {
  /** 95 % intervals from 1,000 draws. */
  public static final Evaluator USUAL = new Evaluator(Bootstrap.USUAL);

  private static final int CLASSIFIER_BATCH = 32;
  private static final int LANGUAGE_BATCH = 8;

  /** A classifier on rows with labels that it knows. */
  public Evaluation evaluate(TextClassifier classifier, Dataset<Example.Labelled> data) {
    TrainingSet set = ClassifierTuning.encode(classifier, data);
    float[][] logits = Inference.logits(classifier.model(), set, CLASSIFIER_BATCH);
    return evaluate(classifier.model().labels(), data, set, logits);
  }

  /**
   * A classifier whose logits are known.
   *
   * @param set the rows of {@code data}, encoded: their targets
   * @param logits [rows, labels]
   */
  public Evaluation evaluate(Labels labels, Dataset<Example.Labelled> data, TrainingSet set, float[][] logits) {
    List<Prediction> predictions = new ArrayList<>();
    for (int i = 0; i < data.size(); i++) {
      Row row = Row.of(data.line(i), data.row(i).text());
      predictions.add(switch (labels.kind()) {
        case SINGLE_LABEL -> Prediction.OneClass.ofLogits(row, set.target(i, Target.OfClass.class).label(), logits[i]);
        case MULTI_LABEL -> Prediction.SomeLabels.ofLogits(row, set.target(i, Target.SomeLabels.class).shares(), logits[i]);
        case REGRESSION -> new Prediction.OneNumber(row, set.target(i, Target.Numbers.class).numbers()[0], logits[i][0]);
      });
    }
    return Evaluation.of(labels.names(), predictions, bootstrap);
  }

  /** A few-shot classifier on rows with labels that it knows. */
  public Evaluation evaluate(FewShotClassifier classifier, Dataset<Example.Labelled> data) {
    IntUnaryOperator label = new LabelSet(classifier.labels()).id(data);
    List<TextClassifier.Prediction> answers = classifier.predict(data.map(Example.Labelled::text));
    List<Prediction> predictions = new ArrayList<>();
    for (int i = 0; i < data.size(); i++) {
      float[] logits = answers.get(i).probabilities().clone();
      for (int k = 0; k < logits.length; k++) {
        logits[k] = (float) Math.log(Math.max(logits[k], Float.MIN_NORMAL));
      }
      predictions.add(Prediction.OneClass.ofLogits(Row.of(data.line(i), data.row(i).text()), label.applyAsInt(i), logits));
    }
    return Evaluation.of(classifier.labels(), predictions, bootstrap);
  }

  /**
   * How likely a language model takes texts to be.
   *
   * @param stride of the windows over a long text, from 1 to the generator's maximum length
   */
  public Evaluation evaluate(TextGenerator generator, Dataset<Example.Language> data, int stride) {
    return evaluate(generator, data, stride, Writing.NONE);
  }

  /**
   * Texts that a model is to write, to be compared with what the rows say: completions, and last answers of conversations.
   *
   * @param rows for how many of these rows at most, spread evenly over the data; all tokens of the others count just so
   * @param maxNewTokens how long a text may be; the likeliest token is taken each time
   * @param progress is told how many are done
   */
  public record Writing(int rows, int maxNewTokens, IntConsumer progress) {
    /** Nothing is written. */
    public static final Writing NONE = new Writing(0, 1, _ -> { });
  }

  /** How likely a language model takes texts to be, and what it writes itself. */
  public Evaluation evaluate(TextGenerator generator, Dataset<Example.Language> data, int stride, Writing writing) {
    LanguageEncoder.Encoded encoded = generator.encoder().encode(data, stride);
    TrainingSet set = encoded.set();
    Prediction.OneText[] predictions = new Prediction.OneText[set.size()];
    Inference.overBatches(BatchSampler.ofRows(set.lengths(), LANGUAGE_BATCH, 0),
        rows -> losses(generator, data, encoded, set.batch(rows), predictions));
    write(generator, data, encoded, writing, predictions);
    return Evaluation.of(List.of(), Arrays.asList(predictions), bootstrap);
  }

  private static void write(TextGenerator generator, Dataset<Example.Language> data, LanguageEncoder.Encoded encoded,
      Writing writing, Prediction.OneText[] predictions) {
    int[] asked = IntStream.range(0, predictions.length).filter(i -> predictions[i].reference() != null).toArray();
    int count = Math.min(asked.length, writing.rows);
    int[] rows = IntStream.range(0, count).map(i -> asked[(int) ((long) i * asked.length / count)]).toArray();
    GenerationSettings how = generator.settings().withSampling(Sampling.GREEDY).withMaxNewTokens(writing.maxNewTokens);
    for (int from = 0; from < rows.length; from += LANGUAGE_BATCH) {
      int[] chosen = Arrays.copyOfRange(rows, from, Math.min(rows.length, from + LANGUAGE_BATCH));
      List<int[]> prompts = IntStream.of(chosen).mapToObj(row -> prompt(generator, data.row(encoded.source()[row]))).toList();
      List<String> texts = generator.generateAll(prompts, how);
      for (int i = 0; i < chosen.length; i++) {
        predictions[chosen[i]] = predictions[chosen[i]].withGenerated(texts.get(i));
      }
      writing.progress.accept(from + chosen.length);
    }
  }

  private static int[] prompt(TextGenerator generator, Example.Language example) {
    return switch (example) {
      case Example.Completion completion -> generator.prompt(completion.prompt());
      case Example.Chat chat -> generator.prompt(chat.before(chat.lastAnswer()));
      default -> throw new IllegalArgumentException("evaluation: a text has no prompt");
    };
  }

  /** What should follow the prompt; null where there is none. */
  private static String reference(Example.Language example) {
    return switch (example) {
      case Example.Completion(_, String completion) -> completion;
      case Example.Chat chat when chat.lastAnswer() > 0
          && chat.messages().get(chat.lastAnswer()).get("content") instanceof String answer ->
          answer;
      default -> null;
    };
  }

  private static void losses(TextGenerator generator, Dataset<Example.Language> data, LanguageEncoder.Encoded encoded,
      TrainingBatch learnt, Prediction.OneText[] predictions) {
    PretrainedModel model = generator.model();
    int[] rows = learnt.rows();
    TokenBatch batch = learnt.tokens();
    int[] labels = learnt.labels();
    HeadLoss head = model.loss(batch, labels, CrossEntropySettings.PLAIN, 1,
        Pass.inference().withSavings(Pass.Savings.ALL)); // rows of a file often begin alike
    float[] losses = head.rowLosses().toFloatArray();
    float[] right = head.right().toFloatArray();
    int at = 0;
    for (int s = 0; s < rows.length; s++) {
      double sum = 0;
      long tokens = 0;
      long hits = 0;
      for (int i = batch.offsets()[s]; i < batch.offsets()[s + 1]; i++) {
        if (labels[i] >= 0) {
          sum += losses[at];
          hits += right[at++] > 0 ? 1 : 0;
          tokens++;
        }
      }
      Row row = row(generator, data, encoded, rows[s]);
      predictions[rows[s]] = new Prediction.OneText(row, tokens, hits, tokens == 0 ? 0 : sum / tokens,
          reference(data.row(encoded.source()[rows[s]])), null);
    }
  }

  private static Row row(TextGenerator generator, Dataset<Example.Language> data, LanguageEncoder.Encoded encoded, int at) {
    int source = encoded.source()[at];
    int line = data.line(source);
    return switch (data.row(source)) {
      case Example.Text(String text) -> Row.of(line, text);
      case Example.Completion(String prompt, String completion) -> Row.of(line, prompt, prompt + "\0" + completion);
      case Example.Chat chat -> Row.of(line, shown(chat), chat.messages().toString());
      case Example.Document _ -> {
        int[] tokens = encoded.set().tokens().get(at);
        yield Row.ofTokens(at + 1, generator.encoder().tokenizer().decode(tokens, true), tokens);
      }
    };
  }

  /** The last that is said before the assistant's last answer. */
  private static String shown(Example.Chat chat) {
    int shown = Math.max(0, (chat.lastAnswer() < 0 ? chat.messages().size() : chat.lastAnswer()) - 1);
    return chat.messages().get(shown).get("role") + ": " + chat.words(shown);
  }
}
