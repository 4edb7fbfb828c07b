package dev.hone.nn.gguf;

import dev.hone.nn.ModelException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What llama.cpp calls a family of models and the parts of its files.
 *
 * @param architecture llama.cpp's name
 * @param modelTypes those of {@code config.json}; the first is that of a directory which is made of a file
 * @param layers what stands before the number of a layer in files of Hugging Face
 * @param outside parts outside the layers by their names there, without {@code .weight} or {@code .bias}
 * @param parts parts of a layer in the same way
 * @param biased what may have a bias
 * @param turned whether numbers of a head that turn together are neighbours, not half a head apart
 * @param aroundOne whether weights of norms are stored there as the difference to 1
 */
record GgufFamily(String architecture, List<String> modelTypes, String layers, Map<String, String> outside,
    Map<String, String> parts, Set<String> biased, boolean turned, boolean aroundOne) {
  private static final String HEAD = "lm_head";
  private static final String ENCODER = "bert";
  private static final Map<String, String> OUTSIDE = Map.of("model.embed_tokens", "token_embd", "model.norm", "output_norm", HEAD,
      "output");
  private static final Map<String, String> LLAMA = Map.of("input_layernorm", "attn_norm", "self_attn.q_proj", "attn_q",
      "self_attn.k_proj", "attn_k", "self_attn.v_proj", "attn_v", "self_attn.o_proj", "attn_output", "post_attention_layernorm",
      "ffn_norm", "mlp.gate_proj", "ffn_gate", "mlp.up_proj", "ffn_up", "mlp.down_proj", "ffn_down");
  private static final Map<String, String> HEAD_NORMS = Map.of("self_attn.q_norm", "attn_q_norm", "self_attn.k_norm",
      "attn_k_norm");
  private static final Map<String, String> GEMMA_2 = with(LLAMA, Map.of("post_attention_layernorm", "post_attention_norm",
      "pre_feedforward_layernorm", "ffn_norm", "post_feedforward_layernorm", "post_ffw_norm"));
  private static final Map<String, String> PHI_3 = Map.of("input_layernorm", "attn_norm", "self_attn.qkv_proj", "attn_qkv",
      "self_attn.o_proj", "attn_output", "post_attention_layernorm", "ffn_norm", "mlp.gate_up_proj", "ffn_up", "mlp.down_proj",
      "ffn_down");
  private static final Map<String, String> GPT_2 = Map.of("ln_1", "attn_norm", "attn.c_attn", "attn_qkv", "attn.c_proj",
      "attn_output", "ln_2", "ffn_norm", "mlp.c_fc", "ffn_up", "mlp.c_proj", "ffn_down");
  private static final Map<String, String> BERT = Map.of("attention.self.query", "attn_q", "attention.self.key", "attn_k",
      "attention.self.value", "attn_v", "attention.output.dense", "attn_output", "attention.output.LayerNorm", "attn_output_norm",
      "intermediate.dense", "ffn_up", "output.dense", "ffn_down", "output.LayerNorm", "layer_output_norm");
  private static final Map<String, String> DISTILBERT = Map.of("attention.q_lin", "attn_q", "attention.k_lin", "attn_k",
      "attention.v_lin", "attn_v", "attention.out_lin", "attn_output", "sa_layer_norm", "attn_output_norm", "ffn.lin1", "ffn_up",
      "ffn.lin2", "ffn_down", "output_layer_norm", "layer_output_norm");
  private static final Set<String> NONE = Set.of();

  private static final List<GgufFamily> ALL = List.of(
      decoder("llama", List.of("llama", "mistral"), LLAMA, Set.copyOf(LLAMA.values()), true, false),
      decoder("qwen2", List.of("qwen2"), LLAMA, Set.of("attn_q", "attn_k", "attn_v"), false, false),
      decoder("qwen3", List.of("qwen3"), with(LLAMA, HEAD_NORMS), NONE, false, false),
      decoder("gemma", List.of("gemma"), LLAMA, NONE, false, true),
      decoder("gemma2", List.of("gemma2"), GEMMA_2, NONE, false, true),
      decoder("gemma3", List.of("gemma3_text", "gemma3"), with(GEMMA_2, HEAD_NORMS), NONE, false, true),
      decoder("phi3", List.of("phi3"), PHI_3, NONE, false, false),
      new GgufFamily("gpt2", List.of("gpt2"), "transformer.h.", Map.of("transformer.wte", "token_embd", "transformer.wpe",
          "position_embd", "transformer.ln_f", "output_norm", HEAD, "output"), GPT_2,
          with(Set.copyOf(GPT_2.values()), "output_norm"), false, false),
      encoder("bert", "bert.encoder.layer.", BERT), encoder("distilbert", "distilbert.transformer.layer.", DISTILBERT));

  private static GgufFamily decoder(String architecture, List<String> types, Map<String, String> parts, Set<String> biased,
      boolean turned, boolean aroundOne) {
    return new GgufFamily(architecture, types, "model.layers.", OUTSIDE, parts, biased, turned, aroundOne);
  }

  private static GgufFamily encoder(String type, String layers, Map<String, String> parts) {
    String tables = type + ".embeddings.";
    return new GgufFamily(ENCODER, List.of(type), layers, Map.of(tables + "word_embeddings", "token_embd",
        tables + "position_embeddings", "position_embd", tables + "token_type_embeddings", "token_types", tables + "LayerNorm",
        "token_embd_norm"), parts, with(Set.copyOf(parts.values()), "token_embd_norm"), false, false);
  }

  private static Map<String, String> with(Map<String, String> some, Map<String, String> others) {
    Map<String, String> all = new HashMap<>(some);
    all.putAll(others);
    return Map.copyOf(all);
  }

  private static Set<String> with(Set<String> some, String other) {
    Set<String> all = new TreeSet<>(some);
    all.add(other);
    return Set.copyOf(all);
  }

  /** The family of a {@code model_type}. */
  static GgufFamily ofModel(String type) {
    return ALL.stream().filter(family -> family.modelTypes.contains(type)).findFirst().orElseThrow(() -> new ModelException(
        "GGUF: model_type '" + type + "' is not exported; models of the types " + known() + " are"));
  }

  private static String known() {
    Set<String> types = new TreeSet<>();
    ALL.forEach(family -> types.addAll(family.modelTypes));
    return String.join(", ", types);
  }

  /** The family that a file names; null if it is not read. */
  static GgufFamily ofFile(String architecture) {
    return ALL.stream().filter(family -> family.architecture.equals(architecture)).findFirst().orElse(null);
  }

  /** The architectures that are read. */
  static List<String> architectures() {
    return ALL.stream().map(GgufFamily::architecture).distinct().toList();
  }

  /** Whether it makes vectors of texts and writes none. */
  boolean encodes() {
    return architecture.equals(ENCODER);
  }

  /** What files of llama.cpp call a parameter; null if it has no place there. */
  String inFile(String parameter) {
    int last = parameter.lastIndexOf('.');
    if (last < 0) {
      return null;
    }
    String path = parameter.substring(0, last);
    String end = parameter.substring(last);
    int dot = path.startsWith(layers) ? path.indexOf('.', layers.length()) : -1;
    String part = dot < 0 ? outside.get(path) : parts.get(path.substring(dot + 1));
    if (part == null || !end.equals(".weight") && !(end.equals(".bias") && biased.contains(part))) {
      return null;
    }
    return (dot < 0 ? part : "blk." + path.substring(layers.length(), dot) + "." + part) + end;
  }

  /** What files of Hugging Face call a tensor of llama.cpp; null if it has no place there. */
  String inModel(String tensor) {
    int last = tensor.lastIndexOf('.');
    if (last < 0) {
      return null;
    }
    String path = tensor.substring(0, last);
    String[] words = path.split("\\.", 3);
    boolean layer = words.length == 3 && words[0].equals("blk") && words[1].matches("[0-9]{1,5}");
    String part = key(layer ? parts : outside, layer ? words[2] : path);
    String name = part == null ? null : (layer ? layers + words[1] + "." + part : part) + tensor.substring(last);
    return name != null && tensor.equals(inFile(name)) ? name : null;
  }

  private static String key(Map<String, String> names, String value) {
    return names.entrySet().stream().filter(entry -> entry.getValue().equals(value)).map(Map.Entry::getKey).findFirst()
        .orElse(null);
  }

  /** Whether a tensor of a file is the weight of a norm. */
  static boolean isNorm(String tensor) {
    return tensor.endsWith("_norm.weight");
  }
}
