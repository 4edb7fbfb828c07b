package dev.hone.nn;

import dev.hone.nn.bert.BertConfig;
import dev.hone.nn.decoder.DecoderConfig;

/** What {@code config.json} says about a model; one record per family. */
public sealed interface ModelConfig permits BertConfig, DecoderConfig {
  /** Hugging Face's {@code model_type}. */
  String modelType();

  /** C, the width of the hidden states. */
  int hiddenSize();

  /** V, the number of token ids. */
  int vocabSize();

  /** The most tokens that a sequence may have. */
  int maxLength();

  /** L, the number of layers. */
  int layers();
}
