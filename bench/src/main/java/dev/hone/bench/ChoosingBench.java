package dev.hone.bench;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tokens a second that LoRA of rank 16 on all linear layers trains, for the bases of {@code docs/choosing.md}: models of their
 * sizes with random weights, 1,024 tokens a step, the median of some steps after two. A row of a table for each.
 *
 * <p>{@code --only REGEX --steps N --most MILLIONS}: weights are F32 on the heap, 4 bytes each.
 */
public final class ChoosingBench {
  private static final int TOKENS = 1024;

  private ChoosingBench() {}

  /** A {@code config.json} with the sizes of a base: BERT's for encoders, ModernBERT's where theirs are gated, else Llama's. */
  private static String config(JsonNode base, boolean writes) {
    ObjectNode config = JsonMapper.shared().createObjectNode();
    boolean gated = base.get("gated_mlp").booleanValue();
    config.put("model_type", writes ? "llama" : gated ? "modernbert" : "bert");
    config.put("vocab_size", base.get("vocabulary").intValue()).put("hidden_size", base.get("hidden").intValue());
    config.put("num_hidden_layers", base.get("layers").intValue()).put("num_attention_heads", base.get("heads").intValue());
    config.put("intermediate_size", base.get("feed_forward").intValue()).put("max_position_embeddings", 512);
    if (writes) {
      config.put("num_key_value_heads", base.get("key_value_heads").intValue());
      config.put("head_dim", base.get("head_width").intValue()).put("tie_word_embeddings", true);
    } else if (!gated) {
      config.put("type_vocab_size", 2).put("hidden_dropout_prob", 0).put("attention_probs_dropout_prob", 0);
    }
    return config.toString();
  }

  /** Measures and prints. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> flags = TrainBench.flags(arguments);
    int steps = Integer.parseInt(flags.getOrDefault("--steps", "5"));
    long most = 1_000_000L * Integer.parseInt(flags.getOrDefault("--most", "700"));
    JsonNode bases;
    try (InputStream in = ChoosingBench.class.getResourceAsStream("/dev/hone/train/choose/bases.json")) {
      bases = JsonMapper.shared().readTree(in);
    }
    System.out.println("| Base | tokens/s |\n| --- | --- |");
    for (JsonNode base : bases) {
      String name = base.get("name").stringValue();
      if (!name.matches(".*(" + flags.getOrDefault("--only", "") + ").*") || base.get("parameters").longValue() > most) {
        continue;
      }
      boolean writes = base.get("tasks").toString().contains("generate");
      int length = writes ? 256 : 128;
      TrainStep step = new TrainStep(new TrainCase(config(base, writes), !writes, TOKENS / length, length, 16,
          List.of("all-linear"), false));
      double[] seconds = new double[2 + steps];
      for (int i = 0; i < seconds.length; i++) {
        long start = System.nanoTime();
        step.run();
        seconds[i] = (System.nanoTime() - start) / 1e9;
      }
      double[] measured = Arrays.copyOfRange(seconds, 2, seconds.length);
      Arrays.sort(measured);
      System.out.println(String.format(Locale.ROOT, "| `%s` | %.0f |", name, TOKENS / measured[steps / 2]));
    }
  }
}
