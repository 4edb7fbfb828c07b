package dev.hone.train.distributed;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.train.optim.Grouping;
import dev.hone.train.optim.Optimizer;
import dev.hone.train.optim.Sgd;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Processes that step alone for a while, each on rows and with an optimiser of its own, and then take one step together: the mean
 * of how far they have come is the gradient of an outer step with Nesterov's momentum, from where all were before (DiLoCo,
 * Douillard and others 2023). The outer step is the same everywhere, so that all go on from the same weights.
 */
public final class LocalSteps {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Ranks ranks;
  private final Map<Parameter, Parameter> starts = new LinkedHashMap<>(); // copies of where all were, and what they are copies of
  private final Optimizer outer;
  private final double rate;
  private final BlockSums sums;
  private final GradientExchange exchange;

  /**
   * All begin with the same parameters.
   *
   * @param rate of the outer step; 1 with a momentum of 0 takes the mean of the weights
   * @param momentum of the outer step
   */
  public LocalSteps(Ranks ranks, List<Parameter> parameters, double rate, double momentum) {
    this.ranks = ranks;
    this.rate = rate;
    for (Parameter parameter : parameters) {
      Tensor copy = Tensor.persistent(parameter.value().device(), parameter.shape()).copyFrom(parameter.value());
      starts.put(new Parameter(parameter.name(), copy, true), parameter);
    }
    outer = new Optimizer(starts.keySet(), Grouping.of(new Sgd(momentum, 0, momentum > 0), 0));
    sums = new BlockSums(parameters);
    exchange = new GradientExchange(ranks, parameters, ranks.size());
  }

  /** The outer step; all processes take it after as many steps of their own. Gradients are gone afterwards. */
  public void together() {
    starts.forEach((start, parameter) -> {
      parameter.clearGradient();
      parameter.addGradient(start.value());
      subtract(parameter.value(), parameter.gradient());
    });
    sums.add(ranks.rank(), false);
    exchange.sum(sums);
    outer.step(rate, 1f / ranks.size(), start -> starts.get(start).gradient());
    starts.forEach((start, parameter) -> {
      parameter.value().copyFrom(start.value());
      parameter.clearGradient();
    });
  }

  private static void subtract(Tensor x, Tensor from) {
    Kernels.of(x).elementwise().addScaled(-1, x, from);
  }

  /**
   * What a checkpoint needs besides the weights and rank 0's own optimiser, by name; for rank 0, the others get nothing. All call
   * it after {@link #together}.
   *
   * @param own what the optimiser of this process remembers
   * @param about gets what is no tensor
   */
  public Map<String, Tensor> gather(Optimizer.State own, ObjectNode about) {
    ObjectNode mine = JSON.createObjectNode();
    own.steps().forEach(mine.putObject("steps")::put);
    ObjectNode entries = mine.putObject("tensors");
    own.tensors().forEach((name, tensor) -> TensorTransfer.describe(tensor, entries.putObject(name)));
    Map<String, Tensor> all = new TreeMap<>();
    List<String> texts = ranks.gather(JSON.writeValueAsString(mine));
    for (int r = 1; r < ranks.size(); r++) {
      JsonNode of = JSON.readTree(texts.get(r));
      Map<String, JsonNode> described = new TreeMap<>();
      of.path("tensors").properties().forEach(entry -> described.put(entry.getKey(), entry.getValue()));
      for (Map.Entry<String, JsonNode> entry : described.entrySet()) {
        Tensor tensor = TensorTransfer.toFirst(ranks, r, own.tensors(), entry.getKey(), entry.getValue());
        if (ranks.leads()) {
          all.put(worker(r) + entry.getKey(), tensor);
        }
      }
      about.set("steps-" + r, of.path("steps"));
    }
    outer.state().tensors().forEach((name, tensor) -> all.put("outer/" + name, tensor));
    outer.state().steps().forEach(about.putObject("outer")::put);
    about.put("processes", ranks.size());
    return all;
  }

  private static String worker(int rank) {
    return "worker-" + rank + "/";
  }

  /**
   * Takes up where all were, which are the parameters now, and the outer step's momentum.
   *
   * @param saved what {@link #gather} gave, among others
   * @param first what rank 0's optimiser remembered
   * @return what the optimiser of this process remembered
   * @throws IllegalArgumentException if there were more or fewer processes
   */
  public Optimizer.State restore(Map<String, Tensor> saved, JsonNode about, Optimizer.State first) {
    int before = about.path("processes").asInt();
    if (before != ranks.size()) {
      throw new IllegalArgumentException("resume: with local_steps each process has an optimiser of its own: the checkpoint is "
          + "of " + before + " processes, these are " + ranks.size() + "; start " + before);
    }
    starts.forEach((start, parameter) -> start.value().copyFrom(parameter.value()));
    outer.restore(new Optimizer.State(part(saved, "outer/"), steps(about.path("outer"))));
    return ranks.leads() ? first
        : new Optimizer.State(part(saved, worker(ranks.rank())), steps(about.path("steps-" + ranks.rank())));
  }

  private static Map<String, Tensor> part(Map<String, Tensor> all, String prefix) {
    Map<String, Tensor> part = new HashMap<>();
    all.forEach((name, tensor) -> {
      if (name.startsWith(prefix)) {
        part.put(name.substring(prefix.length()), tensor);
      }
    });
    return part;
  }

  private static Map<String, Long> steps(JsonNode counts) {
    Map<String, Long> steps = new HashMap<>();
    counts.properties().forEach(entry -> steps.put(entry.getKey(), entry.getValue().asLong()));
    return steps;
  }
}
