package dev.hone.bench;

import dev.hone.core.DType;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model and a batch of {@code bench_train.py}.
 *
 * @param config of the model, as {@code config.json} has it
 * @param classify whether two classes are learnt; otherwise the next token
 * @param batch sequences
 * @param length tokens of a sequence
 * @param rank of LoRA; 0 trains everything
 * @param targets of LoRA, or null for the usual ones
 * @param checkpointing whether blocks are recomputed
 * @param stored a directory that {@link DecoderModels} wrote, whose weights are mapped; null for new weights
 * @param quantized what the linear layers of stored weights are held in; null for what they are stored as
 */
record TrainCase(String config, boolean classify, int batch, int length, int rank, List<String> targets, boolean checkpointing,
    Path stored, DType quantized) {
  TrainCase(String config, boolean classify, int batch, int length, int rank, List<String> targets, boolean checkpointing) {
    this(config, classify, batch, length, rank, targets, checkpointing, null, null);
  }

  private static final String MINILM = """
      {"model_type": "bert", "vocab_size": 30522, "hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12,
       "intermediate_size": 1536, "max_position_embeddings": 512, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
       "hidden_act": "gelu", "hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0}""";
  private static final String DISTILBERT = """
      {"model_type": "distilbert", "vocab_size": 30522, "dim": 768, "n_layers": 6, "n_heads": 12, "hidden_dim": 3072,
       "max_position_embeddings": 512, "activation": "gelu", "dropout": 0, "attention_dropout": 0, "seq_classif_dropout": 0}""";
  static final String GPT2 = """
      {"model_type": "gpt2", "vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12,
       "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new", "resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0}""";
  static final String LLAMA_135M = """
      {"model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
       "num_attention_heads": 9, "num_key_value_heads": 3, "max_position_embeddings": 2048, "rms_norm_eps": 1e-6,
       "hidden_act": "silu", "rope_theta": 10000.0, "tie_word_embeddings": true}""";

  static final String LLAMA_1B = """
      {"model_type": "llama", "vocab_size": 128256, "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
       "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 2048, "rms_norm_eps": 1e-6,
       "hidden_act": "silu", "rope_theta": 10000.0, "tie_word_embeddings": true}""";

  /**
   * All cases by their names.
   *
   * @param models where {@link DecoderModels} wrote what the largest case needs; null leaves it out
   */
  static Map<String, TrainCase> all(Path models) {
    Map<String, TrainCase> cases = new LinkedHashMap<>();
    for (int[] size : new int[][] {{32, 32}, {16, 128}}) {
      encoder(cases, "bert-minilm", MINILM, size[0], size[1]);
    }
    encoder(cases, "distilbert-base", DISTILBERT, 16, 64);
    for (int length : new int[] {64, 256}) {
      cases.put("gpt2-124m/4x" + length + "/full", new TrainCase(GPT2, false, 4, length, 0, null, false));
      cases.put("gpt2-124m/4x" + length + "/lora16",
          new TrainCase(GPT2, false, 4, length, 16, List.of("c_attn", "c_proj", "c_fc"), false));
    }
    for (boolean checkpointing : new boolean[] {false, true}) {
      String suffix = checkpointing ? "+ckpt" : "";
      cases.put("llama-135m/2x256/full" + suffix, new TrainCase(LLAMA_135M, false, 2, 256, 0, null, checkpointing));
      cases.put("llama-135m/2x256/lora16" + suffix,
          new TrainCase(LLAMA_135M, false, 2, 256, 16, List.of("all-linear"), checkpointing));
    }
    if (models != null) {
      for (DType type : new DType[] {null, DType.Q8_0, DType.INT8_ROWS, DType.NF4}) {
        cases.put("llama-1b/1x256/lora16+ckpt+" + (type == null ? "bf16" : type.torchName()),
            new TrainCase(LLAMA_1B, false, 1, 256,
            16, List.of("all-linear"), true, DecoderModels.find(models, "llama-1b/bf16"), type));
      }
    }
    return cases;
  }

  private static void encoder(Map<String, TrainCase> cases, String name, String config, int batch, int length) {
    String prefix = name + "/" + batch + "x" + length + "/";
    cases.put(prefix + "full", new TrainCase(config, true, batch, length, 0, null, false));
    cases.put(prefix + "lora8", new TrainCase(config, true, batch, length, 8, null, false));
  }

  /** This case with so many times as many sequences, so many times as long. */
  TrainCase times(int rows, int lengths) {
    return new TrainCase(config, classify, batch * rows, length * lengths, rank, targets, checkpointing, stored, quantized);
  }

  /** The model, its weights random. */
  PretrainedModel model() throws IOException {
    if (stored != null) {
      return PretrainedModel.load(stored, Task.CAUSAL_LM, quantized);
    }
    Path directory = Files.createTempDirectory("hone-bench");
    Files.writeString(directory.resolve("config.json"), config);
    ModelLoader loader = new ModelLoader(directory).untrained();
    PretrainedModel model = classify
        ? loader.task(Task.SEQUENCE_CLASSIFICATION).labels(new Labels(List.of("a", "b"), Labels.Kind.SINGLE_LABEL)).load()
        : loader.task(Task.CAUSAL_LM).load();
    Files.delete(directory.resolve("config.json"));
    Files.delete(directory);
    return model;
  }
}
