package dev.hone.train.task.rerank;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.HoneException;
import dev.hone.core.Scope;
import dev.hone.core.io.Safetensors;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.TinyModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.fixture.Fixtures;
import dev.hone.train.fixture.TaskFixtures;
import dev.hone.train.infer.TextReranker;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.optim.AdamW;
import dev.hone.train.optim.Gradients;
import dev.hone.train.optim.Optimizer;
import dev.hone.train.optim.ParameterGroup;
import dev.hone.train.task.embed.EmbeddingEvaluation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Cross-encoders beside those of sentence-transformers, and rerankers from rows. */
class RerankTest {
  @TempDir
  Path directory;

  @Test
  void pairsAreTheTokensOfSentenceTransformers() throws IOException {
    JsonNode expected = Fixtures.json(TaskFixtures.folder("cross_encoder").resolve("expected.json"));
    TrainingSet set = set(reranker(expected), expected);
    for (int i = 0; i < set.size(); i++) {
      assertArrayEquals(numbers(expected.get("input_ids").get(i)), set.tokens().get(i), "pair " + i);
      assertArrayEquals(numbers(expected.get("token_type_ids").get(i)), set.types().get(i), "pair " + i);
    }
  }

  private static int[] numbers(JsonNode row) {
    return row.valueStream().mapToInt(JsonNode::asInt).toArray();
  }

  private static TextReranker reranker(JsonNode expected) throws IOException {
    Path model = TaskFixtures.folder("cross_encoder").getParent().resolve(expected.get("model").asString());
    return new TextReranker(PretrainedModel.load(model, Task.SEQUENCE_CLASSIFICATION), Tokenizer.load(model),
        expected.get("max_length").asInt());
  }

