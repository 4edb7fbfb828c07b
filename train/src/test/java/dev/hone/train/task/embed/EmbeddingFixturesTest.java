package dev.hone.train.task.embed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.io.Safetensors;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.fixture.Fixtures;
import dev.hone.train.fixture.TaskFixtures;
import dev.hone.train.infer.Pooling;
import dev.hone.train.optim.AdamW;
import dev.hone.train.optim.Gradients;
import dev.hone.train.optim.Optimizer;
import dev.hone.train.optim.ParameterGroup;
import dev.hone.train.task.embed.EmbeddingLoss.Distance;
import dev.hone.train.task.embed.EmbeddingLoss.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Losses, gradients and four steps of every loss, and gradients of every pooling, beside sentence-transformers. */
class EmbeddingFixturesTest {

  @TestFactory
  List<DynamicTest> everyLossIsThatOfSentenceTransformers() {
    Path folder = TaskFixtures.folder("embedding");
    JsonNode all = Fixtures.json(folder.resolve("losses.json"));
    List<DynamicTest> tests = new ArrayList<>();
    all.get("cases").propertyStream().forEach(entry ->
        tests.add(DynamicTest.dynamicTest(entry.getKey(), () -> compare(folder, all, entry.getKey(), entry.getValue()))));
    assertTrue(tests.size() >= 20, tests.size() + " cases");
    return tests;
  }

  private static EmbeddingLoss loss(String name, JsonNode hyper) {
    Kind kind = name.contains("mnr") ? Kind.MNR : name.contains("cosent") ? Kind.COSENT : name.contains("triplet") ? Kind.TRIPLET
        : name.contains("contrastive") ? Kind.CONTRASTIVE : Kind.COSINE;
    List<Integer> dims = hyper.path("dims").valueStream().map(JsonNode::asInt).toList();
    List<Double> weights = hyper.path("weights").valueStream().map(JsonNode::asDouble).toList();
    return new EmbeddingLoss(kind, name.contains("symmetric"), hyper.path("scale").asDouble(20),
        hyper.path("margin").asDouble(0.5), hyper.path("distance").asString("").equals("euclidean") ? Distance.EUCLIDEAN
            : Distance.COSINE, dims, weights);
  }

  private static void compare(Path folder, JsonNode all, String name, JsonNode expected) {
    String family = expected.get("model").asString();
    Path directory = folder.getParent().resolve(all.get("models").get(family).asString());
    PretrainedModel model = PretrainedModel.load(directory, Task.EMBEDDING);
    model.setTrainable(true);
    Map<String, Parameter> parameters = new LinkedHashMap<>();
    model.parameters().forEach((path, parameter) -> parameters.put(model.fileName(path), parameter));
    TrainingSet set = set(all.get("columns").get(family), expected);
    int[] rows = IntStream.range(0, set.size()).toArray();
    JsonNode hyper = expected.get("hyper_parameters");
    Pooling.Mode mode = family.equals("bert") ? Pooling.Mode.MEAN : Pooling.Mode.LAST_TOKEN;
    EmbeddingObjective objective = new EmbeddingObjective(loss(name, hyper), new Pooling(List.of(mode), true, false), 0, 0,
        hyper.path("mini_batch_size").asInt(0));
    double items = hyper.path("size_average").asBoolean(true) ? objective.weight(set.batch(rows)) : 1;
    JsonNode training = expected.get("training");
    ParameterGroup group = new ParameterGroup(new AdamW(training.get("betas").get(0).asDouble(),
        training.get("betas").get(1).asDouble(), training.get("eps").asDouble()), 1, training.get("weight_decay").asDouble());
    Optimizer optimizer = new Optimizer(parameters.values(), _ -> group);
    Safetensors stored = Fixtures.tensors(folder.resolve("losses.safetensors"));
    String at = expected.has("tensors") ? expected.get("tensors").asString() : name.replace('/', '.');
    for (int step = 0; step <= training.get("steps").asInt(); step++) {
      Gradients.clear(parameters.values());
      double value;
      try (Scope _ = Scope.open()) {
        Variable loss = objective.answer(model, set.batch(rows), (float) (1 / items), Pass.training(1, step)).loss();
        loss.backward();
        value = loss.value().item();
      }
      double wanted = step == training.get("steps").asInt() ? training.get("final_loss_f64").asDouble()
          : training.get("losses_f64").get(step).asDouble();
      assertEquals(wanted, value, step == 0 ? Math.max(1e-5, 1e-5 * wanted) : 1e-4, "loss of step " + step);
      if (step == 0) {
        gradients(stored, at, parameters, expected);
      }
      if (step < training.get("steps").asInt()) {
        double norm = Gradients.norm(parameters.values());
        assertEquals(training.get("grad_norms_f64").get(step).asDouble(), norm, 1e-3, "gradient norm of step " + step);
        optimizer.step(training.get("lr").asDouble(), Gradients.clipScale(norm, training.get("clip_grad_norm").asDouble()));
      }
    }
    for (JsonNode each : expected.get("stored_parameters")) {
      String parameter = each.asString();
      if (expected.get("trained_params_f32_noise").path(parameter).asDouble(0) < 1e-4) {
        Fixtures.assertClose(parameter, stored.tensor(at + ".trained." + parameter).toFloatArray(),
            parameters.get(parameter).value().toFloatArray(), 1e-4, 0);
      }
    }
  }

