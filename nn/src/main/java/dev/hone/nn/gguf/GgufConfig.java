package dev.hone.nn.gguf;

import dev.hone.core.io.TensorFileException;
import dev.hone.nn.ModelException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The {@code config.json} of a file of llama.cpp. What such files do not say is what llama.cpp takes for given; a setting that is
 * not read is refused, for it may change answers.
 */
public final class GgufConfig {
  static final Set<String> FACTORS = Set.of("rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight");
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Set<String> READ = Set.of("block_count", "context_length", "embedding_length", "feed_forward_length",
      "attention.head_count", "attention.head_count_kv", "attention.key_length", "attention.value_length",
      "attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon", "rope.freq_base", "rope.freq_base_swa",
      "rope.dimension_count", "rope.scaling.type", "rope.scaling.factor", "rope.scaling.original_context_length",
      "rope.scaling.attn_factor", "attention.sliding_window", "attn_logit_softcapping", "final_logit_softcapping", "vocab_size",
      "tensor_data_layout");
  private static final Set<String> READ_OF_ENCODERS = Set.of("block_count", "context_length", "embedding_length",
      "feed_forward_length", "attention.head_count", "attention.layer_norm_epsilon", "attention.causal", "pooling_type",
      "vocab_size");

  private final GgufFile file;
  private final GgufFamily family;
  private final ObjectNode tree = JSON.createObjectNode();

  private GgufConfig(GgufFile file) {
    this.file = file;
    this.family = family(file);
  }

  /**
   * Reads a file's settings.
   *
   * @throws ModelException if its family, or what it says of it, is not computed here as llama.cpp does
   */
  public static ObjectNode of(GgufFile file) {
    return new GgufConfig(file).read();
  }

  static GgufFamily family(GgufFile file) {
    Object architecture = file.metadata().get("general.architecture");
    if (file.metadata().get("general.type") instanceof String type && !type.equals("model")) {
      throw new ModelException(file.path() + ": it holds an " + type + ", no model");
    }
    GgufFamily family = GgufFamily.ofFile(String.valueOf(architecture));
    if (family == null) {
      throw new ModelException(file.path() + ": models of the architecture '" + architecture + "' are not read from such files; "
          + String.join(", ", GgufFamily.architectures()) + " are");
    }
    return family;
  }

  static int headDim(GgufFile file) {
    GgufConfig config = new GgufConfig(file);
    return config.integer("attention.key_length", config.integer("embedding_length") / config.integer("attention.head_count"));
  }

  private ModelException refused(String what) {
    return new ModelException(file.path() + ": " + what);
  }

  private boolean is(String... architectures) {
    return Arrays.asList(architectures).contains(family.architecture());
  }

  private Number number(String key) {
    Object value = file.metadata().get(family.architecture() + "." + key);
    if (value != null && !(value instanceof Number)) {
      throw refused(family.architecture() + "." + key + " is no number: layers that differ in it are not read");
    }
    return (Number) value;
  }

  private int integer(String key) {
    Number number = number(key);
    if (number == null || number.longValue() < 1 || number.longValue() > Integer.MAX_VALUE) {
      throw refused(family.architecture() + "." + key + " is " + (number == null ? "missing" : number));
    }
    return number.intValue();
  }

  private int integer(String key, int otherwise) {
    return number(key) == null ? otherwise : integer(key);
  }

  private double real(String key, double otherwise) {
    Number number = number(key);
    return number == null ? otherwise : Double.parseDouble(number.toString()); // the shortest that is this float
  }

  private boolean hasTensor(String name) {
    return file.tensors().containsKey(name);
  }

  private ObjectNode read() {
    Set<String> unknown = new TreeSet<>();
    String prefix = family.architecture() + ".";
    Set<String> read = family.encodes() ? READ_OF_ENCODERS : READ;
    for (String key : file.metadata().keySet()) {
      if (key.startsWith(prefix) && !read.contains(key.substring(prefix.length()))) {
        unknown.add(key);
      }
    }
    if (!unknown.isEmpty()) {
      throw refused("it says " + String.join(", ", unknown) + ", which is not read");
    }
    if (!hasTensor("token_embd.weight")) {
      throw refused("it has no token_embd.weight");
    }
    int vocabulary = file.tensors().get("token_embd.weight").shape()[0];
    tree.put("model_type", family.modelTypes().getFirst()).put("vocab_size", vocabulary);
    if (family.encodes()) {
      encoder();
    } else if (is("gpt2")) {
      gpt2();
    } else {
      decoder();
    }
    return tree;
  }

  private void encoder() {
    if (!Boolean.FALSE.equals(file.metadata().get(family.architecture() + ".attention.causal"))) {
      throw refused(family.architecture() + ".attention.causal is not false: tokens would see only those before them");
    }
    tree.putArray("architectures").add("BertModel");
    GgufFile.Entry types = file.tensors().get("token_types.weight");
    tree.put("hidden_size", integer("embedding_length")).put("num_hidden_layers", integer("block_count"))
        .put("num_attention_heads", integer("attention.head_count")).put("intermediate_size", integer("feed_forward_length"))
        .put("max_position_embeddings", integer("context_length")).put("type_vocab_size", types == null ? 0 : types.shape()[0])
        .put("layer_norm_eps", real("attention.layer_norm_epsilon", 1e-12)).put("hidden_act", "gelu");
  }

