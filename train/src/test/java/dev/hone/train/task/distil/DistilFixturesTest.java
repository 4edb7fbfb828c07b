package dev.hone.train.task.distil;

import static dev.hone.train.fixture.Fixtures.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.autograd.LossOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.ReduceOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.fixture.Fixtures;
import dev.hone.train.optim.AdamW;
import dev.hone.train.optim.Gradients;
import dev.hone.train.optim.Optimizer;
import dev.hone.train.optim.ParameterGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Distillation beside TRL's: divergences and gradients of logits, and of a student that learns from a teacher for four steps. */
@Tag("fixtures")
class DistilFixturesTest {
  private static final Path ROOT = Path.of(System.getProperty("hone.fixtures.tasks",
      Path.of(System.getProperty("hone.shared", "../../shared")).resolve("reference/fixtures").toString()));
  private static final Path FOLDER = ROOT.resolve("distill");

  @BeforeEach
  void skipWithoutFixtures() {
    assumeTrue(Files.exists(FOLDER), "no fixtures at " + FOLDER);
  }

  @Test
  void divergencesOfLogitsAndTheirGradientsAreTrls() {
    JsonNode file = Fixtures.json(FOLDER.resolve("expected.json"));
    Safetensors stored = Fixtures.tensors(FOLDER.resolve("logits.safetensors"));
    int sequences = file.path("lengths").size();
    for (JsonNode given : file.path("logit_cases")) {
      String name = given.path("name").asString();
      float temperature = (float) given.path("temperature").asDouble();
      double sum = 0;
      int tokens = 0;
      List<float[]> gradients = new ArrayList<>();
      int counted = 0;
      for (int s = 0; s < sequences; s++) {
        counted += (int) Arrays.stream(stored.tensor("labels." + s).toLongArray()).filter(label -> label >= 0).count();
      }
      for (int s = 0; s < sequences; s++) {
        long[] labels = stored.tensor("labels." + s).toLongArray();
        Tensor student = stored.tensor("student." + s);
        Tensor teacher = stored.tensor("teacher." + s);
        float[] per = stored.tensor(name + ".per_token." + s).toFloatArray();
        int width = student.dim(1);
        float[] gradient = new float[labels.length * width];
        for (int t = 0; t < labels.length; t++) {
          Parameter logits = Variable.leaf(Tensor.of(student.slice(t, t + 1).toFloatArray(), 1, width));
          Tensor scaled = Tensor.of(teacher.slice(t, t + 1).toFloatArray(), 1, width);
          Variable p = ReduceOps.logSoftmax(Variable.constant(scaled).mul(1 / temperature), -1);
          Variable loss = LossOps.generalizedJsd(logits, p.value(), (float) given.path("beta").asDouble(), temperature, 1);
          assertEquals(per[t], loss.value().item(), 1e-5 * Math.max(1, Math.abs(per[t])), name + " token " + t);
          if (labels[t] >= 0) {
            loss.backward();
            sum += loss.value().item();
            tokens++;
            float[] own = logits.gradient().toFloatArray();
            for (int j = 0; j < width; j++) {
              gradient[t * width + j] = own[j] / counted;
            }
          }
        }
        assertClose(name + " gradient " + s, stored.tensor(name + ".grad." + s).toFloatArray(), gradient, 1e-4, 1e-6);
      }
      assertEquals(given.path("loss_f64").asDouble(), sum / tokens, 1e-5, name);
    }
  }

