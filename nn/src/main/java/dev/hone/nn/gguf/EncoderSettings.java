package dev.hone.nn.gguf;

import dev.hone.nn.ModelException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.bert.BertConfig;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** What a file says about an encoder of the BERT kind. How its vectors are pooled is its maker's to add. */
final class EncoderSettings implements GgufSettings {
  /** llama.cpp computes the approximation with tanh for all of them: the fourth digit of a value may differ. */
  private static final Set<String> GELU = Set.of("gelu", "gelu_python", "gelu_new", "gelu_pytorch_tanh", "gelu_fast");

  private final PretrainedModel model;
  private final BertConfig config;
  private final String architecture;

  EncoderSettings(PretrainedModel model, GgufFamily family) {
    this.model = model;
    config = (BertConfig) model.config();
    architecture = family.architecture();
    JsonNode json = model.source();
    for (String key : List.of("hidden_act", "activation")) {
      String name = json.path(key).asString("gelu");
      if (!GELU.contains(name)) {
        throw new ModelException("GGUF: " + key + " '" + name + "': llama.cpp computes gelu in models of this kind");
      }
    }
    if (config.causal()) {
      throw new ModelException("GGUF: is_decoder is true: in models of this kind llama.cpp lets a token see all others");
    }
  }

  @Override
  public Map<String, Object> metadata(String name, int fileType) {
    Map<String, Object> out = GgufSettings.header(model, architecture, name);
    String prefix = architecture + ".";
    out.put(prefix + "block_count", config.layers());
    out.put(prefix + "context_length", config.maxLength());
    out.put(prefix + "embedding_length", config.hiddenSize());
    out.put(prefix + "feed_forward_length", config.feedForward());
    out.put(prefix + "attention.head_count", config.heads());
    out.put(prefix + "attention.layer_norm_epsilon", config.eps());
    out.put("general.file_type", fileType);
    out.put(prefix + "attention.causal", false);
    out.put("general.quantization_version", 2);
    out.put("tokenizer.ggml.token_type_count", Math.max(1, config.types()));
    return out;
  }

  @Override
  public Map<String, float[]> factors() {
    return Map.of();
  }

  @Override
  public int headDim() {
    return config.headDim();
  }

  @Override
  public List<String> warnings() {
    return List.of();
  }
}
