package dev.hone.train.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.core.TestDevice;
import dev.hone.core.io.Safetensors;
import dev.hone.train.fixture.Fixtures;
import dev.hone.train.fixture.ReferenceCases;
import dev.hone.train.schedule.Schedule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Every optimiser, step by step, against torch and transformers; parameter groups; clipping. */
@Tag("fixtures")
class OptimizerFixturesTest {
  private static final Map<String, String> NAMES = Map.ofEntries(Map.entry("AdamW", "adamw"), Map.entry("Adam", "adam"),
      Map.entry("SGD", "sgd"), Map.entry("torch.AdamW", "adamw"), Map.entry("torch.Adam", "adam"), Map.entry("torch.SGD", "sgd"),
      Map.entry("torch.Adafactor", "torch_adafactor"), Map.entry("transformers.Adafactor", "adafactor"),
      Map.entry("torch.Muon", "muon"), Map.entry("Lion", "lion"), Map.entry("torch.NAdam", "nadam"),
      Map.entry("torch.RMSprop", "rmsprop"), Map.entry("torch.Adagrad", "adagrad"), Map.entry("torch.RAdam", "radam"),
      Map.entry("torch.Adamax", "adamax"), Map.entry("torch.Adadelta", "adadelta"));

  @TestFactory
  Stream<DynamicTest> optimizersStepAsTorchsDo() {
    return Stream.of("optim/optim", "optim_more/optim_more").flatMap(name -> ReferenceCases.tests(name + ".json", json -> {
      Safetensors data = Fixtures.tensors(Fixtures.root().resolve(name + ".safetensors"));
      return StreamSupport.stream(json.path("optimizers").spliterator(), false).map(setUp -> DynamicTest.dynamicTest(
          name + " " + setUp.path("name").asString(), () -> check(setUp, json.path("steps").asInt(), data)));
    }));
  }

  @TestFactory
  Stream<DynamicTest> clippingIsTorchs() {
    return ReferenceCases.tests("optim/optim.json", json -> {
      Safetensors data = Fixtures.tensors(Fixtures.root().resolve("optim/optim.safetensors"));
      return StreamSupport.stream(json.path("clip_grad_norm").spliterator(), false)
          .filter(clip -> clip.path("norm_type").asString().equals("2.0")) // the norm that trainers clip by
          .map(clip -> DynamicTest.dynamicTest("clip " + clip.path("case").asInt(), () -> checkClip(clip, data)));
    });
  }

  private static void checkClip(JsonNode clip, Safetensors data) {
    String prefix = "clip." + clip.path("case").asInt();
    List<Parameter> parameters = new ArrayList<>();
    for (String name : List.of("w", "b")) {
      Parameter parameter = parameter(name, data.tensor(prefix + ".in." + name));
      setGradient(parameter, data.tensor(prefix + ".in." + name));
      parameters.add(parameter);
    }
    double norm = Gradients.norm(parameters);
    assertEquals(clip.path("total_norm").asDouble(), norm, 1e-6 * Math.max(1, norm));
    float scale = Gradients.clipScale(norm, clip.path("max_norm").asDouble());
    for (Parameter parameter : parameters) {
      float[] clipped = parameter.gradient().toFloatArray();
      for (int i = 0; i < clipped.length; i++) {
        clipped[i] *= scale;
      }
      Fixtures.assertClose(parameter.name(), data.tensor(prefix + ".out." + parameter.name()).toFloatArray(), clipped, 1e-6, 0);
    }
  }

