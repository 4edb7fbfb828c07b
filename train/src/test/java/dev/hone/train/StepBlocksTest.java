package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.checkpoint.Checkpoint;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.task.classify.ClassificationObjective;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/** A step's rows are cut in blocks whose order of sums is theirs, and dropout is a row's own. */
class StepBlocksTest {
  static final Map<String, String> CONFIGS = Map.of(
      "llama", "\"model_type\": \"llama\", \"num_key_value_heads\": 2, \"embd_pdrop\": 0.3, \"resid_pdrop\": 0.3, "
          + "\"attention_dropout\": 0.3",
      "bert", "\"model_type\": \"bert\", \"hidden_act\": \"gelu\", \"hidden_dropout_prob\": 0.3, "
          + "\"attention_probs_dropout_prob\": 0.3",
      "gpt2", "\"model_type\": \"gpt2\", \"n_embd\": 32, \"n_layer\": 2, \"n_head\": 4, \"n_positions\": 64, \"resid_pdrop\": "
          + "0.3, \"embd_pdrop\": 0.3, \"attn_pdrop\": 0.3",
      "deberta-v2", "\"model_type\": \"deberta-v2\", \"hidden_act\": \"gelu\", \"hidden_dropout_prob\": 0.3, "
          + "\"attention_probs_dropout_prob\": 0.3, \"relative_attention\": true, \"pos_att_type\": [\"p2c\", \"c2p\"], "
          + "\"max_relative_positions\": 16, \"position_biased_input\": false, \"type_vocab_size\": 0");

  @TempDir
  Path directory;

