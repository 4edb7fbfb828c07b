package dev.hone.train.serve;

import dev.hone.tokenizer.EncodeOptions;
import dev.hone.train.infer.TextEmbedder;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A model for sentence vectors that is served. */
final class ServedEmbedder implements AutoCloseable {
  private static final int BATCH = 32;
  private static final int BATCH_CHARACTERS = 1 << 15;

  private final String name;
  private final TextEmbedder embedder;
  private final Gatherer<String, String, float[]> gatherer; // by the name of the prompt, empty for the default

  ServedEmbedder(String name, TextEmbedder embedder) {
    this.name = name;
    this.embedder = embedder;
    this.gatherer = new Gatherer<>("hone-embed", BATCH, BATCH_CHARACTERS, String::length,
        (prompt, texts) -> prompt.isEmpty() ? embedder.embed(texts) : embedder.embed(texts, prompt));
  }

  String name() {
    return name;
  }

  TextEmbedder embedder() {
    return embedder;
  }

  /** Tokens of a text, before it is cut. */
  int tokens(String text) {
    return embedder.tokenizer().encode(text, EncodeOptions.DEFAULT).size();
  }

  List<CompletableFuture<float[]>> vectors(String prompt, List<String> texts) {
    return gatherer.submit(prompt, texts);
  }

  int waiting() {
    return gatherer.waiting();
  }

  @Override
  public void close() {
    gatherer.close();
  }
}