  private static void check(JsonNode setUp, int steps, Safetensors data) {
    String name = setUp.path("name").asString();
    Map<String, Parameter> parameters = new LinkedHashMap<>();
    List<String> all = setUp.has("parameters") ? ReferenceCases.strings(setUp.path("parameters")) : List.of("w", "b");
    all.forEach(parameter -> parameters.put(parameter, parameter(parameter, data.tensor("init." + parameter))));
    Optimizer optimizer = new Optimizer(parameters.values(), parameter -> group(setUp, parameter.name()));
    boolean climbs = setUp.path("arguments").path("maximize").asBoolean(false);
    Schedule schedule = setUp.path("schedule").isString() ? new Schedule.Linear(2, 8) : new Schedule.Constant(0);
    String exact = data.contains(name + ".exact.0.w") ? name + ".exact." : name + ".";
    double noise = setUp.path("f32_vs_f64").asDouble();
    for (int step = 0; step < steps; step++) {
      for (Parameter parameter : parameters.values()) {
        parameter.clearGradient();
        if (!contains(setUp.path("steps_without_gradient").path(parameter.name()), step)) {
          setGradient(parameter, data.tensor("grad." + step + "." + parameter.name()));
        }
      }
      optimizer.step(schedule.factor(step), climbs ? -1 : 1);
      if (step == steps / 2) { // whoever goes on from what is remembered must not notice
        Optimizer.State state = optimizer.state();
        optimizer = new Optimizer(parameters.values(), parameter -> group(setUp, parameter.name()));
        optimizer.restore(state);
      }
      for (Parameter parameter : parameters.values()) {
        Fixtures.assertClose(parameter.name() + " after step " + step,
            data.tensor(exact + step + "." + parameter.name()).toFloatArray(), parameter.value().toFloatArray(),
            Math.max(3e-6, 2 * noise), 0);
      }
    }
  }

  /** Group of a parameter: the arguments of the set-up, overridden by those of its group; the rate is the factor. */
  private static ParameterGroup group(JsonNode setUp, String parameter) {
    Map<String, JsonNode> arguments = new HashMap<>();
    setUp.path("arguments").properties().forEach(e -> arguments.put(e.getKey(), e.getValue()));
    for (JsonNode group : setUp.path("groups")) {
      if (ReferenceCases.strings(group.path("parameters")).contains(parameter)) {
        group.properties().forEach(e -> arguments.put(e.getKey(), e.getValue()));
      }
    }
    String type = setUp.path("class").asString();
    double beta1 = 0.9;
    double beta2 = type.equals("Lion") ? 0.99 : 0.999;
    double eps = 1e-8;
    Map<String, Object> others = new HashMap<>();
    for (Map.Entry<String, JsonNode> e : arguments.entrySet()) {
      switch (e.getKey()) {
        case "lr", "weight_decay", "maximize", "parameters" -> { }
        case "betas" -> {
          beta1 = e.getValue().get(0).asDouble();
          beta2 = e.getValue().get(1).asDouble();
        }
        case "eps" -> {
          if (e.getValue().isArray()) {
            others.put("eps", e.getValue().get(0).asDouble());
            others.put("least_scale", e.getValue().get(1).asDouble());
          } else {
            eps = e.getValue().asDouble();
          }
        }
        case "adjust_lr_fn" -> others.put(e.getValue().asString(), true);
        default -> others.put(e.getKey(), e.getValue().isString() ? e.getValue().asString() : e.getValue().toString());
      }
    }
    if (type.equals("Lion")) {
      others.put("beta1", beta1);
      others.put("beta2", beta2);
    } else if (type.equals("torch.NAdam") || type.equals("torch.RAdam")) {
      others.putIfAbsent("decoupled_weight_decay", false);
    } else if (type.equals("transformers.Adafactor")) {
      others.putIfAbsent("scale_parameter", true);
      others.putIfAbsent("relative_step", true);
    }
    double decay = arguments.containsKey("weight_decay") ? arguments.get("weight_decay").asDouble() : usualDecay(type);
    double rate = arguments.containsKey("lr") ? arguments.get("lr").asDouble() : 1;
    return new ParameterGroup(UpdateRule.named(NAMES.get(type), beta1, beta2, eps, others), rate, decay);
  }

  private static double usualDecay(String type) {
    return switch (type) {
      case "torch.AdamW", "AdamW" -> 0.01;
      case "torch.Muon" -> 0.1;
      default -> 0;
    };
  }

  private static boolean contains(JsonNode steps, int step) {
    return StreamSupport.stream(steps.spliterator(), false).anyMatch(s -> s.asInt() == step);
  }

  private static Parameter parameter(String name, Tensor value) {
    return new Parameter(name, TestDevice.placed(Tensor.of(value.toFloatArray(), value.shape().toArray())), true);
  }

  /** d(Σ x · g)/dx = g. */
  private static void setGradient(Parameter parameter, Tensor gradient) {
    parameter.mul(Variable.constant(TestDevice.placed(Tensor.of(gradient.toFloatArray(), gradient.shape().toArray()))))
        .sum().backward();
  }
}
