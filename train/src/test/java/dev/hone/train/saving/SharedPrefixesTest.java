package dev.hone.train.saving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.Variable;
import dev.hone.core.io.Safetensors;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.Pass.Savings;
import dev.hone.nn.PrefixTree;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.train.fixture.Fixtures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** What sequences begin with alike is computed once, for all decoders, and learns what it learns from each of them alone. */
@Tag("fixtures")
class SharedPrefixesTest {
  static List<Path> decoders() {
    return UnreadRowsTest.decoders();
  }

  /** A system prompt with two questions, of which one has two answers and one of these goes on; a copy; a row of its own. */
  private static TokenBatch batch(PretrainedModel model) {
    Random random = new Random(5);
    int[][] parts = new int[6][];
    int[] lengths = {11, 9, 8, 3, 6, 10};
    for (int i = 0; i < parts.length; i++) {
      parts[i] = random.ints(lengths[i], 4, model.config().vocabSize()).toArray();
    }
    List<int[]> rows = new ArrayList<>();
    for (int[] which : new int[][] {{0, 1, 3}, {5}, {0, 1, 4}, {0, 2}, {0, 1, 4, 3}, {0, 1, 3}, {0}}) {
      rows.add(IntStream.of(which).flatMap(part -> IntStream.of(parts[part])).toArray());
    }
    return TokenBatch.of(rows);
  }

