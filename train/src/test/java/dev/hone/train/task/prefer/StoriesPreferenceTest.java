package dev.hone.train.task.prefer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.lora.LoraConfig;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Sampling;
import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.metric.Bootstrap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A real pretrained model of 260 thousand weights learns a rule from its own texts: of four that it writes to a prompt the one
 * with the shortest sentences is preferred to the one with the longest. Prompts of the measured part occur nowhere in training.
 */
@Tag("fixtures")
class StoriesPreferenceTest {
  private static final Path STORIES = Path.of(System.getProperty("hone.shared", "../../shared")).resolve("models/stories260K");
  private static final int LENGTH = 48;
  private static final int SAMPLES = 4;
  private static final List<String> NAMES = List.of("Tom", "Lily", "Ben", "Sue", "Max", "Mia", "Sam", "Anna", "Tim", "Lucy",
      "Jack", "Amy", "Bob", "Jane", "Leo", "Kim");
  private static final List<String> OPENINGS = List.of("One day, %s went to the park", "%s had a big red ball",
      "Once upon a time, %s saw a cat", "%s wanted to eat a cake", "%s was very happy", "In the morning, %s found a box",
      "%s and a friend played outside", "One night, %s could not sleep", "%s liked to draw", "Today %s was sad",
      "%s went to the sea with mom", "%s saw a bird in a tree", "There was a boy named %s", "%s lost a toy",
      "%s ran to the house", "Mom gave %s a new book");

  private static List<String> prompts(int from, int to) {
    List<String> prompts = new ArrayList<>();
    for (int i = from; i < to; i++) {
      for (int j = from; j < to; j++) {
        prompts.add(String.format(OPENINGS.get(j), NAMES.get(i)));
      }
    }
    return prompts;
  }

  /** The rule: words per end of a sentence. */
  private static double sentence(String text) {
    long ends = text.chars().filter(c -> c == '.' || c == '!' || c == '?').count();
    return text.strip().split("\\s+").length / (double) Math.max(1, ends);
  }

  private static List<String> write(TextGenerator generator, List<String> prompts, long seed) {
    GenerationSettings how = generator.settings().withMaxNewTokens(LENGTH)
        .withSampling(new Sampling(1, 0, 1, 0, 1, seed));
    List<String> texts = new ArrayList<>();
    for (int from = 0; from < prompts.size(); from += 32) {
      texts.addAll(generator.generateAll(prompts.subList(from, Math.min(prompts.size(), from + 32)).stream()
          .map(generator::prompt).toList(), how));
    }
    return texts;
  }

  private static Dataset<Example.Judged> pairs(TextGenerator generator, List<String> prompts, long seed) {
    List<List<String>> samples = IntStream.range(0, SAMPLES).mapToObj(i -> write(generator, prompts, seed + i)).toList();
    List<Example.Judged> rows = new ArrayList<>();
    for (int p = 0; p < prompts.size(); p++) {
      int prompt = p;
      List<String> texts = samples.stream().map(all -> all.get(prompt)).filter(text -> !text.isBlank())
          .sorted(Comparator.comparingDouble(StoriesPreferenceTest::sentence)).toList();
      if (texts.size() > 1 && sentence(texts.getFirst()) < sentence(texts.getLast())) {
        rows.add(new Example.Preference(new Example.Text(prompts.get(p)), new Example.Text(texts.getFirst()),
            new Example.Text(texts.getLast()), 0));
      }
    }
    return Dataset.of("pairs", rows);
  }

  @Tag("long")
  @Test
  void whatIsPreferredIsWritten() throws IOException {
    prefer("sigmoid", 1, 0.001);
  }

  @Tag("long")
  @ParameterizedTest(name = "{0}, seed {1}")
  @CsvSource({"kto, 1, 0.004", "sigmoid, 2, 0.001", "kto, 2, 0.004", "sigmoid, 3, 0.001", "kto, 3, 0.004"})
  void whatIsPreferredIsWritten(String loss, long seed, double rate) throws IOException {
    prefer(loss, seed, rate);
  }

  private void prefer(String loss, long seed, double rate) throws IOException {
    assumeTrue(Files.exists(STORIES), "no model at " + STORIES);
    TextGenerator base = TextGenerator.load(STORIES, null);
    Dataset<Example.Judged> training = pairs(base, prompts(0, 12), 100 * seed);
    List<String> asked = prompts(12, NAMES.size());
    List<String> before = new ArrayList<>();
    IntStream.range(0, 6).forEach(i -> before.addAll(write(base, asked, 9000 + i)));

    PreferenceTuning tuning = PreferenceTuning.adapted(STORIES, LoraConfig.of(8, 16),
        PreferenceSettings.of(Map.of("preference_loss", loss)), seed, null).withMaxLength(128).withBatchSize(16);
    List<Double> losses = new ArrayList<>();
    tuning.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        losses.add(step.loss());
      }
    });
    TrainConfig config = TrainConfig.of(Map.of("learning_rate", rate, "batch_size", 16, "num_train_epochs", 4, "seed", seed));
    TrainingSet set = tuning.encode(training);
    tuning.train(set, null, config);
    assertEquals(loss.equals("kto") ? 0.5 : Math.log(2), losses.getFirst(), 1e-5, "loss of the first step");

    Dataset<Example.Judged> unseen = pairs(base, asked, 7777);
    PreferenceFigures figures = PreferenceFigures.of(tuning, unseen);
    List<String> after = new ArrayList<>();
    TextGenerator tuned = tuning.generator();
    IntStream.range(0, 6).forEach(i -> after.addAll(write(tuned, asked, 9000 + i)));
    double wins = 0;
    for (int i = 0; i < after.size(); i++) {
      wins += Math.signum(sentence(before.get(i)) - sentence(after.get(i))) / 2 + 0.5;
    }
    Bootstrap.Interval interval = Bootstrap.USUAL.share(wins, after.size());
    String found = String.format("%s seed %d: %d rows, loss %.4f to %.4f, held-out accuracy %.3f, margin %.3f, win rate %.3f "
        + "(%.3f to %.3f), words per sentence %.2f before and %.2f after", loss, seed, set.size(),
        losses.getFirst(), losses.getLast(), figures.accuracy(), figures.margin(), wins / after.size(), interval.low(),
        interval.high(),
        before.stream().mapToDouble(StoriesPreferenceTest::sentence).average().orElseThrow(),
        after.stream().mapToDouble(StoriesPreferenceTest::sentence).average().orElseThrow());
    System.out.println(found);
    assertTrue(wins / after.size() >= 0.7 && interval.low() > 0.5, found);
    assertTrue(figures.accuracy() > 0.6 && figures.margin() > 0, found);
  }
}
