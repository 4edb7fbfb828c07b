package dev.hone.nn.decoder;

import dev.hone.core.io.TensorSource;
import dev.hone.nn.Backbone;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.MeanPooling;
import dev.hone.nn.ModelConfig;
import dev.hone.nn.Task;
import dev.hone.nn.load.Weights;

/** What {@code config.json} says about a decoder. */
public interface DecoderConfig extends ModelConfig {
  /** Whether the head is the embedding table. */
  boolean tied();

  /** F, the width of the feed-forward layers. */
  int feedForward();

  /** Soft cap of the logits, 0 for none. */
  default float logitCap() {
    return 0;
  }

  /** Id of the padding token, -1 if there is none. */
  int padding();

  /** What its parts are called in the files of models with a head. */
  DecoderModel.Names names();

  @Override
  default String prefix() {
    return names().prefix();
  }

  /** With a tied head the table may be stored under the head's name alone. */
  @Override
  default String fileName(String name, TensorSource source) {
    String file = ModelConfig.super.fileName(name, source);
    return tied() && name.equals(names().of(names().embeddings()) + ".weight") && !source.contains(file)
        && source.contains(CausalHead.WEIGHT) ? CausalHead.WEIGHT : file;
  }

  /** As transformers, which keeps a head that is not the table, whatever the configuration says. */
  @Override
  default Head head(Task task, Labels labels, Backbone backbone, Weights weights) {
    return switch (task) {
      case SEQUENCE_CLASSIFICATION -> LastTokenHead.load(hiddenSize(), padding(), labels, weights);
      case CAUSAL_LM -> CausalHead.load(backbone.embeddings(),
          tied() && !weights.differs(CausalHead.WEIGHT, backbone.embeddings().weight()), logitCap(), weights);
      case EMBEDDING -> new MeanPooling();
    };
  }

  /** A file of another task has another head, and old files hold the table of a tied head twice. */
  @Override
  default boolean ignores(String name, Head head) {
    return name.startsWith("score.") && !(head instanceof LastTokenHead)
        || name.startsWith("lm_head.") && !(head instanceof CausalHead causal && !causal.tied())
        || name.endsWith(".rotary_emb.inv_freq");
  }
}