  /** The same logits as those of classifiers, a row each. */
  @Test
  void divergencesOfTextsAreThoseOfTokens() {
    JsonNode file = Fixtures.json(FOLDER.resolve("expected.json"));
    Safetensors stored = Fixtures.tensors(FOLDER.resolve("logits.safetensors"));
    for (JsonNode given : file.path("logit_cases")) {
      String name = given.path("name").asString();
      double temperature = given.path("temperature").asDouble();
      DistilSettings settings = DistilSettings.of(Map.of("distil_beta", given.path("beta").asDouble(), "distil_temperature",
          temperature));
      for (int s = 0; s < file.path("lengths").size(); s++) {
        Tensor teacher = stored.tensor("teacher." + s);
        int rows = teacher.dim(0);
        int width = teacher.dim(1);
        float[] said = new float[rows * width];
        for (int t = 0; t < rows; t++) {
          System.arraycopy(ClassifierTeacher.logProbabilities(teacher.slice(t, t + 1).toFloatArray(), temperature), 0, said,
              t * width, width);
        }
        Variable loss = DistilObjective.loss(settings, Variable.constant(stored.tensor("student." + s)),
            Tensor.of(said, rows, width), new int[rows], 1);
        double expected = 0;
        for (float one : stored.tensor(name + ".per_token." + s).toFloatArray()) {
          expected += one;
        }
        assertEquals(expected, loss.value().item(), 1e-5 * Math.max(1, Math.abs(expected)), name + " " + s);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"kl", "jsd", "reverse_kl", "kl_and_cross_entropy"})
  void aStudentLearnsFromATeacherAsInTrl(String name) throws IOException {
    JsonNode file = Fixtures.json(FOLDER.resolve("expected.json"));
    JsonNode given = file.path("model_cases").path(name);
    PretrainedModel student = PretrainedModel.load(ROOT.resolve(file.path("models").path("student").asString()), Task.CAUSAL_LM);
    PretrainedModel teacher = PretrainedModel.load(ROOT.resolve(file.path("models").path("teacher").asString()), Task.CAUSAL_LM);
    DistilSettings settings = DistilSettings.of(Map.of("distil_beta", given.path("beta").asDouble(), "distil_temperature",
        given.path("temperature").asDouble(), "cross_entropy_weight", given.path("cross_entropy_weight").asDouble()));
    int all = student.config().vocabSize();
    TrainingSet set = new Teacher(teacher, settings.temperature(), all).teach(rows(file), null, "");
    DistilObjective objective = new DistilObjective(settings, all);
    int[] rows = IntStream.range(0, set.size()).toArray();
    float scale = 1f / objective.items(set.batch(rows));
    student.setTrainable(true);
    Map<String, Parameter> parameters = student.parameters();
    List<Parameter> trained = List.copyOf(parameters.values());
    Safetensors stored = Fixtures.tensors(FOLDER.resolve("models.safetensors"));
    JsonNode training = given.path("training");
    ParameterGroup group = new ParameterGroup(new AdamW(0.9, 0.999, 1e-8), 1, training.path("weight_decay").asDouble());
    Optimizer optimizer = new Optimizer(trained, _ -> group);
    for (int step = 0; step < training.path("steps").asInt(); step++) {
      try (Scope _ = Scope.open()) {
        Variable loss = objective.answer(student, set.batch(rows), scale, Pass.training(1, step)).loss();
        assertEquals(training.path("losses_f64").get(step).asDouble(), loss.value().item(),
            step == 0 ? 1e-5 : 1e-4, "loss " + step);
        loss.backward();
      }
      if (step == 0) {
        for (JsonNode parameter : given.path("stored_parameters")) {
          assertClose("gradient of " + parameter, stored.tensor(name + ".grad." + parameter.asString()).toFloatArray(),
              parameters.get(parameter.asString()).gradient().toFloatArray(), 1e-4, 3e-5);
        }
      }
      double norm = Gradients.norm(trained);
      assertEquals(training.path("grad_norms_f64").get(step).asDouble(), norm, 1e-4 * Math.max(1, norm), "norm of step " + step);
      optimizer.step(training.path("lr").asDouble(), Gradients.clipScale(norm, training.path("clip_grad_norm").asDouble()));
      Gradients.clear(trained);
    }
    for (JsonNode parameter : given.path("stored_parameters")) {
      assertClose("trained " + parameter, stored.tensor(name + ".trained." + parameter.asString()).toFloatArray(),
          parameters.get(parameter.asString()).value().toFloatArray(), 0, 1e-4);
    }
  }

  private static TrainingSet rows(JsonNode file) {
    List<int[]> tokens = new ArrayList<>();
    List<Target> targets = new ArrayList<>();
    for (JsonNode row : file.path("rows")) {
      int prompt = row.path("prompt_ids").size();
      int[] ids = new int[prompt + row.path("completion_ids").size()];
      Arrays.setAll(ids, i -> i < prompt ? row.path("prompt_ids").get(i).asInt()
          : row.path("completion_ids").get(i - prompt).asInt());
      boolean[] learnt = new boolean[ids.length];
      Arrays.fill(learnt, prompt, ids.length, true);
      tokens.add(ids);
      targets.add(new Target.LearntTokens(learnt));
    }
    return new TrainingSet(tokens, null, targets);
  }

  @Test
  void whatTheTeacherDidNotKeepIsSharedEvenly() throws IOException {
    JsonNode file = Fixtures.json(FOLDER.resolve("expected.json"));
    PretrainedModel teacher = PretrainedModel.load(ROOT.resolve(file.path("models").path("teacher").asString()), Task.CAUSAL_LM);
    int vocabulary = teacher.config().vocabSize();
    TrainingSet set = new Teacher(teacher, 1, 5).teach(rows(file), null, "");
    float[] whole = Teacher.spread(
        new Teacher(teacher, 1, vocabulary).teach(rows(file), null, "").batch(new int[] {0}), vocabulary,
        vocabulary);
    float[] few = Teacher.spread(set.batch(new int[] {0}), vocabulary, 5);
    assertEquals(whole.length, few.length);
    for (int from = 0; from < few.length; from += vocabulary) {
      double sum = 0;
      int kept = 0;
      for (int j = from; j < from + vocabulary; j++) {
        sum += Math.exp(few[j]);
        kept += few[j] == whole[j] ? 1 : 0;
      }
      assertEquals(1, sum, 1e-5, "probabilities of a place");
      assertTrue(kept >= 5, kept + " are the teacher's own");
    }
  }
}
