package dev.hone.nn.bert;

import dev.hone.core.Activation;
import dev.hone.nn.Backbone;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.encoder.ClassificationHead;
import dev.hone.nn.encoder.EncoderBlock;
import dev.hone.nn.encoder.EncoderEmbeddings;
import dev.hone.nn.encoder.EncoderFeedForward;
import dev.hone.nn.encoder.EncoderModel;
import dev.hone.nn.encoder.Named;
import dev.hone.nn.encoder.ProjectedAttention;
import dev.hone.nn.family.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * Encoders of the BERT kind: norms after the sums, positions in a table. Sources: Devlin and others 2018; Liu and others 2019;
 * Sanh and others 2019; Clark and others 2020.
 */
public final class BertModel {
  private BertModel() {}

  /** The backbone with these weights. */
  public static Backbone load(BertConfig config, Weights weights) {
    BertNames names = config.names();
    String at = names.prefix() + "embeddings.";
    int width = config.tableWidth();
    EncoderEmbeddings embeddings = new EncoderEmbeddings(
        Named.of(at + "word_embeddings", weights.embedding(at + "word_embeddings", config.vocabSize(), width)),
        Named.of(at + "position_embeddings", weights.embedding(at + "position_embeddings", config.positions(), width)),
        config.firstPosition(),
        config.types() == 0 ? null
            : Named.of(at + "token_type_embeddings", weights.embedding(at + "token_type_embeddings", config.types(), width)),
        Named.of(at + "LayerNorm", weights.layerNorm(at + "LayerNorm", width, true, config.eps())),
        width == config.hiddenSize() ? null : Named.of(names.prefix() + "embeddings_project",
            weights.linear(names.prefix() + "embeddings_project", width, config.hiddenSize(), true)),
        false, config.dropout());
    List<EncoderBlock> blocks = new ArrayList<>();
    List<Named<?>> parts = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      blocks.add(block(config, names.prefix() + names.layer() + i + ".", weights));
      parts.add(Named.of(names.prefix() + names.layer() + i, blocks.getLast()));
    }
    return new EncoderModel(embeddings, blocks, null, parts, config.maxLength());
  }

  private static EncoderBlock block(BertConfig config, String at, Weights weights) {
    BertNames names = config.names();
    int width = config.hiddenSize();
    ProjectedAttention attention = new ProjectedAttention(config.heads(), config.heads(), config.headDim(), config.causal(),
        Integer.MAX_VALUE, config.attentionDropout(),
        Named.of(names.query(), weights.linear(at + names.query(), width, width, true)),
        Named.of(names.key(), weights.linear(at + names.key(), width, width, true)),
        Named.of(names.value(), weights.linear(at + names.value(), width, width, true)), null, null);
    return new EncoderBlock(false, attention,
        Named.of(names.attentionOutput(), weights.linear(at + names.attentionOutput(), width, width, true)),
        Named.of(names.attentionNorm(), weights.layerNorm(at + names.attentionNorm(), width, true, config.eps())),
        EncoderFeedForward.plain(
            Named.of(names.up(), weights.linear(at + names.up(), width, config.feedForward(), true)),
            Named.of(names.down(), weights.linear(at + names.down(), config.feedForward(), width, true)), config.activation()),
        Named.of(names.outputNorm(), weights.layerNorm(at + names.outputNorm(), width, true, config.eps())),
        config.dropout(), config.dropout());
  }

  /** The classifier: BERT's on what was its pooler, RoBERTa's and ELECTRA's of two layers, DistilBERT's. */
  static Head head(BertConfig config, Labels labels, Weights weights) {
    return switch (config.modelType()) {
      case "bert" ->
          head("bert.pooler.dense", Activation.TANH, "classifier", EncoderFeedForward.NO_DROPOUT, config, labels, weights);
      case "distilbert" ->
          head("pre_classifier", Activation.RELU, "classifier", EncoderFeedForward.NO_DROPOUT, config, labels, weights);
      default -> head("classifier.dense", config.modelType().equals("electra") ? Activation.GELU : Activation.TANH,
          "classifier.out_proj", config.headDropout(), config, labels, weights);
    };
  }

  private static Head head(String dense, Activation activation, String classifier, float firstDropout, BertConfig config,
      Labels labels, Weights weights) {
    int width = config.hiddenSize();
    return new ClassificationHead(ClassificationHead.Pooling.FIRST, firstDropout,
        Named.of(dense, weights.headLinear(dense, width, width, true)), activation, null, config.headDropout(),
        Named.of(classifier, weights.headLinear(classifier, width, labels.size(), true)));
  }
}
