package dev.hone.nn.decoder;

import dev.hone.nn.ModelConfig;
import dev.hone.nn.gemma.GemmaConfig;
import dev.hone.nn.gpt2.Gpt2Config;
import dev.hone.nn.llama.LlamaConfig;

/** What {@code config.json} says about a decoder. */
public sealed interface DecoderConfig extends ModelConfig permits LlamaConfig, Gpt2Config, GemmaConfig {
  /** Whether the head is the embedding table. */
  boolean tied();

  /** F, the width of the feed-forward layers. */
  int feedForward();

  /** Numbers of the keys of one token in one layer, G · D. */
  int cacheWidth();

  /** Soft cap of the logits, 0 for none. */
  default float logitCap() {
    return 0;
  }

  /** Id of the padding token, -1 if there is none. */
  int padding();

  /** Standard deviation of new weights. */
  float deviation();

  /** What its parts are called in the files of models with a head. */
  DecoderModel.Names names();

  /** What comes before the names of the backbone in the files of models with a head, with its dot. */
  default String prefix() {
    return names().prefix();
  }
}