  private static TrainingSet set(TextReranker reranker, JsonNode expected) {
    int size = expected.get("first").size();
    float[] labels = new float[size];
    for (int i = 0; i < size; i++) {
      labels[i] = (float) expected.get("labels").get(i).asDouble();
    }
    return reranker.encode(IntStream.range(0, size).mapToObj(i -> List.of(expected.get("first").get(i).asString(),
        expected.get("second").get(i).asString())).toList(), labels);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bce", "bce_pos_weight"})
  void lossGradientsAndStepsAreThoseOfSentenceTransformers(String name) throws IOException {
    Path folder = TaskFixtures.folder("cross_encoder");
    JsonNode all = Fixtures.json(folder.resolve("expected.json"));
    JsonNode expected = all.get("cases").get(name);
    TextReranker reranker = reranker(all);
    PretrainedModel model = reranker.model();
    model.setTrainable(true);
    Map<String, Parameter> parameters = model.parameters();
    TrainingSet set = set(reranker, all);
    int[] rows = IntStream.range(0, set.size()).toArray();
    RerankObjective objective = new RerankObjective(expected.get("pos_weight").isNull() ? 1 : expected.get("pos_weight")
        .asDouble());
    JsonNode training = expected.get("training");
    ParameterGroup group = new ParameterGroup(new AdamW(0.9, 0.999, 1e-8), 1, training.get("weight_decay").asDouble());
    Optimizer optimizer = new Optimizer(parameters.values(), _ -> group);
    Safetensors stored = Fixtures.tensors(folder.resolve("cross_encoder.safetensors"));
    for (int step = 0; step <= training.get("steps").asInt(); step++) {
      Gradients.clear(parameters.values());
      double value;
      try (Scope _ = Scope.open()) {
        Variable loss = objective.answer(model, set.batch(rows), 1f / set.size(), Pass.training(1, step)).loss();
        loss.backward();
        value = loss.value().item();
      }
      double wanted = step == training.get("steps").asInt() ? training.get("final_loss_f64").asDouble()
          : training.get("losses_f64").get(step).asDouble();
      assertEquals(wanted, value, step == 0 ? 1e-5 : 1e-4, "loss of step " + step);
      if (step == 0) {
        for (JsonNode each : expected.get("stored_parameters")) {
          float[] gradient = stored.tensor(name + ".grad." + each.asString()).toFloatArray();
          double largest = 0;
          for (float slope : gradient) {
            largest = Math.max(largest, Math.abs(slope));
          }
          assertArrayEquals(gradient, parameters.get(each.asString()).gradient().toFloatArray(), (float) (1e-4 * largest + 3e-5),
              each.asString());
        }
      }
      if (step < training.get("steps").asInt()) {
        optimizer.step(training.get("lr").asDouble(), Gradients.clipScale(Gradients.norm(parameters.values()),
            training.get("clip_grad_norm").asDouble()));
      }
    }
    for (JsonNode each : expected.get("stored_parameters")) {
      assertArrayEquals(stored.tensor(name + ".trained." + each.asString()).toFloatArray(),
          parameters.get(each.asString()).value().toFloatArray(), 1e-4f, each.asString());
    }
  }

  @Test
  void figuresAreThoseOfScikitLearnAndSentenceTransformers() throws IOException {
    JsonNode expected = Fixtures.json(TaskFixtures.folder("cross_encoder").resolve("expected.json"));
    for (JsonNode each : expected.get("ranking")) {
      double[] scores = each.get("scores").valueStream().mapToDouble(JsonNode::asDouble).toArray();
      boolean[] fits = new boolean[scores.length];
      for (int i = 0; i < fits.length; i++) {
        fits[i] = each.get("relevant").get(i).asInt() == 1;
      }
      double[] found = RerankEvaluator.figures(fits, scores);
      assertEquals(each.get("ap").asDouble(), found[0], 1e-12);
      assertEquals(each.get("ndcg@10").asDouble(), found[1], 1e-12);
      assertEquals(each.get("mrr@10").asDouble(), found[2], 1e-12);
    }
    List<Example.Related> rows = new ArrayList<>();
    for (JsonNode sample : expected.get("reranking_samples")) {
      if (sample.has("negative")) {
        String query = sample.get("query").asString();
        sample.get("positive").forEach(text -> rows.add(new Example.Related(List.of(query, text.asString()), 1, null)));
        sample.get("negative").forEach(text -> rows.add(new Example.Related(List.of(query, text.asString()), 0, null)));
      }
    }
    EmbeddingEvaluation found = new RerankEvaluator(new Bootstrap(20, 0.95, 0)).evaluate(reranker(expected), Dataset.of("rows",
        rows));
    for (String name : RerankEvaluator.names()) {
      assertEquals(expected.get("reranking_expected").get(name).asDouble(), found.figures().get(name).value(), 1e-9, name);
    }
  }

  private static Dataset<Example.Related> rows(int from, int to) {
    return Dataset.of("rows", IntStream.range(from, to).mapToObj(i -> {
      char letter = (char) ('a' + i % 13);
      return new Example.Related(List.of("is it " + letter, "the good " + letter, "the awful " + (char) ('a' + (i + 5) % 13)),
          Double.NaN, null);
    }).toList());
  }

  @Test
  void aShortRunPutsWhatFitsFirstAndItsFilesSaySo() throws IOException {
    Path model = TinyModel.write(directory.resolve("model"));
    RerankTuning tuning = RerankTuning.full(model, 1, 1);
    TrainConfig config = TrainConfig.defaults(3e-3).with("num_train_epochs", 6).with("batch_size", 16);
    tuning.train(rows(0, 39), null, config);
    assertEquals(1, new RerankEvaluator(new Bootstrap(20, 0.95, 0)).evaluate(tuning.reranker(), rows(0, 13)).figures().get("map")
        .value());
    tuning.save(directory.resolve("saved"));
    TextReranker again = TextReranker.load(directory.resolve("saved"));
    List<String> documents = List.of("the awful b", "the good a");
    assertEquals(tuning.reranker().rerank("is it a", documents), again.rerank("is it a", documents));
    assertEquals(1, again.rerank("is it a", documents).getFirst().document());
    RerankTuning adapted = RerankTuning.adapted(model, LoraConfig.of(4, 8), 2, 1, null);
    adapted.train(rows(0, 39), rows(0, 5), config);
    adapted.save(directory.resolve("adapter"));
    assertEquals(adapted.reranker().rerank("is it a", documents),
        TextReranker.load(model, directory.resolve("adapter"), null).rerank("is it a", documents));
  }

  @Test
  void aRunThatGoesOnHasTheBitsOfOneThatNeverStopped() throws IOException {
    Path model = TinyModel.write(directory.resolve("model"));
    TrainConfig config = TrainConfig.defaults(1e-3).with("batch_size", 8).with("num_train_epochs", 1).with("save_steps", 2);
    RerankTuning whole = RerankTuning.full(model, 1, 1);
    whole.train(rows(0, 20), null, config);
    RerankTuning stopped = RerankTuning.full(model, 1, 1);
    stopped.setCheckpoints(new Checkpoints(directory.resolve("checkpoints"), 2), false);
    stopped.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        if (step.step() == 3) {
          stopped.stop();
        }
      }
    });
    assertTrue(stopped.train(rows(0, 20), null, config).interrupted());
    RerankTuning resumed = RerankTuning.full(model, 1, 1);
    resumed.setCheckpoints(new Checkpoints(directory.resolve("checkpoints"), 2), true);
    resumed.train(rows(0, 20), null, config);
    assertArrayEquals(whole.reranker().score(List.of(List.of("is it a", "the good b"))),
        resumed.reranker().score(List.of(List.of("is it a", "the good b"))));
  }

  /** Rows that cannot be learnt from, and what is said. */
  @Test
  void everyWrongRowIsNamedInOneLine() throws IOException {
    refused("rows: no row has a document that does not fit (a negative, or a score below 0.5), so that there is nothing to "
        + "tell apart; "
        + "hone mine-negatives finds some", Example.Related.pair("a", "b"));
    refused("rows line 1: a reranker wants scores from 0 to 1, and this one is 5.0", new Example.Related(List.of("a", "b"), 5,
        null));
    refused("rows line 1: a reranker learns from queries with documents, and this row is a text with a label",
        new Example.Related(List.of("a"), Double.NaN, "up"));
    Path model = TinyModel.write(directory.resolve("model"));
    assertEquals("pos_weight must be above 0, is 0.0", assertThrows(IllegalArgumentException.class,
        () -> RerankTuning.full(model, 0, 1)).getMessage());
  }

  private static void refused(String message, Example.Related row) {
    assertEquals(message, assertThrows(HoneException.class, () -> RerankTuning.Pairs.of(Dataset.of("rows", List.of(row))))
        .getMessage());
  }
}
