package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import dev.hone.train.infer.TextEmbedder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Embedding models on the command line: tuned, measured, asked for vectors and for negatives. */
class EmbeddingCommandsTest {
  @TempDir
  Path directory;

  private Path model;
  private Path data;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.write(directory.resolve("tiny"));
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 52; i++) {
      String letters = (char) ('a' + i % 26) + "" + (char) ('a' + i / 26);
      rows.append("{\"question\": \"is it ").append(letters).append("\", \"answer\": \"the very ").append(letters).append(
          "\"}\n");
    }
    data = Files.writeString(directory.resolve("rows.jsonl"), rows);
  }

  private CommandRun train(Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--task", "embed", "--model", model, "--data", data, "--output-dir",
        directory.resolve("out"), "--learning-rate", "5e-3", "--overwrite"));
    words.addAll(List.of(more));
    return CommandRun.of(words.toArray());
  }

  private JsonNode evaluate(Object... more) {
    List<Object> words = new ArrayList<>(List.of("evaluate", "--task", "embed", "--data", data, "--json", "--resamples", 20));
    words.addAll(List.of(more));
    return JsonMapper.shared().readTree(CommandRun.of(words.toArray()).assertDone().out());
  }

  @Test
  void aTunedAdapterFindsMoreThanItsBaseAndSaysSo() throws IOException {
    CommandRun train = train("--target-modules", "all-linear", "--num-train-epochs", 15, "--eval-data", data).assertDone();
    assertTrue(train.err().contains("rows.jsonl: 52 rows, JSON lines, anchor = column 'question', positive = column 'answer'"),
        train.err());
    assertTrue(train.err().contains("loss mnr; pooling mean, normalised; texts of up to 64 tokens"), train.err());
    Path out = directory.resolve("out");
    Path adapter = out.resolve("adapter");
    JsonNode found = evaluate("--model", model, "--adapter", adapter, "--baseline", "base");
    double before = found.path("baseline").path("ndcg@10").path("value").asDouble();
    double after = found.path("ndcg@10").path("value").asDouble();
    assertTrue(after > before + 0.1, before + " became " + after);
    assertEquals(after - before, found.path("change").path("ndcg@10").path("value").asDouble(), 1e-9);
    assertEquals("52 queries, 52 documents", found.path("measured").asString());
    String facts = Files.readString(out.resolve("run.json"));
    assertTrue(facts.contains("\"embed\"") && facts.contains("ndcg@10"), facts);
    assertTrue(Files.readString(out.resolve("report.html")).contains("before training"));
    String card = Files.readString(adapter.resolve("README.md"));
    assertTrue(card.contains("sentence-similarity") && card.contains("An embedding model tuned from") && card.contains(
        "embed --model"),
        card);
    JsonNode modules = JsonMapper.shared().readTree(adapter.resolve("modules.json").toFile());
    assertEquals(3, modules.size());
    assertEquals("sentence_transformers.models.Pooling", modules.get(1).path("type").asString());
    Path merged = directory.resolve("merged");
    CommandRun.of("merge", "--model", model, "--adapter", adapter, "--output-dir", merged).assertDone();
    assertArrayEquals(TextEmbedder.load(model, adapter).embed("is it aa"), TextEmbedder.load(merged).embed("is it aa"), 1e-5f);
    assertTrue(TextEmbedder.describes(merged));
  }

  @Test
  void vectorsAreWrittenInEveryForm() throws IOException {
    TextEmbedder embedder = TextEmbedder.load(model);
    float[] wanted = embedder.embed("is it aa");
    JsonNode line = JsonMapper.shared().readTree(CommandRun.of("embed", "--model", model, "is it aa").assertDone().out());
    assertEquals("is it aa", line.path("text").asString());
    for (int i = 0; i < wanted.length; i++) {
      assertEquals(wanted[i], line.path("embedding").get(i).floatValue());
    }
    assertEquals(2, CommandRun.piped("is it aa\n\nfine\n", "embed", "--model", model).assertDone().out().lines().count());
    Path numpy = directory.resolve("v.npy");
    Path floats = directory.resolve("v.f32");
    Object[] file = {"embed", "--model", model, "--data", data, "--columns", "text=question", "--output"};
    for (Path output : List.of(numpy, floats)) {
      List<Object> words = new ArrayList<>(List.of(file));
      words.add(output);
      assertTrue(CommandRun.of(words.toArray()).assertDone().err().contains("52 vectors of 16 numbers in " + output));
    }
    byte[] bytes = Files.readAllBytes(numpy);
    assertEquals("{'descr': '<f4', 'fortran_order': False, 'shape': (52, 16), }",
        new String(bytes, 10, 118, StandardCharsets.US_ASCII).strip());
    assertEquals(128 + 52 * 16 * 4, bytes.length);
    float[] first = new float[16];
    ByteBuffer.wrap(bytes, 128, 64).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(first);
    assertArrayEquals(wanted, first);
    ByteBuffer.wrap(Files.readAllBytes(floats), 0, 64).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(first);
    assertArrayEquals(wanted, first);
    CommandRun.of("embed", "--model", model, "x", "--output", "v.bin").assertUserError("v.bin: a file of vectors ends with .npy");
    CommandRun.of("embed", "--model", model, "x", "--prompt", "query").assertUserError("the model has no prompt 'query'");
  }

  @Test
  void minedNegativesAreNearAndNeverRightAndCanBeTrainedOn() throws IOException {
    Path mined = directory.resolve("mined.jsonl");
    CommandRun run = CommandRun.of("mine-negatives", "--model", model, "--data", data, "--output", mined, "--negatives", 2,
        "--max-ratio", 2).assertDone();
    assertTrue(run.out().startsWith("104 negatives of 52 rows in "), run.out());
    for (String text : Files.readAllLines(mined)) {
      JsonNode row = JsonMapper.shared().readTree(text);
      assertEquals(2, row.path("negatives").size());
      row.path("negatives").forEach(negative -> assertTrue(!negative.equals(row.path("positive"))));
    }
    CommandRun train = CommandRun.of("train", "--task", "embed", "--model", model, "--data", mined, "--output-dir",
        directory.resolve("tuned"), "--method", "full", "--num-train-epochs", 1, "--mini-batch-size", 16, "--report-to", "none",
        "--matryoshka-dims", "16,8").assertDone();
    assertTrue(train.err().contains("negative = column 'negatives'"), train.err());
    assertEquals(16, TextEmbedder.load(directory.resolve("tuned/model")).dimensions());
    JsonNode triplets = JsonMapper.shared().readTree(CommandRun.of("evaluate", "--model", directory.resolve("tuned/model"),
        "--triplets",
        "--data", mined, "--json").assertDone().out());
    assertTrue(triplets.path("accuracy").path("value").asDouble() >= 0);
  }

  /** At a rate that is too high later steps are worse, so that the best one is not the last. */
  @Test
  void theBestStepIsChosenByWhatIsMeasured() throws IOException {
    train("--method", "full", "--num-train-epochs", 6, "--eval-data", data, "--eval-steps", 2, "--learning-rate", "3e-2",
        "--metric-for-best-model", "ndcg@10").assertDone();
    Path out = directory.resolve("out");
    double best = Files.readAllLines(out.resolve("metrics.jsonl")).stream().map(JsonMapper.shared()::readTree)
        .filter(line -> line.has("eval_metric")).mapToDouble(line -> line.path("eval_metric").asDouble()).max().orElseThrow();
    assertEquals(best, evaluate("--model", out.resolve("model")).path("ndcg@10").path("value").asDouble(), 1e-9);
    train("--eval-data", data, "--metric-for-best-model", "spearman")
        .assertUserError("spearman is of rows with scores, and these have none; use loss, ndcg, mrr or map");
    train("--metric-for-best-model", "accuracy").assertUserError("must be loss; ndcg, mrr or map of rows without scores;");
    CommandRun.of("train", "--task", "rerank", "--model", model, "--data", data, "--output-dir", directory.resolve("new"),
        "--metric-for-best-model", "spearman").assertUserError("must be loss, map, ndcg or mrr, is spearman");
  }

  @Test
  void flagsOfOtherTasksAreRefused() {
    train("--problem-type", "regression").assertUserError("--problem-type is for --task classify, not for embed");
    CommandRun.of("train", "--task", "classify", "--model", model, "--data", data, "--output-dir",
        directory.resolve("new"), "--symmetric")
        .assertUserError("--symmetric is for --task embed, not for classify");
    train("--loss", "mse").assertUserError("loss must be mnr, cosent, cosine, contrastive, triplet or auto, is 'mse'");
    CommandRun.of("evaluate", "--task", "embed", "--model", model, "--data", data, "--swap", data)
        .assertUserError("--swap is for classifiers and language models; this is an embedding model");
  }

  @Test
  void aRerankerLearnsFromMinedNegativesAndPutsDocumentsInOrder() throws IOException {
    Path rows = directory.resolve("triples.jsonl");
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 39; i++) {
      char letter = (char) ('a' + i % 13);
      text.append("{\"query\": \"is it ").append(letter).append("\", \"document\": \"the good ").append(letter)
          .append("\", \"negatives\": [\"the awful ").append(letter).append("\"]}\n");
    }
    Files.writeString(rows, text);
    CommandRun train = CommandRun.of("train", "--task", "rerank", "--model", model, "--data", rows, "--eval-data", rows,
        "--output-dir",
        directory.resolve("out"), "--method", "full", "--learning-rate", "3e-3", "--num-train-epochs", 6, "--batch-size", 16,
        "--metric-for-best-model", "map").assertDone();
    assertTrue(train.err().contains("78 pairs of a query and a document, up to 64 tokens each"), train.err());
    Path tuned = directory.resolve("out/model");
    List<String> best = CommandRun.of("rerank", "--model", tuned, "--query", "is it a", "the awful a", "the good a", "--json")
        .assertDone().out().lines().toList();
    assertEquals(1, JsonMapper.shared().readTree(best.getFirst()).path("document").asInt());
    assertEquals(1, CommandRun.of("rerank", "--model", tuned, "--query", "is it a", "the awful a", "the good a", "--top", 1)
        .assertDone().out().lines().count());
    JsonNode found = JsonMapper.shared().readTree(CommandRun.of("evaluate", "--task", "rerank", "--model", tuned, "--data", rows,
        "--json").assertDone().out());
    assertEquals(1, found.path("map").path("value").asDouble());
    assertEquals("13 queries, 78 documents", found.path("measured").asString());
    assertTrue(Files.readString(directory.resolve("out/run.json")).contains("\"rerank\""));
    assertTrue(Files.readString(tuned.resolve("README.md")).contains("text-ranking"));
    CommandRun.of("rerank", "--model", tuned, "--query", "x").assertUserError("give documents or --data FILE");
  }
}
