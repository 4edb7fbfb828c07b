package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Device;
import dev.hone.core.kernel.cuda.EmulatedGpu;
import dev.hone.nn.MemoryEstimate;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.task.generate.NextTokenObjective;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a run takes of a device's memory, on the emulated driver, which counts every byte. */
class CudaMemoryTest {
  private static final String LLAMA = """
      {"model_type": "llama", "vocab_size": 120, "hidden_size": %d, "intermediate_size": 96, "num_hidden_layers": 3,
       "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256, "tie_word_embeddings": true}""";
  private static final String GPT2 = """
      {"model_type": "gpt2", "vocab_size": 120, "n_embd": %d, "n_layer": 3, "n_head": 4, "n_positions": 256}""";

  @ParameterizedTest(name = "{0} of {1}, {2} rows of {3}, recomputed blocks: {4}")
  @CsvSource({"llama, 32, 4, 24, false", "llama, 32, 2, 60, true", "gpt2, 32, 4, 24, false", "gpt2, 16, 8, 20, true",
      "llama, 8, 3, 10, false"})
  void theEstimateIsWhatARunTakes(String family, int width, int batch, int length, boolean checkpointing, @TempDir Path directory)
      throws IOException {
    Device cuda = EmulatedGpu.device();
    EmulatedGpu.setOrders(1);
    try {
      Path shape = Files.writeString(directory.resolve("config.json"),
          (family.equals("llama") ? LLAMA : GPT2).formatted(width));
      PretrainedModel model = ModelLoader.ofConfig(shape).task(Task.CAUSAL_LM).seed(1).load();
      EmulatedGpu.mostBytes();
      model.to(cuda);
      model.setTrainable(true);
      Random random = new Random(1);
      List<int[]> tokens = new ArrayList<>();
      List<Target> targets = new ArrayList<>();
      for (int i = 0; i < batch; i++) {
        tokens.add(random.ints(length, 0, 120).toArray());
        boolean[] all = new boolean[length];
        Arrays.fill(all, true);
        targets.add(new Target.LearntTokens(all));
      }
      TrainingSet set = new TrainingSet(tokens, null, targets);
      TrainConfig config = TrainConfig.of(Map.of("batch_size", batch, "max_steps", 2, "learning_rate", 1e-4,
          "gradient_checkpointing", checkpointing));
      Trainer trainer = new Trainer(model, model.parameters().values(), NextTokenObjective.PLAIN, config);
      MemoryEstimate estimate = trainer.memory(set, false);
      trainer.train(set, null);
      long taken = EmulatedGpu.mostBytes();
      double ratio = (double) estimate.heapBytes() / taken;
      assertTrue(ratio > 0.9 && ratio < 1.2, estimate + " is " + ratio + " of the " + taken + " bytes that were taken");
      assertEquals("", EmulatedGpu.reports());
    } finally {
      EmulatedGpu.setOrders(0);
    }
  }
}
