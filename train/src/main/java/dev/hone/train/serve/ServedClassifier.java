package dev.hone.train.serve;

import dev.hone.autograd.GradMode;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Turn;
import dev.hone.lora.Adapters;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.tokenizer.EncodeOptions;
import dev.hone.train.infer.TextClassifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** A classifier that is served, with its adapters. */
final class ServedClassifier implements AutoCloseable {
  private static final int BATCH = 32;
  private static final int BATCH_TOKENS = 1 << 13;

  private final String name;
  private final TextClassifier classifier;
  private final Adapters adapters; // null where the model has one in it
  private final Gatherer<PretrainedModel, int[], float[]> gatherer;

  ServedClassifier(String name, TextClassifier classifier) {
    this.name = name;
    this.classifier = classifier;
    this.gatherer = new Gatherer<>("hone-classify", BATCH, BATCH_TOKENS, tokens -> tokens.length, ServedClassifier::logits);
    Adapters all;
    try {
      all = classifier.adapters();
    } catch (IllegalStateException _) {
      all = null;
    }
    this.adapters = all;
  }

  private static List<float[]> logits(PretrainedModel model, List<int[]> texts) {
    try (GradMode _ = GradMode.disabled(); Turn _ = Turn.take(); Scope _ = Scope.open()) {
      Tensor logits = model.forward(TokenBatch.of(texts), Pass.inference()).value();
      List<float[]> rows = new ArrayList<>();
      for (int s = 0; s < texts.size(); s++) {
        rows.add(logits.slice(s, s + 1).toFloatArray());
      }
      return rows;
    }
  }

  String name() {
    return name;
  }

  Adapters adapters() {
    return adapters;
  }

  Set<String> adapterNames() {
    return adapters == null ? Set.of() : adapters.names();
  }

  TextClassifier classifier() {
    return classifier;
  }

  /** The model by its name or that of an adapter; null if it is neither. */
  PretrainedModel model(String model) {
    if (model.equals(name)) {
      return adapters == null ? classifier.model() : adapters.model();
    }
    return adapters != null && adapters.names().contains(model) ? adapters.model(model) : null;
  }

  /** The tokens of a text, all of them. */
  int[] tokens(String text) {
    return classifier.tokenizer().encode(text, EncodeOptions.DEFAULT).ids();
  }

  /** The tokens of a text that is cut where it is too long. */
  int[] cut(String text) {
    return classifier.tokenizer().encode(text, EncodeOptions.DEFAULT.withMaxLength(classifier.maxLength())).ids();
  }

  List<CompletableFuture<float[]>> logitsOf(PretrainedModel model, List<int[]> texts) {
    return gatherer.submit(model, texts);
  }

  int waiting() {
    return gatherer.waiting();
  }

  @Override
  public void close() {
    gatherer.close();
  }
}
