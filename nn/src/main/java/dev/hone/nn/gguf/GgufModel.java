package dev.hone.nn.gguf;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.core.io.TensorFileException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;

/**
 * A decoder as llama.cpp has it: Llama and Mistral ({@code llama}), Qwen 2 and 3. Rows of the projections of queries and keys are
 * in another order for {@code llama} alone, where the numbers that turn together are neighbours and not a half apart.
 */
public final class GgufModel {
  private static final Map<String, String> ARCHITECTURES = Map.of("llama", "llama", "mistral", "llama", "qwen2", "qwen2", "qwen3",
      "qwen3");
  private static final Map<String, String> PARTS = Map.ofEntries(Map.entry("input_layernorm", "attn_norm"),
      Map.entry("self_attn.q_proj", "attn_q"), Map.entry("self_attn.k_proj", "attn_k"), Map.entry("self_attn.v_proj", "attn_v"),
      Map.entry("self_attn.o_proj", "attn_output"), Map.entry("self_attn.q_norm", "attn_q_norm"),
      Map.entry("self_attn.k_norm", "attn_k_norm"), Map.entry("post_attention_layernorm", "ffn_norm"),
      Map.entry("mlp.gate_proj", "ffn_gate"), Map.entry("mlp.up_proj", "ffn_up"), Map.entry("mlp.down_proj", "ffn_down"));
  private static final String LAYER = "model.layers.";

  private final PretrainedModel model;
  private final JsonNode config;
  private final String architecture;
  private final int heads;
  private final int keyHeads;
  private final int headDim;
  private final List<String> warnings = new ArrayList<>();

  private record Part(String name, Tensor tensor, int turnedHeads) {}

  /**
   * A model without adapters.
   *
   * @throws ModelException if llama.cpp does not have its family, or would compute something else
   */
  public GgufModel(PretrainedModel model) {
    this.model = model;
    this.config = model.source();
    String type = model.config().modelType();
    architecture = ARCHITECTURES.get(type);
    if (architecture == null || model.task() != Task.CAUSAL_LM) {
      throw new ModelException("GGUF: model_type '" + type + "'" + (architecture == null ? "" : " for " + model.task())
          + " is not exported; decoders of the types llama, mistral, qwen2 and qwen3 are");
    }
    heads = config.get("num_attention_heads").intValue();
    keyHeads = model.config().keyHeads();
    headDim = model.config().keyWidth() / keyHeads;
    String activation = config.path("hidden_act").asString("silu");
    if (!activation.equals("silu")) {
      throw new ModelException("GGUF: hidden_act '" + activation + "': llama.cpp computes silu in models of this kind");
    }
    JsonNode window = config.path("sliding_window");
    if (window.isNumber() && window.intValue() < model.config().maxLength()
        && config.path("use_sliding_window").asBoolean(true)) {
      warnings.add("tokens see those at most " + window.intValue() + " before them, which llama.cpp does not know of: beyond "
          + "that length its answers differ");
    }
  }

  /** What a user must know of the file. */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** What the file calls a tensor of the model; null if it has no place. */
  private String name(String parameter) {
    return switch (parameter) {
      case "model.embed_tokens.weight" -> "token_embd.weight";
      case "model.norm.weight" -> "output_norm.weight";
      case "lm_head.weight" -> "output.weight";
      default -> {
        int dot = parameter.indexOf('.', LAYER.length());
        int last = parameter.lastIndexOf('.');
        String part = parameter.startsWith(LAYER) && dot > 0 && dot < last ? PARTS.get(parameter.substring(dot + 1, last)) : null;
        yield part == null ? null : "blk." + parameter.substring(LAYER.length(), dot) + "." + part + parameter.substring(last);
      }
    };
  }

  /** Metadata of the model in the order of llama.cpp's converter, without that of the tokenizer. */
  public Map<String, Object> metadata(String name, GgufType type) {
    Map<String, Object> out = new LinkedHashMap<>();
    long numbers = model.baseParameters().values().stream().mapToLong(p -> p.value().size()).sum();
    out.put("general.architecture", architecture);
    out.put("general.type", "model");
    out.put("general.name", name);
    out.put("general.size_label", sizeLabel(numbers));
    out.put(architecture + ".block_count", model.config().layers());
    out.put(architecture + ".context_length", model.config().maxLength());
    out.put(architecture + ".embedding_length", model.config().hiddenSize());
    out.put(architecture + ".feed_forward_length", config.get("intermediate_size").intValue());
    out.put(architecture + ".attention.head_count", heads);
    out.put(architecture + ".attention.head_count_kv", keyHeads);
    out.put(architecture + ".rope.freq_base", (float) theta());
    out.put(architecture + ".attention.layer_norm_rms_epsilon", (float) config.path("rms_norm_eps").asDouble(1e-6));
    out.put(architecture + ".attention.key_length", headDim);
    out.put(architecture + ".attention.value_length", headDim);
    out.put("general.file_type", type.fileType());
    if (architecture.equals("llama")) {
      out.put("llama.vocab_size", model.config().vocabSize());
      out.put("llama.rope.dimension_count", headDim);
    }
    JsonNode rope = rope();
    if (ropeType(rope).equals("linear")) {
      out.put(architecture + ".rope.scaling.type", "linear");
      out.put(architecture + ".rope.scaling.factor", (float) rope.get("factor").doubleValue());
    }
    out.put("general.quantization_version", 2);
    return out;
  }

  private JsonNode rope() {
    return config.path(config.path("rope_parameters").isObject() ? "rope_parameters" : "rope_scaling");
  }

  private static String ropeType(JsonNode rope) {
    return rope.path("rope_type").asString(rope.path("type").asString("default"));
  }

