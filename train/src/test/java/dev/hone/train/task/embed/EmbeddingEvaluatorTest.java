package dev.hone.train.task.embed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.evaluation.Figure;
import dev.hone.train.fixture.Fixtures;
import dev.hone.train.fixture.TaskFixtures;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.infer.VectorSearch;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.metric.RankedList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Figures of vectors beside those of sentence-transformers, and of rows. */
class EmbeddingEvaluatorTest {
  private static final Bootstrap FEW = new Bootstrap(50, 0.95, 0);

  private static List<float[]> vectors(JsonNode node) {
    List<float[]> vectors = new ArrayList<>();
    for (JsonNode row : node) {
      float[] vector = new float[row.size()];
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) row.get(i).asDouble();
      }
      vectors.add(vector);
    }
    return vectors;
  }

  private static double[] cosines(List<float[]> a, List<float[]> b) {
    return IntStream.range(0, a.size()).mapToDouble(i -> TextEmbedder.cosine(a.get(i), b.get(i))).toArray();
  }

  @Test
  void figuresAreThoseOfSentenceTransformers() {
    JsonNode all = Fixtures.json(TaskFixtures.folder("embedding").resolve("evaluators.json"));
    for (JsonNode each : all.get("sts")) {
      double[] scores = each.get("scores").valueStream().mapToDouble(JsonNode::asDouble).toArray();
      EmbeddingEvaluation found = EmbeddingEvaluation.similarity(scores, cosines(vectors(each.get("a")), vectors(each.get(
          "b"))), FEW);
      assertEquals(each.get("expected").get("spearman_cosine").asDouble(), found.figures().get("spearman").value(), 1e-6);
      assertEquals(each.get("expected").get("pearson_cosine").asDouble(), found.figures().get("pearson").value(), 1e-6);
    }
    for (JsonNode each : all.get("information_retrieval")) {
      retrieval(each);
    }
    for (JsonNode each : all.get("triplet")) {
      double margin = each.get("margin").isNull() ? 0 : each.get("margin").asDouble();
      double[] near = cosines(vectors(each.get("anchors")), vectors(each.get("positives")));
      double[] far = cosines(vectors(each.get("anchors")), vectors(each.get("negatives")));
      assertEquals(each.get("expected").get("cosine_accuracy").asDouble(), EmbeddingEvaluation.triplets(near,
          IntStream.range(0, far.length).mapToDouble(i -> far[i] + margin).toArray(), FEW).figures().get("accuracy").value(),
          1e-6);
    }
  }

  /** Equal cosines go by the name of the document, as the library has it; here the order of the vectors is that of names. */
  private static void retrieval(JsonNode each) {
    List<String> ids = each.get("document_ids").valueStream().map(JsonNode::asString).toList();
    List<Integer> order = IntStream.range(0, ids.size()).boxed().sorted(Comparator.comparing(ids::get)).toList();
    List<float[]> documents = vectors(each.get("documents"));
    VectorSearch search = new VectorSearch(order.stream().map(documents::get).toList());
    List<List<VectorSearch.Hit>> results = search.nearest(vectors(each.get("queries")), RankedList.depth());
    List<boolean[]> rankings = new ArrayList<>();
    List<Integer> counts = new ArrayList<>();
    for (Map.Entry<String, JsonNode> query : each.get("relevant").properties()) {
      List<String> wanted = query.getValue().valueStream().map(JsonNode::asString).toList();
      List<VectorSearch.Hit> hits = results.get(rankings.size());
      boolean[] found = new boolean[hits.size()];
      for (int i = 0; i < found.length; i++) {
        found[i] = wanted.contains(ids.get(order.get(hits.get(i).document())));
      }
      rankings.add(found);
      counts.add(wanted.size());
    }
    EmbeddingEvaluation found = EmbeddingEvaluation.retrieval(rankings, counts.stream().mapToInt(Integer::intValue).toArray(),
        ids.size(), FEW);
    assertEquals(15, found.figures().size());
    for (Map.Entry<String, Figure> figure : found.figures().entrySet()) {
      assertEquals(each.get("expected").get("cosine_" + figure.getKey()).asDouble(), figure.getValue().value(), 1e-12,
          figure.getKey());
      assertTrue(figure.getValue().low() <= figure.getValue().high());
    }
  }

  @Test
  void rowsAreMeasuredByWhatTheyHave(@TempDir Path directory) throws IOException {
    TextEmbedder embedder = TextEmbedder.load(TinyModel.write(directory.resolve("model")));
    EmbeddingEvaluator evaluator = new EmbeddingEvaluator(FEW, null, null);
    List<Example.Related> rows = IntStream.range(0, 12).mapToObj(i -> new Example.Related(
        List.of("is it " + (char) ('a' + i), "is it " + (char) ('a' + i), "the very bad " + i), Double.NaN, null)).toList();
    EmbeddingEvaluation found = evaluator.evaluate(embedder, Dataset.of("rows", rows));
    assertEquals("12 queries, 24 documents", found.description());
    assertEquals(1, found.figures().get("ndcg@10").value(), "each query is its own document");
    assertEquals(1, evaluator.triplets(embedder, Dataset.of("rows", rows)).figures().get("accuracy").value());
    EmbeddingEvaluation same = evaluator.evaluate(embedder, Dataset.of("rows", rows));
    assertEquals(new Figure(0, 0, 0), same.change(found).get("ndcg@10"));
    assertTrue(found.lines().get(2).matches("ndcg@10 +1.0000   1.0000 to 1.0000"), found.lines().get(2));
    List<Example.Related> scored = IntStream.range(0, 12).mapToObj(i -> new Example.Related(
        List.of("is it " + (char) ('a' + i), i % 2 == 0 ? "is it " + (char) ('a' + i) : "the very bad"), 1 - i % 2, null))
        .toList();
    EmbeddingEvaluation pairs = evaluator.evaluate(embedder, Dataset.of("rows", scored));
    assertEquals("12 pairs", pairs.description());
    assertEquals(1, pairs.figures().get("auroc").value());
    assertThrows(IllegalArgumentException.class, () -> pairs.change(found));
    assertEquals("rows line 1: the row has no negative; triplets need one in every row", assertThrows(DataException.class,
        () -> evaluator.triplets(embedder, Dataset.of("rows", List.of(Example.Related.pair("a", "b"))))).getMessage());
  }

  @Test
  void nearestBreaksTiesByOrderAndRefusesOtherWidths() {
    VectorSearch search = new VectorSearch(List.of(new float[] {0, 2}, new float[] {1, 0}, new float[] {0, 1}));
    List<VectorSearch.Hit> hits = search.nearest(List.of(new float[] {0, 3}), 2).getFirst();
    assertEquals(List.of(0, 2), hits.stream().map(VectorSearch.Hit::document).toList());
    assertEquals(1, hits.getFirst().cosine(), 1e-6);
    assertEquals("VectorSearch: vector 1 has 1 numbers, the first 2", assertThrows(IllegalArgumentException.class,
        () -> new VectorSearch(List.of(new float[2], new float[1]))).getMessage());
  }
}
