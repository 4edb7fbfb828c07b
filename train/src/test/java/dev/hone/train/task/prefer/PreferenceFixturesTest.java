package dev.hone.train.task.prefer;

import static dev.hone.train.fixture.Fixtures.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.io.Safetensors;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.train.Objective;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.fixture.Fixtures;
import dev.hone.train.optim.AdamW;
import dev.hone.train.optim.Gradients;
import dev.hone.train.optim.Optimizer;
import dev.hone.train.optim.ParameterGroup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Losses, rewards, gradients and four steps of every preference loss beside TRL's. */
@Tag("fixtures")
class PreferenceFixturesTest {
  private static final Path SHARED = Path.of(System.getProperty("hone.shared", "../../shared"));
  private static final Path ROOT = Path.of(System.getProperty("hone.fixtures.tasks",
      SHARED.resolve("reference/fixtures").toString()));
  private static final Path FOLDER = ROOT.resolve("preference");

  static List<String> cases() {
    return Files.exists(FOLDER) ? new ArrayList<>(Fixtures.json(FOLDER.resolve("expected.json")).path("cases").propertyNames())
        : List.of("");
  }

  /** A case of the file with what it needs. */
  private record Case(JsonNode json, PreferenceSettings settings, double smoothing, List<PreferenceRow> rows) {
    static Case of(String name) {
      JsonNode file = Fixtures.json(FOLDER.resolve("expected.json"));
      JsonNode json = file.path("cases").path(name);
      JsonNode hyper = json.path("hyper_parameters");
      String kind = name.substring(name.indexOf('/') + 1);
      Map<String, Object> values = new LinkedHashMap<>();
      copy(hyper, "beta", values, "beta");
      copy(hyper, "cpo_alpha", values, "cpo_alpha");
      copy(hyper, "simpo_gamma", values, "simpo_gamma");
      copy(hyper, "desirable_weight", values, "desirable_weight");
      copy(hyper, "undesirable_weight", values, "undesirable_weight");
      copy(hyper, "center_rewards_coefficient", values, "center_rewards_coefficient");
      JsonNode type = hyper.path("loss_type");
      if (kind.startsWith("dpo")) {
        values.put("preference_loss", type.get(0).asString());
        values.put("preference_weight", hyper.path("loss_weights").path(0).asDouble(1));
        if (type.size() > 1) {
          values.put("sft_weight", hyper.path("loss_weights").get(1).asDouble());
        }
      } else {
        String loss = kind.split("_")[0];
        values.put("preference_loss", loss.equals("cpo") && type.asString().equals("hinge") ? "cpo_hinge"
            : loss.equals("cpo") && type.asString().equals("simpo") ? "simpo" : loss);
      }
      List<PreferenceRow> rows = new ArrayList<>();
      boolean single = json.path("rows").isArray();
      JsonNode source = single ? json.path("rows") : file.path("pairs");
      for (int i = 0; i < source.size(); i++) {
        JsonNode row = source.get(i);
        int[] prompt = ints(row.path("prompt_ids"));
        rows.add(new PreferenceRow(joined(prompt, ints(row.path(single ? "completion_ids" : "chosen_ids"))), prompt.length,
            joined(prompt, ints(row.path(single ? "KL_completion_ids" : "rejected_ids"))), prompt.length,
            single ? row.path("label").asBoolean() ? 1 : -1 : (float) json.path("margins").path(i).asDouble(0)));
      }
      return new Case(json, PreferenceSettings.of(values), hyper.path("label_smoothing").asDouble(0), rows);
    }

    private static void copy(JsonNode from, String key, Map<String, Object> to, String name) {
      if (from.hasNonNull(key)) {
        to.put(name, from.path(key).asDouble());
      }
    }

    Objective objective() {
      return switch (settings.loss()) {
        case KTO -> new KtoObjective(settings);
        case REWARD -> new RewardObjective(settings);
        default -> new PairObjective(new PairLoss(settings, smoothing));
      };
    }
  }

  private static int[] ints(JsonNode list) {
    return IntStream.range(0, list.size()).map(i -> list.get(i).asInt()).toArray();
  }

  private static int[] joined(int[] a, int[] b) {
    return IntStream.concat(IntStream.of(a), IntStream.of(b)).toArray();
  }