  private double theta() {
    return rope().path("rope_theta").asDouble(config.path("rope_theta").asDouble(10_000));
  }

  /** Such as 31K, 135M or 1.2B: two digits at least. */
  static String sizeLabel(long numbers) {
    String[] units = {"K", "M", "B", "T"};
    int unit = numbers > 1e12 ? 3 : numbers > 1e9 ? 2 : numbers > 1e6 ? 1 : 0;
    double scaled = numbers / Math.pow(1000, unit + 1);
    String whole = Long.toString(Math.round(scaled));
    int digits = Math.max(0, 2 - (whole.equals("0") ? 0 : whole.length()));
    return String.format(Locale.ROOT, "%." + digits + "f", scaled) + units[unit];
  }

  private List<Part> parts() {
    List<Part> parts = new ArrayList<>();
    float[] frequencies = ropeFactors();
    if (frequencies != null) {
      parts.add(new Part("rope_freqs.weight", Tensor.of(frequencies, frequencies.length), 0));
    }
    for (Map.Entry<String, Parameter> parameter : new TreeMap<>(model.baseParameters()).entrySet()) {
      String name = name(parameter.getKey());
      if (name == null) {
        throw new ModelException("GGUF: " + parameter.getKey() + " has no place in a file of the architecture " + architecture);
      }
      boolean turned = architecture.equals("llama");
      int turnedHeads = turned && name.contains(".attn_q.") ? heads : turned && name.contains(".attn_k.") ? keyHeads : 0;
      parts.add(new Part(name, parameter.getValue().value(), turnedHeads));
    }
    return parts;
  }

  /** What the frequencies of Llama 3 are divided by (Meta's Llama 3.1), one a pair of numbers; null if nothing. */
  private float[] ropeFactors() {
    JsonNode rope = rope();
    switch (ropeType(rope)) {
      case "default", "linear" -> {
        return null;
      }
      case "llama3" -> { }
      default -> throw new ModelException("GGUF: rope_type '" + ropeType(rope) + "' is not exported; default, linear and llama3 "
          + "are");
    }
    double factor = rope.get("factor").doubleValue();
    double low = rope.path("low_freq_factor").asDouble(1);
    double high = rope.path("high_freq_factor").asDouble(4);
    double original = rope.get("original_max_position_embeddings").doubleValue();
    float[] factors = new float[headDim / 2];
    for (int i = 0; i < factors.length; i++) {
      double wave = 2 * Math.PI * Math.pow(theta(), 2.0 * i / headDim);
      double smooth = (original / wave - low) / (high - low);
      factors[i] = (float) (wave < original / high ? 1 : wave > original / low ? factor : 1 / ((1 - smooth) / factor + smooth));
    }
    return factors;
  }

  /** Adds all tensors to a file: vectors in 32 bits, and matrices too whose rows are no whole number of blocks, in 16. */
  public void tensors(GgufWriter file, GgufType type) {
    for (Part part : parts()) {
      file.tensor(part.name, shape(part.tensor), typeOf(part, type), values(part));
    }
  }

  private static GgufType typeOf(Part part, GgufType wanted) {
    return part.tensor.shape().rank() == 1 ? GgufType.F32
        : part.tensor.dim(1) % wanted.block() == 0 ? wanted : GgufType.F16;
  }

  private static int[] shape(Tensor tensor) {
    return tensor.shape().rank() == 1 ? new int[] {tensor.dim(0)} : new int[] {tensor.dim(0), tensor.dim(1)};
  }

  private Supplier<float[]> values(Part part) {
    return () -> part.turnedHeads == 0 ? part.tensor.toFloatArray() : turned(part);
  }

  /** Rows of each head in another order: i and i + D / 2 become neighbours. */
  private float[] turned(Part part) {
    float[] values = part.tensor.toFloatArray();
    int width = part.tensor.shape().rank() == 1 ? 1 : part.tensor.dim(1);
    float[] out = new float[values.length];
    for (int row = 0; row < values.length / width; row++) {
      int within = row % headDim;
      int to = row - within + within % (headDim / 2) * 2 + within / (headDim / 2);
      System.arraycopy(values, row * width, out, to * width, width);
    }
    return out;
  }

  /**
   * Reads a file again and compares every tensor with the model's.
   *
   * @return the largest difference, as a share of the largest magnitude of its block
   * @throws TensorFileException if a tensor is missing, has another shape or differs by more than its type may round
   */
  public double check(Path file) throws IOException {
    GgufFile read = GgufFile.open(file);
    double largest = 0;
    for (Part part : parts()) {
      GgufFile.Entry entry = read.tensors().get(part.name);
      float[] wanted = values(part).get();
      float[] found = entry == null ? null : read.values(part.name);
      if (found == null || found.length != wanted.length) {
        throw new TensorFileException(file + ": read again, it lacks " + part.name);
      }
      int block = Math.max(entry.type().block(), 1);
      for (int from = 0; from < wanted.length; from += block) {
        double most = 0;
        double difference = 0;
        for (int i = from; i < Math.min(wanted.length, from + block); i++) {
          most = Math.max(most, Math.abs(wanted[i]));
          difference = Math.max(difference, Math.abs((double) wanted[i] - found[i]));
        }
        if (!(difference <= most * entry.type().error() + 1e-7)) { // the rest: numbers too small for 16 bits
          throw new TensorFileException(file + ": read again, " + part.name + " differs at " + from + " by " + difference
              + " from the model, more than " + entry.type() + " rounds");
        }
        largest = Math.max(largest, most == 0 ? 0 : difference / most);
      }
    }
    if (read.tensors().size() != parts().size()) {
      throw new TensorFileException(file + ": read again, it has " + read.tensors().size() + " tensors, the model "
          + parts().size());
    }
    return largest;
  }
}