  private Path model;
  private Dataset<Example.Labelled> data;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.write(directory.resolve("model"));
    data = Dataset.labelled(Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(48)), DataOptions.DETECT);
  }

  private static TrainConfig config(Map<String, ?> more) {
    Map<String, Object> values = new HashMap<>(Map.of("max_steps", 4, "batch_size", 8, "learning_rate", 1e-2, "seed", 1,
        "group_by_length", false, "dropout", 0.2, "neftune_noise_alpha", 2));
    values.putAll(more);
    return TrainConfig.of(values);
  }

  private ClassifierTuning tuning(boolean lora) throws IOException {
    return lora ? ClassifierTuning.lora(model, LabelSet.of(data), new LoraConfig(4, 8, 0.2f, List.of(), List.of()), 1)
        : ClassifierTuning.full(model, LabelSet.of(data), 1);
  }

  private List<float[]> run(boolean lora, Map<String, ?> more) throws IOException {
    ClassifierTuning tuning = tuning(lora);
    tuning.train(data, null, config(more));
    return tuning.parameters().stream().map(Parameter::value).map(Tensor::toFloatArray).toList();
  }

  private static void assertSame(List<float[]> expected, List<float[]> actual) {
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void blocksAreTheSameHoweverTheirRowsComeInBatches(boolean lora) throws IOException {
    List<float[]> four = run(lora, Map.of("step_blocks", 4));
    assertSame(four, run(lora, Map.of("step_blocks", 4, "batch_size", 4, "gradient_accumulation_steps", 2)));
    assertSame(four, run(lora, Map.of("step_blocks", 4, "batch_size", 2, "gradient_accumulation_steps", 4)));
    assertSame(four, run(lora, Map.of("step_blocks", 4, "gradient_checkpointing", true)));
  }

  /** Dropout and noise are a row's, so that another cut changes nothing but the rounding of sums. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void otherBlocksDifferByRoundingOnly(boolean lora) throws IOException {
    List<float[]> one = run(lora, Map.of("optim", "sgd"));
    for (int blocks : new int[] {2, 3, 5, 8}) {
      List<float[]> other = run(lora, Map.of("optim", "sgd", "step_blocks", blocks));
      for (int i = 0; i < one.size(); i++) {
        assertArrayEquals(one.get(i), other.get(i), 2e-6f);
      }
    }
  }

  @Test
  void aLastStepMayHaveFewerRowsThanBlocks() throws IOException {
    ClassifierTuning tuning = tuning(true);
    Dataset<Example.Labelled> few = data.select(new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    List<Double> losses = new ArrayList<>();
    tuning.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        losses.add(step.loss());
      }
    });
    tuning.train(few, null, config(Map.of("step_blocks", 8)));
    assertEquals(4, losses.size());
    assertTrue(losses.stream().allMatch(loss -> loss > 0 && Double.isFinite(loss)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "bert", "gpt2", "deberta-v2"})
  void aRowDropsTheSameWhereverItStands(String family) throws IOException {
    Path config = Files.writeString(directory.resolve("config.json"), "{" + CONFIGS.get(family) + ", \"vocab_size\": 50, "
        + "\"hidden_size\": 32, \"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"intermediate_size\": 64, "
        + "\"max_position_embeddings\": 64, \"initializer_range\": 0.2}");
    PretrainedModel random = ModelLoader.ofConfig(config).task(Task.EMBEDDING).seed(3).load();
    random.setTrainable(true);
    List<int[]> rows = List.of(new int[] {3, 7, 9}, new int[] {4, 5, 6, 7, 8, 9, 10}, new int[] {11},
        new int[] {12, 13, 14, 15});
    Pass pass = Pass.training(5, 6).withNoise(1);
    float[] together = hidden(random, rows, pass.ofRows(10, 4));
    int from = 0;
    for (int row = 0; row < rows.size(); row++) {
      float[] alone = hidden(random, List.of(rows.get(row)), pass.ofRows(10 + row, 1));
      assertArrayEquals(alone, Arrays.copyOfRange(together, from, from + alone.length), 2e-5f, family + " row " + row);
      from += alone.length;
    }
    float[] elsewhere = hidden(random, rows.subList(0, 1), pass.ofRows(11, 1));
    assertFalse(Arrays.equals(elsewhere, Arrays.copyOf(together, elsewhere.length)), "another row draws other numbers");
    float[] pairs = hidden(random, List.of(rows.get(1), rows.get(3), rows.get(0), rows.get(2)), pass.ofRows(5, 2));
    assertArrayEquals(hidden(random, List.of(rows.get(1), rows.get(3)), pass.ofRows(10, 2)), Arrays.copyOf(pairs, 11 * 32),
        2e-5f, "two sequences a row: those of row 5 are 10 and 11");
  }

  private static float[] hidden(PretrainedModel model, List<int[]> rows, Pass pass) {
    Variable hidden = model.hidden(TokenBatch.of(rows), pass);
    return hidden.value().toFloatArray();
  }

  @Test
  void aResumedRunHasTheSameBlocksAndAnOlderFormatIsRefused() throws IOException {
    List<float[]> whole = run(true, Map.of("step_blocks", 4));
    ClassifierTuning tuning = tuning(true);
    Checkpoints checkpoints = new Checkpoints(directory.resolve("checkpoints"), 2);
    tuning.setCheckpoints(checkpoints, false);
    tuning.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        if (step.step() == 2) {
          tuning.stop();
        }
      }
    });
    tuning.train(data, null, config(Map.of("step_blocks", 4)));
    Checkpoint left = checkpoints.newest(_ -> { }).orElseThrow();
    ClassifierTuning other = tuning(true);
    other.setCheckpoints(checkpoints, true);
    assertEquals("resume: the checkpoint is of another run: step_blocks was '4', is '2'",
        refused(other, Map.of("step_blocks", 2)));
    ClassifierTuning same = tuning(true);
    same.setCheckpoints(checkpoints, true);
    same.train(data, null, config(Map.of("step_blocks", 4)));
    assertSame(whole, same.parameters().stream().map(Parameter::value).map(Tensor::toFloatArray).toList());
    ObjectNode older = left.state();
    older.put("format", 1);
    checkpoints.clear();
    checkpoints.save(2, new Checkpoint(left.tensors(), older));
    ClassifierTuning newer = tuning(true);
    newer.setCheckpoints(checkpoints, true);
    assertEquals("resume: the checkpoint is of another version of Hone (format 1, this one reads 2), whose dropout or order of "
        + "sums was another; end the run with that version, or begin it again with --overwrite",
        refused(newer, Map.of("step_blocks", 4)));
  }

  private String refused(ClassifierTuning tuning, Map<String, ?> settings) {
    return assertThrows(IllegalArgumentException.class, () -> tuning.train(data, null, config(settings))).getMessage();
  }

  /** A loss that compares the rows of a batch. */
  private record Together(Objective rows) implements Objective {
    @Override
    public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
      assertEquals(8, batch.size());
      return rows.answer(model, batch, scale, pass);
    }

    @Override
    public int items(TrainingBatch batch) {
      return batch.size();
    }

    @Override
    public boolean ofWholeBatches() {
      return true;
    }
  }

  @Test
  void batchesOfALossThatNeedsThemWholeAreNotCut() throws IOException {
    ClassifierTuning tuning = tuning(true);
    tuning.setObjective((_, _) -> new Together(ClassificationObjective.of(tuning.model().labels())));
    tuning.train(data, null, config(Map.of("step_blocks", 2, "gradient_accumulation_steps", 3)));
    assertEquals("step_blocks must be at most gradient_accumulation_steps, 1, is 2: this loss looks at all rows of a batch "
        + "together, so that batches cannot be cut", refused(tuning, Map.of("step_blocks", 2)));
    assertEquals("step_blocks must be at most batch_size * gradient_accumulation_steps, 8, is 9",
        assertThrows(IllegalArgumentException.class, () -> config(Map.of("step_blocks", 9))).getMessage());
  }
}
