package dev.hone.train.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.random.Philox;
import dev.hone.nn.Labels;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Sampling;
import dev.hone.train.Evaluated;
import dev.hone.train.HeldOutMetric;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.LanguageEncoder;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.metric.Bleu;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.metric.ChrF;
import dev.hone.train.metric.ProbabilityScores;
import dev.hone.train.metric.Rouge;
import dev.hone.train.task.classify.ClassificationObjective;
import dev.hone.train.task.classify.ClassifierTuning;
import dev.hone.train.task.generate.NextTokenObjective;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluatorTest {
  @TempDir
  Path directory;

  private TextClassifier classifier(Labels labels) throws IOException {
    return ClassifierTuning.full(TinyModel.write(directory.resolve("bert")), labels, 3).classifier();
  }

  private static Dataset<Example.Labelled> rows(String... labels) {
    List<Example.Labelled> rows = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      rows.add(new Example.Labelled((i % 3 == 0 ? "very good " : "bad ").repeat(1 + i % 4), labels[i % labels.length]));
    }
    return Dataset.of("rows", rows);
  }

  private void assertAgreesWithTheTrainer(Labels labels, Dataset<Example.Labelled> data, HeldOutMetric... metrics)
      throws IOException {
    TextClassifier classifier = classifier(labels);
    TrainingSet set = ClassifierTuning.encode(classifier, data);
    Evaluated expected = Evaluated.of(classifier.model(), ClassificationObjective.of(labels), set, 7);
    Evaluation evaluation = Evaluator.USUAL.evaluate(classifier, data);
    assertEquals(expected.loss(), evaluation.figure("loss").value(), 1e-5);
    for (HeldOutMetric metric : metrics) {
      assertEquals(metric.of(expected, set, labels), evaluation.figure(metric.name().toLowerCase()).value(), 1e-6, metric.name());
    }
    evaluation.figures().forEach((name, figure) -> assertTrue(Double.isNaN(figure.value())
        || figure.low() <= figure.high() && Double.isFinite(figure.low()), name + " " + figure));
    Path file = directory.resolve(PredictionsFile.NAME);
    PredictionsFile.write(file, evaluation);
    PredictionsFile read = PredictionsFile.read(file);
    Evaluation again = Evaluation.of(read.labels(), read.predictions(), evaluation.bootstrap());
    assertEquals(evaluation.figures(), again.figures());
    assertEquals(EvaluationJson.of(evaluation), EvaluationJson.of(again));
    assertEquals(30, read.predictions().stream().map(p -> p.row().key()).distinct().count());
  }

  @Test
  void figuresAreThoseOfTheTrainerForEveryKindOfLabel() throws IOException {
    assertAgreesWithTheTrainer(new Labels(List.of("a", "b"), Labels.Kind.SINGLE_LABEL), rows("a", "b", "a"),
        HeldOutMetric.ACCURACY, HeldOutMetric.BALANCED_ACCURACY, HeldOutMetric.MATTHEWS, HeldOutMetric.MACRO_F1,
        HeldOutMetric.WEIGHTED_F1);
    assertAgreesWithTheTrainer(new Labels(List.of("a", "b", "c"), Labels.Kind.MULTI_LABEL), rows("a", "b|c", "a|c"),
        HeldOutMetric.ACCURACY, HeldOutMetric.MICRO_F1, HeldOutMetric.MACRO_F1, HeldOutMetric.WEIGHTED_F1);
    assertAgreesWithTheTrainer(new Labels(List.of("value"), Labels.Kind.REGRESSION), rows("1", "2.5", "-3"), HeldOutMetric.MAE,
        HeldOutMetric.RMSE, HeldOutMetric.R2, HeldOutMetric.PEARSON);
  }

  @Test
  void everyRowOfALanguageModelHasItsOwnLoss() throws IOException {
    TextGenerator generator = TextGenerator.load(TinyLanguageModel.write(directory.resolve("tiny")), null);
    Dataset<Example.Language> data = Dataset.of("rows", List.of(new Example.Completion("a > ", "bcd"), new Example.Text("xyz"),
        new Example.Completion("a longer one > ", "e"), new Example.Completion("a longer one > ", "fghi"), // computed together
        new Example.Completion("a longer one? ", "j")));
    Evaluation evaluation = Evaluator.USUAL.evaluate(generator, data, 64);
    LanguageEncoder.Encoded encoded = generator.encoder().encode(data);
    for (int i = 0; i < data.size(); i++) {
      TrainingSet one = new TrainingSet(encoded.set().tokens().subList(i, i + 1), null,
          encoded.set().targets().subList(i, i + 1));
      Evaluated expected = Evaluated.of(generator.model(), NextTokenObjective.PLAIN, one, 1);
      Prediction.OneText text = (Prediction.OneText) evaluation.predictions().get(i);
      assertEquals(expected.loss(), text.loss(), 1e-5);
      assertEquals(expected.items(), text.tokens());
      assertEquals(expected.accuracy(), text.hits() / (double) text.tokens(), 1e-9);
    }
    Evaluated all = Evaluated.of(generator.model(), NextTokenObjective.PLAIN, encoded.set(), 2);
    assertEquals(all.loss(), evaluation.figure("loss").value(), 1e-5);
    assertEquals(Math.exp(all.loss()), evaluation.figure("perplexity").value(), 1e-3);
    assertEquals(all.items(), evaluation.tokens());
    assertEquals("bcd", ((Prediction.OneText) evaluation.predictions().getFirst()).reference());
    Path file = directory.resolve("p.jsonl");
    PredictionsFile.write(file, evaluation);
    assertEquals(evaluation.predictions(), PredictionsFile.read(file).predictions());
  }

  @Test
  void whatTheModelWritesIsMeasuredWhereRowsHaveAnAnswer() throws IOException {
    TextGenerator generator = TextGenerator.load(TinyLanguageModel.write(directory.resolve("tiny")), null);
    Map<String, Object> question = Map.of("role", "user", "content", "hello");
    Dataset<Example.Language> data = Dataset.of("rows", List.of(new Example.Completion("a > ", "b c d e f"),
        new Example.Text("xyz"), new Example.Chat(List.of(question, Map.of("role", "assistant", "content", "good day to you")),
        null)));
    Evaluation evaluation = Evaluator.USUAL.evaluate(generator, data, 64, new Evaluator.Writing(10, 6, _ -> { }));
    assertEquals(2, evaluation.written());
    GenerationSettings how = generator.settings().withMaxNewTokens(6).withSampling(Sampling.GREEDY);
    StringBuilder chat = new StringBuilder();
    generator.generate(generator.prompt(new Example.Chat(List.of(question), null)), how, chat::append);
    List<String> written = List.of(generator.generate("a > ", how), chat.toString());
    List<Prediction.OneText> rows = evaluation.predictions().stream().map(Prediction.OneText.class::cast).toList();
    assertEquals(written, List.of(rows.get(0).generated(), rows.get(2).generated()));
    assertEquals(null, rows.get(1).generated());
    List<List<String>> wanted = List.of(List.of("b c d e f"), List.of("good day to you"));
    assertEquals(ChrF.CHRF.score(written, wanted), evaluation.figure("chrf").value());
    assertEquals(Bleu.CORPUS.score(written, wanted).value(), evaluation.figure("bleu").value());
    assertEquals(Rouge.ROUGE_L.best(written, wanted).f1(), evaluation.figure("rouge_l").value(), 1e-12);
    assertEquals(1, Evaluator.USUAL.evaluate(generator, data, 64, new Evaluator.Writing(1, 6, _ -> { })).written());
  }

  @Test
  void blocksOfALongTextCoverEveryTokenOnce() throws IOException {
    TextGenerator generator = TextGenerator.load(TinyLanguageModel.write(directory.resolve("tiny")), null).withRows(32, false);
    Dataset<Example.Language> book = Dataset.of("book", List.of(new Example.Document("the quick brown fox. ".repeat(20))));
    Evaluation evaluation = Evaluator.USUAL.evaluate(generator, book, 16);
    assertEquals(generator.encoder().tokenizer().encode("the quick brown fox. ".repeat(20)).size() - 1, evaluation.tokens(), 2);
    assertTrue(evaluation.predictions().size() > 10);
  }

  @Test
  void keysTellRowsApartAndStayTheSame() {
    assertEquals(Row.of(3, "x").key(), Row.of(3, "x").key());
    assertTrue(!Row.of(3, "x").key().equals(Row.of(4, "x").key()));
    assertTrue(!Row.of(3, "x").key().equals(Row.of(3, "y").key()));
  }

  @Test
  void aFileThatIsNoneIsNamedWithItsLine() throws IOException {
    Path file = Files.writeString(directory.resolve("p.jsonl"), "{\"key\":\"1-a\",\"line\":1,\"text\":\"x\",\"truth\":\"a\","
        + "\"predicted\":\"a\",\"probabilities\":{\"a\":0.7,\"b\":0.3},\"loss\":0.3}\n{\"key\":\"2-a\"}\n");
    DataException e = assertThrows(DataException.class, () -> PredictionsFile.read(file));
    assertTrue(e.getMessage().contains("line 2") && e.getMessage().contains("'line' is missing"), e.getMessage());
    assertThrows(DataException.class, () -> PredictionsFile.read(Files.writeString(file, "")));
  }

  @Test
  void figuresOfProbabilitiesAreThoseOfTheMeasures() {
    for (int classes : new int[] {2, 4}) {
      Philox random = new Philox(3, classes);
      List<Prediction.OneClass> rows = IntStream.range(0, 200).mapToObj(i -> {
        float[] logits = new float[classes];
        random.withStream(i).fillNormal(logits, 0, classes, 0, 2);
        return Prediction.OneClass.ofLogits(Row.of(i, "x"), i % classes, logits);
      }).toList();
      ProbabilityScores scores = new ProbabilityScores(rows.stream().mapToInt(Prediction.OneClass::truth).toArray(),
          rows.stream().map(Prediction.OneClass::probabilities).toArray(double[][]::new));
      Evaluation evaluation = Evaluation.of(List.of("a", "b", "c", "d").subList(0, classes), rows, new Bootstrap(20, 0.95, 0));
      assertEquals(scores.calibrationError(15), evaluation.figure("calibration_error").value(), 1e-12);
      assertEquals(scores.logLoss(), evaluation.figure("loss").value(), 1e-12);
      assertEquals(scores.auroc(), evaluation.figure("auroc").value(), 1e-12);
      assertEquals(scores.averagePrecision(), evaluation.figure("average_precision").value(), 1e-12);
      assertEquals(classes == 2, evaluation.figures().containsKey("brier"));
      if (classes == 2) {
        assertEquals(scores.brier(), evaluation.figure("brier").value(), 1e-12);
      }
      assertEquals(scores.reliability(15), evaluation.reliability(15));
    }
  }

  @Test
  void hugeLogitsStayFinite() {
    Prediction.OneClass one = Prediction.OneClass.ofLogits(Row.of(1, "x"), 0, new float[] {-1000, 1000});
    assertEquals(2000, one.loss());
    assertArrayEquals(new double[] {0, 1}, one.probabilities());
    assertEquals(1000, Prediction.SomeLabels.ofLogits(Row.of(1, "x"), new float[] {1}, new float[] {-1000}).loss());
  }
}
