package dev.hone.train;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.lora.RankAllocator;
import dev.hone.train.checkpoint.Checkpoint;
import dev.hone.train.config.Settings;
import dev.hone.train.distributed.LocalSteps;
import dev.hone.train.distributed.OptimizerShards;
import dev.hone.train.distributed.Ranks;
import dev.hone.train.optim.Optimizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * All that changes in the course of a run. Random numbers are functions of the seed and {@link #step}, batches of the seed
 * and {@link #epoch}, so that these counters are all there is to remember of them.
 */
final class RunState {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String ALLOCATION = "allocation/"; // of tensors
  private static final int FORMAT = 2; // 1: dropout by batches
  /** Settings that change what is written and when, but no weight. */
  private static final Set<String> HARMLESS = Set.of("save_steps", "save_total_limit", "eval_batch_size", "cache_frozen",
      "shard_optimizer");

  private final Optimizer optimizer; // null: shared out
  private final OptimizerShards shards; // null: all is here
  private final LocalSteps local; // null: all steps are common ones
  final BestCheckpoint best;
  final DivergenceGuard watch;
  final ExponentialMovingAverage mean; // null without
  int step;
  int start; // steps taken before this process; not kept
  int epoch;
  /** Windows of the epoch that are done. */
  int window;
  long tokens;
  double seconds;

  private final List<Parameter> parameters;
  private final TrainConfig config;
  private final String data;
  private RankAllocator allocator; // null: ranks of adapters stay

  /**
   * The state of a run at its beginning.
   *
   * @param data the fingerprint of its rows
   * @param watch ends the run where it diverges
   * @param metric what the best step is chosen by
   * @param ranks that share it
   */
  RunState(List<Parameter> parameters, TrainConfig config, int layers, String data, DivergenceGuard watch, Metric metric,
      Ranks ranks) {
    this.parameters = parameters;
    this.config = config;
    this.data = data;
    this.watch = watch;
    boolean shared = config.shardOptimizer() && ranks.size() > 1;
    optimizer = shared ? null : new Optimizer(parameters, config.grouping(layers));
    shards = shared ? new OptimizerShards(ranks, parameters, config.grouping(layers)) : null;
    local = config.localSteps() > 0 ? new LocalSteps(ranks, parameters, config.outerRate(), config.outerMomentum()) : null;
    best = new BestCheckpoint(parameters, metric, config.threshold());
    mean = config.emaDecay() > 0 ? new ExponentialMovingAverage(parameters, config.emaDecay()) : null;
  }

  /**
   * Lets something cut ranks of an adapter after every step.
   *
   * @param other null for none
   * @param total steps of the run
   * @throws IllegalArgumentException if weights of several steps are mixed, or there are too few steps
   */
  void cutRanks(RankAllocator other, int total) {
    if (other != null && (mean != null || local != null)) {
      throw new IllegalArgumentException((mean != null ? "ema_decay" : "local_steps") + " takes means of weights, in which no "
          + "rank is cut: leave it out, or take adalora's target_r as init_r");
    }
    allocator = other;
    if (other != null) {
      other.begin(total);
    }
  }

  /** Moves the parameters along their gradients. */
  void move(double rate, float gradientScale) {
    if (shards == null) {
      optimizer.step(rate, gradientScale);
    } else {
      shards.step(rate, gradientScale);
    }
    if (allocator != null) {
      allocator.moved(step, gradientScale);
    }
  }

  /** Whether a common step follows this one; {@code otherwise} if something else wants all to have the same weights. */
  boolean meets(boolean otherwise) {
    return local == null || otherwise || step % config.localSteps() == 0;
  }

  /** Takes the common step of those who step alone. */
  void meet() {
    if (local != null) {
      local.together();
    }
  }

  /**
   * The state as a checkpoint; its tensors are those of the run. All processes call it, and rank 0 has all of it.
   */
  Checkpoint save(List<TrainListener> listeners) {
    Optimizer.State memory = shards == null ? optimizer.state() : shards.gather();
    Map<String, Tensor> tensors = new TreeMap<>();
    parameters.forEach(parameter -> tensors.put("parameter/" + parameter.name(), parameter.value()));
    ObjectNode state = JSON.createObjectNode().put("format", FORMAT).put("step", step).put("epoch", epoch).put("window", window)
        .put("tokens", tokens).put("seconds", seconds).put("data", data);
    ObjectNode settings = state.putObject("config");
    settings().forEach(settings::put);
    memory.tensors().forEach((name, tensor) -> tensors.put("optimizer/" + name, tensor));
    if (local != null) {
      tensors.putAll(local.gather(memory, state.putObject("local")));
    }
    ObjectNode steps = state.putObject("optimizer");
    memory.steps().forEach(steps::put);
    best.save(state.putObject("best"), tensors);
    watch.save(state.putObject("watch"));
    if (mean != null) {
      mean.save(tensors);
    }
    if (allocator != null) {
      state.put("allocation", allocator.settings());
      allocator.state().forEach((name, tensor) -> tensors.put(ALLOCATION + name, tensor));
    }
    ObjectNode heard = state.putObject("listeners");
    listeners.forEach(listener -> listener.save().forEach(heard::put));
    return new Checkpoint(tensors, state);
  }

  /**
   * Takes up a checkpoint.
   *
   * @throws IllegalArgumentException if it is of another run, naming the difference
   */
  void restore(Checkpoint checkpoint) {
    ObjectNode state = checkpoint.state();
    Map<String, Tensor> tensors = checkpoint.tensors();
    checkSameRun(state, tensors);
    parameters.forEach(parameter -> parameter.value().copyFrom(tensors.get("parameter/" + parameter.name())));
    Map<String, Tensor> memory = new TreeMap<>();
    tensors.forEach((name, tensor) -> {
      if (name.startsWith("optimizer/")) {
        memory.put(name.substring("optimizer/".length()), tensor);
      }
    });
    Map<String, Long> steps = new TreeMap<>();
    state.path("optimizer").properties().forEach(e -> steps.put(e.getKey(), e.getValue().asLong()));
    Optimizer.State saved = new Optimizer.State(memory, steps);
    if (shards == null) {
      optimizer.restore(local == null ? saved : local.restore(tensors, state.path("local"), saved));
    } else {
      shards.restore(saved);
    }
    best.restore((ObjectNode) state.path("best"), tensors);
    watch.restore((ObjectNode) state.path("watch"));
    if (mean != null) {
      mean.restore(tensors);
    }
    if (allocator != null) {
      Map<String, Tensor> scores = new TreeMap<>();
      tensors.forEach((name, tensor) -> {
        if (name.startsWith(ALLOCATION)) {
          scores.put(name.substring(ALLOCATION.length()), tensor);
        }
      });
      allocator.restore(scores);
    }
    step = state.path("step").asInt();
    epoch = state.path("epoch").asInt();
    window = state.path("window").asInt();
    tokens = state.path("tokens").asLong();
    seconds = state.path("seconds").asDouble();
  }

  /** What listeners gave for a checkpoint. */
  static Map<String, String> heard(Checkpoint checkpoint) {
    Map<String, String> heard = new LinkedHashMap<>();
    checkpoint.state().path("listeners").properties().forEach(e -> heard.put(e.getKey(), e.getValue().asString()));
    return heard;
  }

  private void checkSameRun(ObjectNode state, Map<String, Tensor> tensors) {
    if (state.path("format").asInt() != FORMAT) {
      throw new IllegalArgumentException("resume: the checkpoint is of another version of Hone (format " + state.path("format")
          + ", this one reads " + FORMAT + "), whose dropout or order of sums was another; end the run with that version, or "
          + "begin it again with --overwrite");
    }
    Map<String, String> defaults = settings(TrainConfig.of(Map.of()));
    settings().forEach((key, value) -> {
      String before = state.path("config").path(key).asString(defaults.get(key)); // a setting may be newer than the checkpoint
      if (!HARMLESS.contains(key) && !before.equals(value)) {
        throw another(key + " was '" + before + "', is '" + value + "'");
      }
    });
    String cut = allocator == null ? "" : allocator.settings();
    String before = state.path("allocation").asString("");
    if (!before.equals(cut)) {
      throw another("ranks were cut by '" + before + "', are by '" + cut + "'");
    }
    if (!state.path("data").asString("").equals(data)) {
      throw another("the rows are not the same");
    }
    for (Parameter parameter : parameters) {
      Tensor saved = tensors.get("parameter/" + parameter.name());
      if (saved == null || !saved.shape().equals(parameter.shape())) {
        throw another(parameter.name() + " is " + parameter.shape()
            + (saved == null ? " and was not trained" : ", was " + saved.shape()));
      }
    }
    long trained = tensors.keySet().stream().filter(name -> name.startsWith("parameter/")).count();
    if (trained != parameters.size()) {
      throw another(trained + " tensors were trained, now " + parameters.size());
    }
  }

  private static IllegalArgumentException another(String difference) {
    return new IllegalArgumentException("resume: the checkpoint is of another run: " + difference);
  }

  private Map<String, String> settings() {
    return settings(config);
  }

  private static Map<String, String> settings(TrainConfig config) {
    Map<String, String> texts = new LinkedHashMap<>();
    TrainConfig.SETTINGS.write(config).forEach((key, value) -> texts.put(key, Settings.text(value)));
    return texts;
  }
}
