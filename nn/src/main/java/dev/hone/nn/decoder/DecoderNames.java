package dev.hone.nn.decoder;

/**
 * What the files of models with a head call the parts of a decoder.
 *
 * @param prefix what all of the backbone's parts begin with, with its dot
 * @param embeddings of tokens, behind the prefix
 * @param positions of the embeddings of positions, or null if there are none
 * @param embeddingNorm of the norm behind the embeddings, or null if there is none
 * @param blocks before the dot and the number of a layer
 * @param norm of the final norm, or null if there is none
 * @param head of the projection to the vocabulary, without prefix
 * @param block of the parts of a layer
 */
public record DecoderNames(String prefix, String embeddings, String positions, String embeddingNorm, String blocks, String norm,
    String head, BlockNames block) {

  /** Those of Llama and of most that came after it. */
  public static final DecoderNames LLAMA = new DecoderNames("model.", "embed_tokens", null, null, "layers", "norm", "lm_head",
      BlockNames.LLAMA);

  /** Those of GPT-2 and its kin, which have positions or not. */
  public static DecoderNames gpt(String positions, BlockNames block) {
    return new DecoderNames("transformer.", "wte", positions, null, "h", "ln_f", "lm_head", block);
  }

  /** With other parts of a layer. */
  public DecoderNames withBlock(BlockNames other) {
    return new DecoderNames(prefix, embeddings, positions, embeddingNorm, blocks, norm, head, other);
  }

  /** With parts that begin otherwise; what stands before its names is {@code model.} all the same. */
  DecoderNames under(String other) {
    String inner = other.substring(prefix.length());
    return new DecoderNames(prefix, inner + embeddings, positions, embeddingNorm, inner + blocks, inner + norm, head, block);
  }

  /** With another final norm. */
  public DecoderNames withNorm(String other) {
    return new DecoderNames(prefix, embeddings, positions, embeddingNorm, blocks, other, head, block);
  }

  /** The name of a part. */
  public String of(String part) {
    return prefix + part;
  }

  /** The name of a layer, from 0, with a dot at its end. */
  public String block(int index) {
    return prefix + blocks + "." + index + ".";
  }

  /** The name of a part that stands where the embeddings do. */
  String beside(String part) {
    return prefix + embeddings.substring(0, embeddings.lastIndexOf('.') + 1) + part;
  }

  /** The table of token embeddings. */
  public String table() {
    return of(embeddings) + ".weight";
  }

  /** The weight of the head. */
  public String headWeight() {
    return head + ".weight";
  }

  /**
   * Parts of a layer. A name that is null is a part that the layer does not have.
   *
   * @param attentionNorm before attention
   * @param attention of the attention, before the names of its parts
   * @param query of the projection of queries
   * @param key of keys
   * @param value of values
   * @param fused of one projection for the three
   * @param attentionOutput of the projection back
   * @param queryNorm of the norm of queries
   * @param keyNorm of the norm of keys
   * @param attentionOutputNorm behind attention, before the sum
   * @param feedForwardNorm before the feed-forward layer
   * @param feedForward of the feed-forward layer, before the names of its parts; empty if these stand in the layer itself
   * @param gate of the projection that is activated and multiplies the other; null if nothing is gated, or both are one
   * @param up of the projection to the wider state
   * @param fusedGate of one projection for the two
   * @param down of the projection back
   * @param feedForwardOutputNorm behind the feed-forward layer, before the sum
   */
  public record BlockNames(String attentionNorm, String attention, String query, String key, String value, String fused,
      String attentionOutput, String queryNorm, String keyNorm, String attentionOutputNorm, String feedForwardNorm,
      String feedForward, String gate, String up, String fusedGate, String down, String feedForwardOutputNorm) {

    /** Those of Llama. */
    public static final BlockNames LLAMA = new BlockNames("input_layernorm", "self_attn", "q_proj", "k_proj", "v_proj", null,
        "o_proj", null, null, null, "post_attention_layernorm", "mlp", "gate_proj", "up_proj", null, "down_proj", null);

    /** With other norms: before and behind attention, before and behind the feed-forward layer. */
    public BlockNames withNorms(String before, String behind, String beforeFeedForward, String behindFeedForward) {
      return new BlockNames(before, attention, query, key, value, fused, attentionOutput, queryNorm, keyNorm, behind,
          beforeFeedForward, feedForward, gate, up, fusedGate, down, behindFeedForward);
    }

    /** With norms of queries and keys. */
    public BlockNames withHeadNorms(String ofQueries, String ofKeys) {
      return new BlockNames(attentionNorm, attention, query, key, value, fused, attentionOutput, ofQueries, ofKeys,
          attentionOutputNorm, feedForwardNorm, feedForward, gate, up, fusedGate, down, feedForwardOutputNorm);
    }

    /** With one projection for queries, keys and values. */
    public BlockNames withFusedAttention(String part, String projection, String output) {
      return new BlockNames(attentionNorm, part, null, null, null, projection, output, queryNorm, keyNorm, attentionOutputNorm,
          feedForwardNorm, feedForward, gate, up, fusedGate, down, feedForwardOutputNorm);
    }

    /** With another name of attention and of its projection back. */
    public BlockNames withAttention(String part, String output) {
      return new BlockNames(attentionNorm, part, query, key, value, fused, output, queryNorm, keyNorm, attentionOutputNorm,
          feedForwardNorm, feedForward, gate, up, fusedGate, down, feedForwardOutputNorm);
    }

    /** With a feed-forward layer whose gate and other projection are one. */
    public BlockNames withFusedGate(String projection) {
      return new BlockNames(attentionNorm, attention, query, key, value, fused, attentionOutput, queryNorm, keyNorm,
          attentionOutputNorm, feedForwardNorm, feedForward, null, null, projection, down, feedForwardOutputNorm);
    }

    /** With a feed-forward layer without gate. */
    public BlockNames withFeedForward(String part, String wide, String back) {
      return new BlockNames(attentionNorm, attention, query, key, value, fused, attentionOutput, queryNorm, keyNorm,
          attentionOutputNorm, feedForwardNorm, part, null, wide, null, back, feedForwardOutputNorm);
    }
  }
}
