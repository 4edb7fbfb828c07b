package dev.hone.nn.bert;

/**
 * What the files of a model call the parts of the backbone.
 *
 * @param prefix of everything but the head, with its dot
 * @param layer of the layers, before their number
 */
record BertNames(String prefix, String layer, String query, String key, String value, String attentionOutput,
    String attentionNorm, String up, String down, String outputNorm) {
  static final BertNames BERT = like("bert.");
  static final BertNames ROBERTA = like("roberta.");
  static final BertNames ELECTRA = like("electra.");
  static final BertNames DISTILBERT = new BertNames("distilbert.", "transformer.layer.", "attention.q_lin",
      "attention.k_lin", "attention.v_lin", "attention.out_lin", "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm");

  private static BertNames like(String prefix) {
    return new BertNames(prefix, "encoder.layer.", "attention.self.query", "attention.self.key", "attention.self.value",
        "attention.output.dense", "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm");
  }
}
