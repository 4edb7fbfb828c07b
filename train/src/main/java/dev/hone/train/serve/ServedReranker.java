package dev.hone.train.serve;

import dev.hone.tokenizer.EncodeOptions;
import dev.hone.train.infer.TextReranker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A model that orders texts by how well they answer a query, served. */
final class ServedReranker implements AutoCloseable {
  private static final int BATCH = 32;
  private static final int BATCH_CHARACTERS = 1 << 15;

  private final String name;
  private final TextReranker reranker;
  private final Gatherer<String, List<String>, Float> gatherer;

  ServedReranker(String name, TextReranker reranker) {
    this.name = name;
    this.reranker = reranker;
    this.gatherer = new Gatherer<>("hone-rerank", BATCH, BATCH_CHARACTERS, pair -> pair.get(0).length() + pair.get(1).length(),
        (_, pairs) -> {
          List<Float> scores = new ArrayList<>();
          for (float score : reranker.score(pairs)) {
            scores.add(score);
          }
          return scores;
        });
  }

  String name() {
    return name;
  }

  int maxLength() {
    return reranker.maxLength();
  }

  /** Tokens of a query and a text, before they are cut. */
  int tokens(String query, String text) {
    return reranker.tokenizer().encode(query, text, EncodeOptions.DEFAULT).size();
  }

  List<CompletableFuture<Float>> scores(String query, List<String> texts) {
    return gatherer.submit("", texts.stream().map(text -> List.of(query, text)).toList());
  }

  @Override
  public void close() {
    gatherer.close();
  }
}