  private void gpt2() {
    tree.putArray("architectures").add("GPT2LMHeadModel");
    tree.put("n_positions", integer("context_length")).put("n_embd", integer("embedding_length"))
        .put("n_layer", integer("block_count")).put("n_head", integer("attention.head_count"))
        .put("n_inner", integer("feed_forward_length")).put("layer_norm_epsilon", real("attention.layer_norm_epsilon", 1e-5))
        .put("activation_function", "gelu_new").put("tie_word_embeddings", true);
  }

  private void decoder() {
    String type = family.modelTypes().getFirst();
    String name = switch (family.architecture()) {
      case "gemma3" -> "Gemma3";
      default -> type.substring(0, 1).toUpperCase(Locale.ROOT) + type.substring(1);
    };
    tree.putArray("architectures").add(name + "ForCausalLM");
    int heads = integer("attention.head_count");
    int headDim = integer("attention.key_length", integer("embedding_length") / heads);
    boolean gemma = is("gemma", "gemma2", "gemma3");
    tree.put("hidden_size", integer("embedding_length")).put("num_hidden_layers", integer("block_count"))
        .put("num_attention_heads", heads).put("num_key_value_heads", integer("attention.head_count_kv", heads))
        .put("head_dim", headDim).put("intermediate_size", integer("feed_forward_length"))
        .put("max_position_embeddings", integer("context_length"))
        .put("rms_norm_eps", real("attention.layer_norm_rms_epsilon", 1e-6))
        .put("rope_theta", real("rope.freq_base", is("gemma3") ? 1_000_000 : 10_000))
        .put(gemma ? "hidden_activation" : "hidden_act", gemma ? "gelu_pytorch_tanh" : "silu")
        .put("tie_word_embeddings", !hasTensor("output.weight"));
    if (integer("attention.value_length", headDim) != headDim) {
      throw refused("keys are " + headDim + " wide, values " + integer("attention.value_length"));
    }
    int turned = integer("rope.dimension_count", headDim);
    if (turned != headDim && !is("phi3")) {
      throw refused("rope.dimension_count is " + turned + ", heads are " + headDim + " wide");
    }
    switch (family.architecture()) {
      case "llama" -> tree.put("attention_bias", hasTensor("blk.0.attn_q.bias")).put("mlp_bias", hasTensor("blk.0.ffn_up.bias"));
      case "phi3" -> {
        tree.put("sliding_window", integer("attention.sliding_window", Integer.MAX_VALUE));
        tree.put("original_max_position_embeddings",
            integer("rope.scaling.original_context_length", integer("context_length")));
        tree.put("partial_rotary_factor", (double) turned / headDim);
      }
      case "gemma" -> tree.put("hidden_act", "gelu_pytorch_tanh");
      case "gemma2" -> gemma(46, headDim, heads).put("sliding_window", integer("attention.sliding_window", 4096))
          .put("attn_logit_softcapping", real("attn_logit_softcapping", 50))
          .put("final_logit_softcapping", real("final_logit_softcapping", 30));
      case "gemma3" -> gemma(62, headDim, heads).put("sliding_window", integer("attention.sliding_window"))
          .put("sliding_window_pattern", 6).put("rope_local_base_freq", real("rope.freq_base_swa", 10_000));
      default -> { }
    }
    if (is("gemma3") && number("final_logit_softcapping") != null) {
      throw refused("gemma3.final_logit_softcapping is not read");
    }
    scaling();
  }

  private ObjectNode gemma(int largest, int headDim, int heads) {
    return tree.put("query_pre_attn_scalar", integer("block_count") == largest
        ? (double) integer("embedding_length") / heads : headDim);
  }

  private void scaling() {
    Object type = file.metadata().get(family.architecture() + ".rope.scaling.type");
    boolean named = type != null && !type.equals("none");
    if (named && !type.equals("linear") && !(type.equals("longrope") && is("phi3"))) {
      throw refused("rope.scaling.type is '" + type + "'; none and linear are read");
    }
    ObjectNode section = JSON.createObjectNode();
    if (named && type.equals("linear")) {
      tree.set("rope_scaling", section.put("rope_type", "linear").put("factor", real("rope.scaling.factor", 1)));
    }
    if (hasTensor("rope_factors_short.weight")) {
      section.put("rope_type", "longrope");
      numbers(section.putArray("short_factor"), "rope_factors_short.weight");
      numbers(section.putArray("long_factor"), "rope_factors_long.weight");
      tree.set("rope_scaling", section.put("attention_factor", real("rope.scaling.attn_factor", 1)));
    } else if (hasTensor("rope_freqs.weight")) { // of Llama 3; one set of divisors for every length
      section.put("rope_type", "longrope").put("attention_factor", 1.0)
          .put("original_max_position_embeddings", integer("context_length"));
      numbers(section.putArray("short_factor"), "rope_freqs.weight");
      numbers(section.putArray("long_factor"), "rope_freqs.weight");
      tree.set("rope_scaling", section);
    }
  }

  private void numbers(ArrayNode array, String tensor) {
    try {
      for (float value : file.values(tensor)) {
        array.add(value);
      }
    } catch (TensorFileException e) {
      throw new ModelException(e.getMessage(), e);
    }
  }
}
