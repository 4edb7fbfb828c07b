package dev.hone.train.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.GradMode;
import dev.hone.core.DType;
import dev.hone.core.random.Philox;
import dev.hone.nn.InterleavedWeights;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Generator;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.TinyLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models answer the same with interleaved weights. */
class InterleavedWeightsTest {
  private static final DType[] QUANTIZED = {null, DType.Q8_0, DType.NF4, DType.INT8_ROWS};

  @TempDir
  static Path parent;

  @BeforeAll
  static void write() throws IOException {
    for (DType type : new DType[] {DType.F32, DType.BF16}) {
      Path directory = Files.createDirectories(parent.resolve(type.name()));
      Path config = TinyLanguageModel.writeConfig(directory.resolve("config.json"));
      Files.writeString(config, Files.readString(config).replaceFirst("\"hidden_size\":32", "\"hidden_size\":128")
          .replaceFirst("\"intermediate_size\":64", "\"intermediate_size\":192"));
      new ModelLoader(directory).task(Task.CAUSAL_LM).untrained().seed(3).load().save(directory, type);
    }
  }

  private static PretrainedModel model(DType type, DType quantized) {
    return PretrainedModel.load(parent.resolve(type.name()), Task.CAUSAL_LM, quantized);
  }

  private static int[] prompt(int seed, int length) {
    Philox random = new Philox(seed, 1);
    return IntStream.range(0, length).map(i -> 2 + (int) (random.uniform(i) * 250)).toArray();
  }

  @Test
  void tokensAreThoseOfStoredWeights() {
    GenerationSettings settings = GenerationSettings.GREEDY.withMaxNewTokens(40);
    for (DType type : new DType[] {DType.F32, DType.BF16}) {
      for (DType quantized : QUANTIZED) {
        PretrainedModel stored = model(type, quantized);
        PretrainedModel interleaved = model(type, quantized);
        InterleavedWeights done = InterleavedWeights.of(interleaved, Long.MAX_VALUE);
        assertEquals(0, done.left());
        assertTrue(done.weights() >= 1 && done.bytes() > 0, () -> type + " " + quantized + ": " + done);
        assertEquals(0, InterleavedWeights.of(interleaved, Long.MAX_VALUE).weights(), "they have it already");
        List<int[]> prompts = List.of(prompt(1, 3), prompt(2, 20), prompt(3, 1), prompt(4, 60));
        for (int i = 0; i < prompts.size(); i++) {
          assertArrayEquals(new Generator(stored).generate(List.of(prompts.get(i)), settings).getFirst().tokens(),
              new Generator(interleaved).generate(prompts, settings).get(i).tokens(), type + " " + quantized + ", prompt " + i);
        }
      }
    }
  }

  /** Tokens are the same; weights have the second form once there are enough of them. */
  @Test
  void whatIsLaidOutWhileItWritesChangesNoToken() {
    GenerationSettings settings = GenerationSettings.GREEDY.withMaxNewTokens(30);
    for (DType type : new DType[] {DType.F32, DType.BF16}) {
      for (DType quantized : QUANTIZED) {
        PretrainedModel now = model(type, quantized);
        PretrainedModel later = model(type, quantized);
        InterleavedWeights all = InterleavedWeights.of(now);
        assertEquals(all, InterleavedWeights.later(later));
        new Generator(later).generate(List.of(prompt(5, 9)), settings.withMaxNewTokens(2));
        assertEquals(all.weights(), InterleavedWeights.later(later).weights(), "none is made yet");
        List<int[]> prompts = List.of(prompt(2, 20), prompt(3, 1));
        for (int i = 0; i < prompts.size(); i++) {
          assertArrayEquals(new Generator(now).generate(List.of(prompts.get(i)), settings).getFirst().tokens(),
              new Generator(later).generate(List.of(prompts.get(i)), settings).getFirst().tokens(), type + " " + quantized);
        }
        assertEquals(0, InterleavedWeights.of(later).weights(), "all are made");
      }
    }
  }

  /** The logits of a batch with and without; and those of generation, which then are those of the batch. */
  @Test
  void logitsHaveTheSameBits() {
    TokenBatch batch = TokenBatch.of(List.of(prompt(1, 3), prompt(2, 20), prompt(3, 1)));
    TokenBatch one = TokenBatch.of(List.of(prompt(3, 1)));
    for (DType quantized : QUANTIZED) {
      PretrainedModel model = model(DType.BF16, quantized);
      float[] before = logits(model, batch);
      InterleavedWeights.of(model, Long.MAX_VALUE);
      assertArrayEquals(before, logits(model, batch), () -> "" + quantized);
      try (GradMode _ = GradMode.generating()) {
        float[] alone = model.forward(one, Pass.inference()).value().toFloatArray();
        assertArrayEquals(Arrays.copyOfRange(before, before.length - alone.length, before.length), alone, () -> "" + quantized);
      }
    }
  }

  private static float[] logits(PretrainedModel model, TokenBatch batch) {
    try (GradMode _ = GradMode.disabled()) {
      return model.forward(batch, Pass.inference()).value().toFloatArray();
    }
  }

  @Test
  void theMemoryHasABound() {
    PretrainedModel model = model(DType.BF16, null);
    long all = InterleavedWeights.of(model(DType.BF16, null), Long.MAX_VALUE).bytes();
    InterleavedWeights some = InterleavedWeights.of(model, all / 2);
    assertTrue(some.bytes() <= all / 2 && some.bytes() > 0 && some.left() > 0, some::toString);
    assertEquals(0, InterleavedWeights.of(model(DType.BF16, null), 0).bytes());
  }
}