  private static PretrainedModel model(Path base, boolean reward) {
    return reward ? PretrainedModel.load(base, new Labels(List.of("reward"), Labels.Kind.REGRESSION), 0)
        : PretrainedModel.load(base, Task.CAUSAL_LM);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void lossRewardsGradientsAndStepsAreTrls(String name) {
    assumeTrue(!name.isEmpty(), "no fixtures at " + FOLDER);
    trls(name, Pass.Savings.NONE);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void andSoTheyAreWherePromptsAreComputedOnce(String name) {
    assumeTrue(!name.isEmpty(), "no fixtures at " + FOLDER);
    trls(name, new Pass.Savings(true, true));
  }

  private static void trls(String name, Pass.Savings savings) {
    Pass reference = Pass.inference().withSavings(savings);
    Case given = Case.of(name);
    Path base = ROOT.resolve(given.json.path("base").asString());
    boolean reward = given.settings.loss() == PreferenceLoss.REWARD;
    PretrainedModel model = model(base, reward);
    Adapter adapter = AdapterFiles.load(ROOT.resolve(given.json.path("adapter").asString()), model);
    List<PreferenceRow> rows = given.rows;
    if (given.settings.loss().hasReference()) {
      if (given.json.path("reference").asString().equals("adapter off")) {
        try (Adapter.Off _ = adapter.off()) {
          rows = Reference.of(model, rows, 3, null, reference);
        }
      } else {
        PretrainedModel frozen = model(base, false);
        AdapterFiles.load(ROOT.resolve(given.json.path("reference").asString()), frozen);
        rows = Reference.of(frozen, rows, 3, null, reference);
      }
    }
    adapter.parameters().values().forEach(parameter -> assertTrue(parameter.requiresGradient()));
    TrainingSet set = PreferenceRow.set(rows);
    int[] all = IntStream.range(0, rows.size()).toArray();
    Objective objective = given.objective();
    String folder = name.substring(0, name.indexOf('/'));
    String kind = name.substring(name.indexOf('/') + 1);
    Safetensors stored = Fixtures.tensors(FOLDER.resolve(folder + ".safetensors"));
    try (Scope _ = Scope.open()) {
      Objective.Answer answer = objective.answer(model, set.batch(all), 1f / rows.size(),
          Pass.training(1, 1).withSavings(savings));
      double loss = given.json.path("loss_f64").asDouble();
      assertEquals(loss, answer.loss().value().item(), Math.max(1e-5, 1e-5 * Math.abs(loss)), "loss");
      figures(given, answer);
      answer.loss().backward();
      adapter.parameters().forEach((path, parameter) -> {
        String file = adapter.config().fileName(path);
        assertClose("gradient of " + path, stored.tensor(kind + ".grad." + file).toFloatArray(),
            parameter.gradient().toFloatArray(), 1e-4, 3e-5);
      });
      Gradients.clear(adapter.parameters().values());
      train(given.json, adapter, () -> objective.answer(model, set.batch(all), 1f / set.size(), Pass.training(1, 2)).loss());
      adapter.parameters().forEach((path, parameter) -> {
        String file = adapter.config().fileName(path);
        if (given.json.path("trained_params_f32_noise").path(file).asDouble(0) <= 1e-4) {
          assertClose("trained " + path, stored.tensor(kind + ".trained." + file).toFloatArray(),
              parameter.value().toFloatArray(), 0, 1e-4);
        }
      });
    }
  }

  private static void train(JsonNode json, Adapter adapter, Supplier<Variable> loss) {
    JsonNode training = json.path("training");
    ParameterGroup group = new ParameterGroup(new AdamW(training.path("betas").get(0).asDouble(),
        training.path("betas").get(1).asDouble(), training.path("eps").asDouble()), 1, training.path("weight_decay").asDouble());
    List<Parameter> parameters = List.copyOf(adapter.parameters().values());
    Optimizer optimizer = new Optimizer(parameters, _ -> group);
    for (int step = 0; step < training.path("steps").asInt(); step++) {
      try (Scope _ = Scope.open()) {
        Variable value = loss.get();
        assertEquals(training.path("losses_f64").get(step).asDouble(), value.value().item(), 1e-4, "loss of step " + step);
        value.backward();
      }
      double norm = Gradients.norm(parameters);
      assertEquals(training.path("grad_norms_f64").get(step).asDouble(), norm, 1e-4 * Math.max(1, norm), "norm of step " + step);
      optimizer.step(training.path("lr").asDouble(), Gradients.clipScale(norm, training.path("clip_grad_norm").asDouble()));
      Gradients.clear(parameters);
    }
    try (Scope _ = Scope.open()) {
      assertEquals(training.path("final_loss_f64").asDouble(), loss.get().value().item(), 1e-4, "final loss");
    }
  }

  private static void figures(Case given, Objective.Answer answer) {
    JsonNode rows = given.json.path("rows_f64");
    boolean single = given.settings.loss() == PreferenceLoss.KTO;
    int width = PairObjective.FIGURES.size();
    for (int i = 0; i < given.rows.size(); i++) {
      float[] row = answer.logits().slice(i, i + 1).toFloatArray();
      assertEquals(width, row.length);
      if (single) {
        assertEquals(rows.path("rewards").get(i).asDouble(), row[0], 5e-5, "reward " + i);
        assertEquals(rows.path("logps").get(i).asDouble(), row[2], 5e-5, "log p " + i);
        assertEquals(rows.path("kl_before_clamp").asDouble(), row[3], 5e-5, "distance");
        assertEquals(rows.path("losses").get(i).asDouble(), row[4], 1e-5, "loss " + i);
        continue;
      }
      if (!rows.path("chosen_rewards").isArray()) {
        continue;
      }
      assertEquals(rows.path("chosen_rewards").get(i).asDouble(), row[0], 5e-5, "reward of the chosen " + i);
      assertEquals(rows.path("rejected_rewards").get(i).asDouble(), row[1], 5e-5, "reward of the rejected " + i);
      if (rows.path("loss_of_the_row_alone").isArray() && given.settings.sftWeight() == 0) {
        double loss = rows.path("loss_of_the_row_alone").get(i).asDouble();
        assertEquals(loss, row[4], Math.max(1e-5, 1e-5 * Math.abs(loss)), "loss " + i);
      }
    }
    boolean tied = rows.path("margins").isArray() && Math.abs(rows.path("margins").get(0).asDouble()) < 1e-6;
    if (rows.path("accuracies").isArray() && !tied) {
      int right = 0;
      for (JsonNode value : rows.path("accuracies")) {
        right += (int) value.asDouble();
      }
      assertEquals(right, answer.hits(), "pairs ranked right");
    }
  }
}
