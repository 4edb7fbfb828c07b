package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.OwnPool;
import dev.hone.core.Scope;
import dev.hone.nn.MemoryEstimate;
import dev.hone.nn.MemoryEstimate.Part;
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
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingMemoryTest {
  private static final String LLAMA = """
      {"model_type": "llama", "vocab_size": 600, "hidden_size": 192, "intermediate_size": 512, "num_hidden_layers": 6,
       "num_attention_heads": 6, "num_key_value_heads": 2, "max_position_embeddings": 256, "tie_word_embeddings": true}""";
  private static final String GPT2 = """
      {"model_type": "gpt2", "vocab_size": 600, "n_embd": 192, "n_layer": 6, "n_head": 6, "n_positions": 256}""";

  @ParameterizedTest(name = "{0}, {1} rows of {2}, recomputed blocks: {3}, {4}")
  @CsvSource({"llama, 4, 128, false, f32", "llama, 2, 200, true, f32", "gpt2, 4, 128, false, f32", "gpt2, 8, 100, true, f32",
      "llama, 16, 128, false, bf16", "gpt2, 8, 200, true, bf16"})
  void theEstimateIsWithinAQuarterOfWhatARunTakes(String family, int batch, int length, boolean checkpointing,
      String activations, @TempDir Path directory) throws Exception {
    Path shape = Files.writeString(directory.resolve("config.json"), family.equals("llama") ? LLAMA : GPT2);
    PretrainedModel model = ModelLoader.ofConfig(shape).task(Task.CAUSAL_LM).seed(1).load();
    model.setTrainable(true);
    Random random = new Random(1);
    List<int[]> tokens = new ArrayList<>();
    List<Target> targets = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      tokens.add(random.ints(length, 0, 600).toArray());
      boolean[] all = new boolean[length];
      Arrays.fill(all, true);
      targets.add(new Target.LearntTokens(all));
    }
    TrainingSet set = new TrainingSet(tokens, null, targets);
    TrainConfig config = TrainConfig.of(Map.of("batch_size", batch, "max_steps", 1, "learning_rate", 1e-4,
        "gradient_checkpointing", checkpointing, "activations", activations));
    Trainer trainer = new Trainer(model, model.parameters().values(), NextTokenObjective.PLAIN, config);
    MemoryEstimate estimate = trainer.memory(set, false);
    long weights = model.parameters().values().stream().mapToLong(parameter -> parameter.value().bytes()).sum();
    assertEquals(weights, bytes(estimate, "weights"));
    assertEquals(weights, bytes(estimate, "gradients"));
    assertEquals(2 * weights, bytes(estimate, "optimizer"), "two means");
    assertEquals(0, bytes(estimate, "best weights"));
    assertEquals(weights, bytes(trainer.memory(set, true), "best weights"));
    long taken = OwnPool.run(() -> {
      trainer.train(set, null);
      return Scope.pooledBytes();
    });
    // gradients and activations share the pool
    double ratio = (bytes(estimate, "activations of " + batch * length + " tokens") + bytes(estimate, "logits")
        + bytes(estimate, "gradients")) / (double) taken;
    assertTrue(ratio > 0.75 && ratio < 1.25, estimate + " is " + ratio + " of what the pool took");
  }

  @ParameterizedTest(name = "{0}: a gradient of {1} rows of the table")
  @CsvSource({"adamw, 100", "sgd, 600"})
  void theGradientOfEmbeddingsIsOfTheTokensThatOccur(String rule, int rows, @TempDir Path directory) throws IOException {
    Path shape = Files.writeString(directory.resolve("config.json"), LLAMA.replace("true", "false"));
    PretrainedModel model = ModelLoader.ofConfig(shape).task(Task.CAUSAL_LM).seed(1).load();
    model.setTrainable(true);
    TrainingSet set = new TrainingSet(List.of(new int[50], new int[50]), null,
        Collections.nCopies(2, new Target.LearntTokens(new boolean[50])));
    TrainConfig config = TrainConfig.of(Map.of("batch_size", 1, "gradient_accumulation_steps", 2, "optim", rule));
    MemoryEstimate estimate = new Trainer(model, model.parameters().values(), NextTokenObjective.PLAIN, config)
        .memory(set, false);
    assertEquals(bytes(estimate, "weights") - (600 - rows) * 192 * 4L, bytes(estimate, "gradients"));
  }

  private static long bytes(MemoryEstimate estimate, String part) {
    return estimate.parts().stream().filter(p -> p.name().equals(part)).mapToLong(Part::bytes).sum();
  }

  @Test
  void whatCannotFitIsToldByPartWithWhatHelps() {
    long heap = Runtime.getRuntime().maxMemory();
    MemoryEstimate estimate = new MemoryEstimate(List.of(new Part("mapped weights", 10 * heap, false, ""),
        new Part("optimizer", 3 * heap, true, "--method lora"), new Part("activations", 5 * heap, true, "--batch-size"),
        new Part("logits", 1000, true, "--max-length")));
    String message = assertThrows(MemoryEstimate.DoesNotFit.class, () -> estimate.check("training")).getMessage();
    assertTrue(message.startsWith("training needs about ") && message.contains("optimizer ")
        && message.contains("What helps: activations: --batch-size; optimizer: --method lora; or more heap (-Xmx)"), message);
    new MemoryEstimate(List.of(new Part("mapped weights", 10 * heap, false, ""))).check("training");
  }
}
