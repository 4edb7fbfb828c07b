package dev.hone.nn.bert;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Activation;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.load.Weights;

/**
 * Classification on the first token of each sequence: classifier(dropout(activation(dense(h)))). [N, C] -> [S, labels].
 * The three families differ in the names, the activation, and in RoBERTa's dropout before the dense layer.
 */
record BertHead(String denseName, Linear dense, Activation activation, String classifierName, Linear classifier,
    float dropout, boolean dropoutFirst) implements Head {

  /** The head that belongs to a model. */
  static Head load(BertConfig config, Labels labels, Weights weights) {
    return switch (config.modelType()) {
      case "bert" -> pooled(config, labels, weights);
      case "distilbert" -> distilBert(config, labels, weights);
      default -> roberta(config, labels, weights);
    };
  }

  private static Head pooled(BertConfig config, Labels labels, Weights weights) {
    return load("bert.pooler.dense", Activation.TANH, "classifier", false, config, labels, weights);
  }

  private static Head roberta(BertConfig config, Labels labels, Weights weights) {
    return load("classifier.dense", Activation.TANH, "classifier.out_proj", true, config, labels, weights);
  }

  private static Head distilBert(BertConfig config, Labels labels, Weights weights) {
    return load("pre_classifier", Activation.RELU, "classifier", false, config, labels, weights);
  }

  private static Head load(String dense, Activation activation, String classifier, boolean dropoutFirst,
      BertConfig config, Labels labels, Weights weights) {
    int width = config.hiddenSize();
    return new BertHead(dense, weights.headLinear(dense, width, width, true), activation, classifier,
        weights.headLinear(classifier, width, labels.size(), true), config.headDropout(), dropoutFirst);
  }

  @Override
  public Variable forward(Variable hidden, TokenBatch batch, Pass all) {
    int[] rows = batch.firstRows();
    Pass pass = all.rows(rows);
    Variable first = GatherOps.rows(hidden, rows);
    if (dropoutFirst) {
      first = pass.dropout(first, dropout, Pass.site("head.first", 0));
    }
    Variable pooled = dense.forward(first, activation, pass);
    return classifier.forward(pass.dropout(pooled, dropout, Pass.site("head", 0)), pass);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.layer(denseName, dense);
    visitor.layer(classifierName, classifier);
  }
}
