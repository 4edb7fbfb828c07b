package dev.hone.nn;

import java.util.List;

/**
 * The layers of a family that adapters take if nobody says which, by the last parts of their paths. For families that PEFT
 * knows they are PEFT's.
 *
 * @param lora for LoRA and its relatives
 * @param ia3 for IA3; of the last one the inputs are multiplied
 * @param norms for layer norm tuning; empty if they have to be named
 * @param attentionOutput the projection that ends attention, its whole path within a block
 * @param feedForwardOutput the one that ends the feed-forward layer, likewise
 */
public record AdapterTargets(List<String> lora, List<String> ia3, List<String> norms, String attentionOutput,
    String feedForwardOutput) {

  /** Those of Llama and of most that came after it. */
  public static final AdapterTargets USUAL = new AdapterTargets(List.of("q_proj", "v_proj"),
      List.of("q_proj", "v_proj", "down_proj"), List.of(), "self_attn.o_proj", "mlp.down_proj");

  public AdapterTargets {
    lora = List.copyOf(lora);
    ia3 = List.copyOf(ia3);
    norms = List.copyOf(norms);
  }

  /** With others for LoRA. */
  public AdapterTargets withLora(String... names) {
    return new AdapterTargets(List.of(names), ia3, norms, attentionOutput, feedForwardOutput);
  }

  /** With others for IA3, that whose inputs are multiplied last. */
  public AdapterTargets withIa3(String... names) {
    return new AdapterTargets(lora, List.of(names), norms, attentionOutput, feedForwardOutput);
  }

  /** With other norms. */
  public AdapterTargets withNorms(String... names) {
    return new AdapterTargets(lora, ia3, List.of(names), attentionOutput, feedForwardOutput);
  }

  /** With other projections that end attention and feed-forward layer. */
  public AdapterTargets withOutputs(String attention, String feedForward) {
    return new AdapterTargets(lora, ia3, norms, attention, feedForward);
  }
}
