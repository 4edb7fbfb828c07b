package dev.hone.nn.encoder;

import dev.hone.nn.Backbone;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.MeanPooling;
import dev.hone.nn.ModelException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.family.FamilyConfig;
import dev.hone.nn.family.Weights;
import dev.hone.nn.onnx.OnnxBuilder;
import dev.hone.nn.onnx.OnnxWritable;

/** What {@code config.json} says about an encoder: it classifies or embeds, it does not generate. */
public interface EncoderConfig extends FamilyConfig, OnnxWritable {
  /** What the names of its classes in transformers begin with, such as {@code Albert}. */
  String className();

  /** H, each of which has keys and values of its own unless a family says otherwise. */
  int heads();

  @Override
  default int keyHeads() {
    return heads();
  }

  @Override
  default int keyWidth() {
    return hiddenSize();
  }

  /** The classifier, made anew where there is none of its size. */
  Head classifier(Labels labels, Weights weights);

  /** The classifier of tokens, made anew where there is none of its size. */
  default Head tokenClassifier(Labels labels, Weights weights) {
    throw new ModelException("model_type '" + modelType() + "': the head that labels tokens is known of BERT, RoBERTa, "
        + "XLM-RoBERTa, CamemBERT, DistilBERT and ELECTRA");
  }

  @Override
  default boolean generates() {
    return false;
  }

  @Override
  default Head head(Task task, Labels labels, Backbone backbone, Weights weights) {
    return switch (task) {
      case SEQUENCE_CLASSIFICATION -> classifier(labels, weights);
      case TOKEN_CLASSIFICATION -> tokenClassifier(labels, weights);
      case EMBEDDING -> new MeanPooling();
      case CAUSAL_LM -> throw new IllegalArgumentException("an encoder has no head for " + task);
    };
  }

  @Override
  default void onnx(PretrainedModel model, OnnxBuilder graph) {
    if (!(model.backbone() instanceof EncoderModel encoder)) {
      throw new ModelException("ONNX: model_type '" + modelType() + "' is not exported: its layers have no graph here");
    }
    new EncoderOnnx(this, graph).export(encoder, model.head());
  }

  @Override
  default String architecture(Task task) {
    return className() + switch (task) {
      case SEQUENCE_CLASSIFICATION -> "ForSequenceClassification";
      case TOKEN_CLASSIFICATION -> "ForTokenClassification";
      default -> "Model";
    };
  }
}
