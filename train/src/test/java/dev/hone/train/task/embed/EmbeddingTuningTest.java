package dev.hone.train.task.embed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.core.HoneException;
import dev.hone.core.Scope;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Pass;
import dev.hone.train.Objective;
import dev.hone.train.TinyModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.Evaluated;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.data.Batches;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.optim.Gradients;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From rows of texts to a tuned embedding model, and back from its files. */
class EmbeddingTuningTest {
  @TempDir
  Path directory;

  private Path model;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.write(directory.resolve("model"));
  }

  /** Questions about letters, each with the answer that has the same letter. */
  private static Dataset<Example.Related> pairs(int rows) {
    return Dataset.of("memory", IntStream.range(0, rows).mapToObj(i -> Example.Related.pair(
        "is it " + (char) ('a' + i % 26) + (char) ('a' + i / 26), "the very " + (char) ('a' + i % 26) + (char) ('a' + i / 26)))
        .toList());
  }

  private Dataset<Example.Related> file(String name, String... lines) throws IOException {
    Path file = directory.resolve(name);
    Files.writeString(file, String.join("\n", lines) + "\n");
    return Dataset.related(file, DataOptions.DETECT);
  }

  @Test
  void aShortRunBringsTogetherWhatBelongsTogether() throws IOException {
    EmbeddingTuning tuning = EmbeddingTuning.full(model, EmbeddingSettings.USUAL);
    TrainingSet set = tuning.encode(pairs(52));
    TrainConfig config = TrainConfig.defaults(3e-3).with("num_train_epochs", 10).with("batch_size", 26);
    double before = Evaluated.of(tuning.model(), tuning.objective(set, config), set, 52).accuracy();
    tuning.train(set, null, config);
    double after = Evaluated.of(tuning.model(), tuning.objective(set, config), set, 52).accuracy();
    assertTrue(after > 0.9 && before < 0.6, before + " before, " + after + " after");
  }

  /** The gradients and the loss of a batch in parts are those of the batch as a whole. */
  @ParameterizedTest
  @CsvSource({"1", "3", "8", "100"})
  void partsOfABatchGiveTheGradientsOfTheWhole(int miniBatch) throws IOException {
    List<float[]> whole = gradients(0);
    List<float[]> parts = gradients(miniBatch);
    for (int i = 0; i < whole.size(); i++) {
      assertArrayEquals(whole.get(i), parts.get(i), 1e-6f, "tensor " + i);
    }
  }

  private List<float[]> gradients(int miniBatch) throws IOException {
    EmbeddingTuning tuning = EmbeddingTuning.full(model, EmbeddingSettings.USUAL.with("mini_batch_size", miniBatch));
    TrainingSet set = tuning.encode(pairs(20));
    int[] rows = IntStream.range(0, 20).toArray();
    Objective objective = tuning.objective(set, TrainConfig.defaults(1e-3));
    List<float[]> found = new ArrayList<>();
    try (Scope _ = Scope.open()) {
      var loss = objective.answer(tuning.model(), set.batch(rows), 1f / 20, Pass.training(1, 1).withModelDropout(0)).loss();
      loss.backward();
      found.add(new float[] {loss.value().item()});
    }
    for (Parameter parameter : tuning.parameters()) {
      found.add(parameter.hasGradient() ? parameter.gradient().toFloatArray() : new float[0]);
    }
    Gradients.clear(tuning.parameters());
    return found;
  }

  @Test
  void noTextIsTwiceInABatchAndEveryRowHasItsTurn() throws IOException {
    List<Example.Related> rows = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      rows.add(Example.Related.pair("is it " + (char) ('a' + i % 7), "the " + (char) ('a' + i % 26) + (char) ('a' + i / 26)));
    }
    EmbeddingTuning tuning = EmbeddingTuning.full(model, EmbeddingSettings.USUAL);
    TrainingSet set = tuning.encode(Dataset.of("memory", rows));
    TrainConfig config = TrainConfig.defaults(1e-3).with("batch_size", 16);
    Batches batches = tuning.objective(set, config).batches(set, config);
    Map<Integer, Integer> seen = new HashMap<>();
    for (int epoch = 0; epoch < 5; epoch++) {
      Set<Integer> once = new HashSet<>();
      for (int[] batch : batches.epoch(epoch)) {
        Set<String> anchors = new HashSet<>();
        for (int row : batch) {
          assertTrue(anchors.add(rows.get(row).texts().getFirst()), "twice in a batch: " + rows.get(row));
          assertTrue(once.add(row), "twice in an epoch: " + row);
          seen.merge(row, 1, Integer::sum);
        }
        assertTrue(batch.length > 1 && batch.length <= 7, batch.length + " rows");
      }
    }
    assertEquals(60, seen.size());
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void whatIsSavedMakesTheSameVectors(boolean adapter) throws IOException {
    EmbeddingSettings settings = EmbeddingSettings.USUAL.with("query_prompt", "is it ").with("pooling", "cls");
    EmbeddingTuning tuning = adapter ? EmbeddingTuning.adapted(model, LoraConfig.of(2, 4), settings, 1)
        : EmbeddingTuning.full(model, settings);
    tuning.train(pairs(20), null, TrainConfig.defaults(1e-3).with("num_train_epochs", 1));
    Path saved = directory.resolve("saved");
    tuning.save(saved);
    TextEmbedder again = adapter ? TextEmbedder.load(model, saved) : TextEmbedder.load(saved);
    List<String> texts = List.of("the good", "very awful", "");
    for (int i = 0; i < texts.size(); i++) {
      assertArrayEquals(tuning.embedder().embed(texts, "query").get(i), again.embed(texts, "query").get(i));
    }
    assertEquals(tuning.embedder().pooling(), again.pooling());
    assertEquals(tuning.embedder().maxLength(), again.maxLength());
  }

  @Test
  void aRunThatGoesOnHasTheBitsOfOneThatNeverStopped() throws IOException {
    TrainConfig config = TrainConfig.defaults(1e-3).with("batch_size", 8).with("num_train_epochs", 2).with("save_steps", 2);
    EmbeddingTuning whole = EmbeddingTuning.full(model, EmbeddingSettings.USUAL.with("mini_batch_size", 5));
    whole.train(pairs(30), pairs(10), config);
    EmbeddingTuning stopped = EmbeddingTuning.full(model, EmbeddingSettings.USUAL.with("mini_batch_size", 5));
    stopped.setCheckpoints(new Checkpoints(directory.resolve("checkpoints"), 2), false);
    stopped.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        if (step.step() == 3) {
          stopped.stop();
        }
      }
    });
    assertTrue(stopped.train(pairs(30), pairs(10), config).interrupted());
    EmbeddingTuning resumed = EmbeddingTuning.full(model, EmbeddingSettings.USUAL.with("mini_batch_size", 5));
    resumed.setCheckpoints(new Checkpoints(directory.resolve("checkpoints"), 2), true);
    resumed.train(pairs(30), pairs(10), config);
    assertArrayEquals(whole.embedder().embed("the good"), resumed.embedder().embed("the good"));
  }

  @Test
  void formsOfRowsAreToldByTheirColumns() throws IOException {
    assertEquals("a.jsonl: 2 rows, JSON lines, anchor = column 'query', positive = column 'answer', negative = column "
        + "'negatives'",
        file("a.jsonl", "{\"query\": \"a\", \"answer\": \"b\", \"negatives\": [\"c\", \"d\"]}",
        "{\"query\": \"e\", \"answer\": \"f\"}")
            .description());
    Dataset<Example.Related> scored = file("b.csv", "sentence1,sentence2,score", "good,fine,0.9", "good,bad,0.1");
    assertEquals(new Example.Related(List.of("good", "fine"), 0.9, null), scored.row(0));
    Dataset<Example.Related> labelled = file("c.csv", "text,label", "good,up", "fine,up", "bad,down", "awful,down");
    assertEquals("up", labelled.row(0).label());
    TrainingSet made = EmbeddingTuning.full(model, EmbeddingSettings.USUAL).encode(labelled);
    assertEquals(8, made.size());
    assertEquals(4, IntStream.range(0, 8).filter(i -> made.target(i, RelatedTexts.class).score() == 1).count());
    Dataset<Example.Related> triplets = file("d.csv", "anchor,positive,negative_1,negative_2", "a,b,c,d", "e,f,g,");
    assertEquals(List.of("e", "f", "g"), triplets.row(1).texts());
  }

  /** Rows that cannot be learnt from, and what is said. */
  @Test
  void everyWrongRowIsNamedInOneLine() throws IOException {
    refused("a.csv line 3: column 'positive' is empty: a row needs both of its texts", EmbeddingSettings.USUAL,
        "anchor,positive", "good,fine", "bad,");
    refused("a.csv line 3: 'high' is not a number, which a score (column 'score') has to be", EmbeddingSettings.USUAL,
        "anchor,positive,score", "good,fine,1", "bad,fine,high");
    refused("a.csv line 2: the loss mnr wants rows without scores, and this one has one; use cosent, cosine or contrastive",
        EmbeddingSettings.USUAL.with("loss", "mnr"), "anchor,positive,score", "good,fine,1");
    refused("a.csv line 2: the loss cosent wants rows with scores, and this one has none; use mnr, or triplet where rows have "
        + "negatives", EmbeddingSettings.USUAL.with("loss", "cosent"), "anchor,positive", "good,fine");
    refused("a.csv line 3: the loss triplet wants a negative in every row, and this one has none; use mnr",
        EmbeddingSettings.USUAL.with("loss", "triplet"), "anchor,positive,negative", "a,b,c", "d,e,");
    refused("a.csv line 2: the loss contrastive wants scores of 0 and 1, and this one is 0.5; use cosent or cosine",
        EmbeddingSettings.USUAL.with("loss", "contrastive"), "anchor,positive,score", "good,fine,0.5");
    refused("a.csv line 3: the loss cosine wants scores from -1 to 1, and this one is 5.0; divide them, or use cosent, for "
        + "which "
        + "only their order counts", EmbeddingSettings.USUAL.with("loss", "cosine"), "anchor,positive,score", "a,b,1", "c,d,5");
    refused("a.csv: all texts have the label 'up', so that there is nothing to tell apart; give at least two labels",
        EmbeddingSettings.USUAL, "text,label", "good,up", "fine,up", "great,up", "very good,up");
    refused("a.csv line 2: column 'negative' must be a list of texts, has 5", EmbeddingSettings.USUAL,
        "anchor\tpositive\tnegative", "good\tfine\t[5]");
    refused("a.csv: columns found: question, words; rows have a positive (positive | pos | answer | document | passage | "
        + "sentence2 ...), "
        + "and perhaps negatives or a score, or a text and a label; say which column is which: anchor=NAME,positive=NAME",
        EmbeddingSettings.USUAL, "question,words", "good times,one two three", "bad times,four five six",
        "fine times,seven", "great times,eight", "awful times,nine", "very times,ten");
  }

  private void refused(String message, EmbeddingSettings settings, String... lines) {
    HoneException refusal = assertThrows(HoneException.class,
        () -> EmbeddingTuning.full(model, settings).encode(file("a.csv", lines)));
    assertEquals(message, refusal.getMessage().replace(directory + "/", ""));
  }

  @Test
  void settingsThatCannotBeAreRefused() {
    assertEquals("loss must be mnr, cosent, cosine, contrastive, triplet or auto, is 'cosnt'; did you mean cosent?",
        assertThrows(IllegalArgumentException.class, () -> EmbeddingSettings.USUAL.with("loss", "cosnt")).getMessage());
    assertEquals("symmetric is for the loss mnr, not for cosine", assertThrows(IllegalArgumentException.class,
        () -> EmbeddingSettings.SETTINGS.read(Map.of("loss", "cosine", "symmetric", true))).getMessage());
    assertEquals("matryoshka_dims: 99 is more than the 16 numbers of a vector", assertThrows(IllegalArgumentException.class,
        () -> EmbeddingTuning.full(model, EmbeddingSettings.USUAL.with("matryoshka_dims", List.of("8", "99")))).getMessage());
  }

  /** A batch of 512 texts in parts of 32 needs hardly more memory than one of 32, and the whole of it much more. */
  @Test
  void partsOfABatchNeedTheMemoryOfOne() throws IOException {
    Path wide = TinyModel.write(directory.resolve("wide"), 64, 64);
    long part = pooled(wide, 16, 0);
    long cached = pooled(wide, 256, 32);
    long whole = pooled(wide, 256, 0);
    assertTrue(cached <= 1.3 * part, part + " bytes of 32 texts, " + cached + " of 512 in parts");
    assertTrue(whole > 4 * cached, whole + " bytes of 512 texts at once, " + cached + " in parts");
  }

  /** The most that tensors of a step need at a time. */
  private long pooled(Path wide, int rows, int miniBatch) throws IOException {
    EmbeddingTuning tuning = EmbeddingTuning.full(wide, EmbeddingSettings.USUAL.with("mini_batch_size", miniBatch));
    TrainingSet set = tuning.encode(Dataset.of("memory", IntStream.range(0, rows).mapToObj(i -> Example.Related.pair(
        "is it very good ".repeat(12) + (char) ('a' + i % 26) + (char) ('a' + i / 26),
        "the very great awful ".repeat(12) + (char) ('a' + i % 26) + (char) ('a' + i / 26))).toList()));
    int[] batch = IntStream.range(0, rows).toArray();
    Objective objective = tuning.objective(set, TrainConfig.defaults(1e-3));
    try (Scope.Hold _ = Scope.hold()) {
      Scope.trim();
      long before = Scope.pooledBytes();
      try (Scope _ = Scope.open()) {
        objective.answer(tuning.model(), set.batch(batch), 1f / rows, Pass.training(1, 1)).loss().backward();
        return Scope.pooledBytes() - before;
      } finally {
        Gradients.clear(tuning.parameters());
      }
    }
  }
}