  private static void gradients(Safetensors stored, String at, Map<String, Parameter> parameters, JsonNode expected) {
    for (JsonNode each : expected.get("stored_parameters")) {
      String parameter = each.asString();
      float[] wanted = stored.tensor(at + ".grad." + parameter).toFloatArray();
      float[] found = parameters.get(parameter).gradient().toFloatArray();
      double largest = 0;
      for (float value : wanted) {
        largest = Math.max(largest, Math.abs(value));
      }
      for (int i = 0; i < wanted.length; i++) {
        assertEquals(wanted[i], found[i], 1e-4 * largest + 3e-5, "gradient of " + parameter + " [" + i + "]");
      }
    }
    expected.get("grad_norms_by_parameter_f64").propertyStream().forEach(entry -> {
      Parameter parameter = parameters.get(entry.getKey());
      assertNotNull(parameter, entry.getKey());
      double norm = Gradients.norm(List.of(parameter));
      assertEquals(entry.getValue().asDouble(), norm, 1e-4 * norm + 3e-5, "gradient norm of " + entry.getKey());
    });
  }

  private static TrainingSet set(JsonNode columns, JsonNode expected) {
    int texts = expected.get("columns").asInt();
    int size = columns.get(0).size();
    List<List<int[]>> rows = new ArrayList<>();
    float[] scores = new float[size];
    for (int i = 0; i < size; i++) {
      List<int[]> row = new ArrayList<>();
      for (int column = 0; column < texts; column++) {
        row.add(columns.get(column).get(i).valueStream().mapToInt(JsonNode::asInt).toArray());
      }
      rows.add(row);
      scores[i] = expected.get("labels").isNull() ? 0 : (float) expected.get("labels").get(i).asDouble();
    }
    return RelatedTexts.set(rows, scores);
  }

  /** Values and gradients of every pooling of given token vectors, whole and without a prompt. */
  @Test
  void everyPoolingSendsTheSameGradientsBack() {
    Path folder = TaskFixtures.folder("embedding");
    Safetensors stored = Fixtures.tensors(folder.resolve("pooling.safetensors"));
    int compared = 0;
    JsonNode all = Fixtures.json(folder.resolve("pooling.json"));
    for (JsonNode each : all.get("cases")) {
      if (!each.has("pooling_mode")) {
        continue;
      }
      String name = each.get("name").asString();
      List<String> words = each.get("pooling_mode").isString() ? List.of(each.get("pooling_mode").asString())
          : each.get("pooling_mode").valueStream().map(JsonNode::asString).toList();
      int prompt = each.get("prompt_length").asInt();
      int size = all.get("rows").get(each.get("model").asString()).size();
      int[] offsets = new int[size + 1];
      int[] prompts = new int[size];
      Arrays.fill(prompts, prompt);
      List<Parameter> texts = new ArrayList<>();
      for (int row = 0; row < size; row++) {
        texts.add(Variable.leaf(stored.tensor(each.get("model").asString() + ".tokens." + row)));
        offsets[row + 1] = offsets[row] + texts.get(row).shape().dim(0);
      }
      Pooling pooling = new Pooling(words.stream().map(Pooling.Mode::named).toList(), false, false);
      Variable pooled = pooling.pool(ShapeOps.cat(0, List.copyOf(texts)), offsets, prompts);
      Tensor value = pooled.value();
      Fixtures.assertClose(name, stored.tensor(name + ".out").toFloatArray(), value.toFloatArray(), 1e-5, 1e-6);
      pooled.backward(stored.tensor(name + ".upstream").toF32());
      for (int row = 0; row < size; row++) {
        Fixtures.assertClose(name + " gradient", stored.tensor(name + ".grad." + row).toFloatArray(),
            texts.get(row).gradient().toFloatArray(), 1e-5, 1e-6);
      }
      compared++;
    }
    assertEquals(28, compared);
  }
}