  private static void same(PretrainedModel model, Function<Pass, Variable> loss) {
    for (boolean unread : new boolean[] {false, true}) {
      SideBySide.same(model, loss, new Savings(unread, true), List.of(Pass.training(3, 1).withModelDropout(0),
          Pass.training(3, 3).withModelDropout(0).withCheckpointing(), Pass.training(3, 3).withoutDropout()));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("decoders")
  void languageModelsLearnTheSame(Path directory) {
    for (boolean adapted : new boolean[] {false, true}) {
      PretrainedModel model = PretrainedModel.load(directory, Task.CAUSAL_LM);
      SideBySide.prepare(model, adapted, 0);
      TokenBatch batch = batch(model);
      int[] labels = batch.tokens().clone();
      for (int s = 0; s < batch.sequences(); s++) { // prompts are only read, but for one row
        Arrays.fill(labels, batch.offsets()[s], s == 3 ? batch.offsets()[s] : Math.min(batch.offsets()[s] + 20,
            batch.offsets()[s + 1]), -1);
      }
      same(model, pass -> model.loss(batch, labels, CrossEntropySettings.PLAIN, 0.1f, pass).loss());
      same(model, pass -> model.tokenLosses(batch, labels, pass).sum());
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("decoders")
  void classifiersLearnTheSame(Path directory) {
    PretrainedModel model = PretrainedModel.load(directory, new Labels(List.of("a", "b", "c"), Labels.Kind.SINGLE_LABEL), 9);
    SideBySide.prepare(model, false, 0);
    TokenBatch batch = batch(model);
    same(model, pass -> LossOps.crossEntropy(model.forward(batch, pass), new int[] {0, 2, 1, 2, 0, 1, 2},
        CrossEntropySettings.PLAIN, 0.25f));
  }

  @Test
  void gradientsAreThoseOfFloat64() {
    Path directory = Path.of("src/test/resources/saving");
    JsonNode given = Fixtures.json(directory.resolve("llama_shared.json"));
    PretrainedModel model = PretrainedModel.load(Fixtures.root().resolve("models/llama"), Task.CAUSAL_LM);
    model.setTrainable(true);
    List<int[]> rows = new ArrayList<>();
    for (JsonNode row : given.path("rows")) {
      rows.add(row.valueStream().mapToInt(JsonNode::asInt).toArray());
    }
    TokenBatch batch = TokenBatch.of(rows);
    assertEquals(13 + 10 + 7 + 5 + 9 + 9, PrefixTree.of(batch).batch().size());
    int[] labels = batch.tokens().clone();
    for (int s = 0; s < rows.size(); s++) {
      Arrays.fill(labels, batch.offsets()[s], batch.offsets()[s] + given.path("learn").path(s).asInt(), -1);
    }
    float scale = (float) given.path("scale").asDouble();
    for (boolean unread : new boolean[] {false, true}) {
      Map<String, float[]> found = SideBySide.gradients(model,
          pass -> model.loss(batch, labels, CrossEntropySettings.PLAIN, scale, pass).loss(),
          Pass.training(1, 1).withSavings(new Savings(unread, true)));
      assertEquals(given.path("loss").asDouble(), found.get("loss")[0], 1e-6 * 8);
      Safetensors expected = Fixtures.tensors(directory.resolve("llama_shared.safetensors"));
      double largest = 0;
      for (String name : expected.names()) {
        for (float number : expected.tensor(name).toFloatArray()) {
          largest = Math.max(largest, Math.abs(number));
        }
      }
      for (String name : expected.names()) {
        float[] numbers = expected.tensor(name).toFloatArray();
        for (int i = 0; i < numbers.length; i++) {
          assertEquals(numbers[i], found.get(name)[i], SideBySide.BOUND * largest, name + "[" + i + "]");
        }
      }
    }
  }

  @Test
  void aTreeHasEveryRunOnce() {
    int[] system = IntStream.range(10, 20).toArray();
    int[] question = IntStream.range(30, 38).toArray();
    TokenBatch batch = TokenBatch.of(List.of(joined(system, question, new int[] {1, 2}), joined(system, new int[] {3}),
        joined(system, question, new int[] {4}), new int[] {10, 11, 12}, joined(system, question, new int[] {1, 2})));
    PrefixTree tree = PrefixTree.of(batch);
    // three tokens are too few to share; the copies of the first row are too short behind the question
    assertEquals(10 + 8 + 2 + 2 + 1 + 1 + 3, tree.batch().size());
    for (int i = 0; i < batch.size(); i++) {
      assertEquals(batch.tokens()[i], tree.batch().tokens()[tree.rows()[i]]);
      assertEquals(batch.positions()[i], tree.batch().positions()[tree.rows()[i]]);
    }
    PrefixTree.Keys keys = tree.keys(tree.batch().offsets());
    for (int run = 0; run < tree.batch().sequences(); run++) { // a run sees its path from the first position on, and itself
      int length = keys.offsets()[run + 1] - keys.offsets()[run];
      for (int i = 0; i < length; i++) {
        assertEquals(i, tree.batch().positions()[keys.rows()[keys.offsets()[run] + i]]);
      }
      assertEquals(tree.batch().offsets()[run + 1] - 1, keys.rows()[keys.offsets()[run + 1] - 1]);
    }
    assertNull(PrefixTree.of(TokenBatch.of(List.of(system, question))));
    assertEquals(10, PrefixTree.of(TokenBatch.of(List.of(system, system, system))).batch().size());
  }

  private static int[] joined(int[]... parts) {
    return Stream.of(parts).flatMapToInt(IntStream::of).toArray();
  }

  @Test
  void whatIsDrawnAtRandomIsNotShared() {
    PretrainedModel gpt2 = PretrainedModel.load(Fixtures.root().resolve("models/gpt2"), Task.CAUSAL_LM);
    assertNull(gpt2.unshared(Pass.inference()));
    assertNull(gpt2.unshared(Pass.training(1, 1).withModelDropout(0)));
    assertEquals("the model has dropout (--dropout 0 turns it off)", gpt2.unshared(Pass.training(1, 1).withModelDropout(0.1f)));
    assertEquals("embeddings get noise (neftune_noise_alpha)",
        gpt2.unshared(Pass.training(1, 1).withModelDropout(0).withNoise(5)));
    SideBySide.prepare(gpt2, true, 0.1f);
    assertEquals("the adapter has dropout (--lora-dropout 0 turns it off)",
        gpt2.unshared(Pass.training(1, 1).withModelDropout(0)));
    assertNull(gpt2.unshared(Pass.training(1, 1).withoutDropout()));
    PretrainedModel phi = PretrainedModel.load(Fixtures.root().resolve("models/phi3_longrope"), Task.CAUSAL_LM);
    assertEquals("its positions depend on how long a sequence becomes", phi.unshared(Pass.inference()));
    PretrainedModel bert = PretrainedModel.load(Fixtures.root().resolve("models/bert"), Task.EMBEDDING);
    assertEquals("its tokens see what comes after them", bert.unshared(Pass.inference()));
  }
}
