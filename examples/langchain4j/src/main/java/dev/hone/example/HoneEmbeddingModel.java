package dev.hone.example;

import dev.hone.train.infer.TextEmbedder;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.output.Response;
import java.util.List;

/** A model that was tuned with Hone as LangChain4j's embedding model, computed in this JVM without anything native. */
final class HoneEmbeddingModel implements EmbeddingModel {
  private final TextEmbedder embedder;

  HoneEmbeddingModel(TextEmbedder embedder) {
    this.embedder = embedder;
  }

  @Override
  public Response<List<Embedding>> embedAll(List<TextSegment> segments) {
    List<float[]> vectors = embedder.embed(segments.stream().map(TextSegment::text).toList());
    return Response.from(vectors.stream().map(Embedding::from).toList());
  }

  @Override
  public int dimension() {
    return embedder.dimensions();
  }
}
