package dev.hone.example;

import dev.hone.train.TrainConfig;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.task.embed.EmbeddingSettings;
import dev.hone.train.task.embed.EmbeddingTuning;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.store.embedding.CosineSimilarity;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A handbook is full of words of its house, which no embedding model knows. One that was tuned on questions with the pages that
 * answer them finds the pages of other questions more often, asked through LangChain4j before and after. Fails unless it does.
 *
 * <p>{@code java --add-modules jdk.incubator.vector -cp 'target/*:target/lib/*' dev.hone.example.TunedSearch MODEL OUT [SEED]}
 */
public final class TunedSearch {
  private TunedSearch() {}

  /** The directory of a model, one that the tuned model is written to, and a seed. */
  public static void main(String[] args) throws Exception {
    Path model = Path.of(args[0]);
    Path out = Files.createDirectories(Path.of(args[1]));
    Dataset<Example.Related> questions = read(out, "questions.jsonl");
    Dataset<Example.Related> heldOut = read(out, "held-out.jsonl");
    double before = found(new HoneEmbeddingModel(TextEmbedder.load(model)), heldOut);

    EmbeddingTuning tuning = EmbeddingTuning.full(model, EmbeddingSettings.USUAL);
    tuning.train(questions, null, TrainConfig.of(Map.of("learning_rate", 1e-4, "num_train_epochs", 6, "batch_size", 16,
        "seed", args.length > 2 ? Long.parseLong(args[2]) : 42)));
    tuning.save(out.resolve("model"));

    double after = found(new HoneEmbeddingModel(TextEmbedder.load(out.resolve("model"))), heldOut);
    System.out.println(String.format(Locale.ROOT, "of %d questions that were not learnt from, %.0f %% found their page before "
        + "tuning, %.0f %% after it", heldOut.size(), 100 * before, 100 * after));
    if (!(after > before)) {
      System.exit(1);
    }
  }

  /** Rows that belong to this program; they are written beside the model. */
  private static Dataset<Example.Related> read(Path out, String name) throws IOException {
    Path file = out.resolve(name);
    try (InputStream rows = TunedSearch.class.getResourceAsStream(name)) {
      Files.copy(rows, file, StandardCopyOption.REPLACE_EXISTING);
    }
    return Dataset.related(file, DataOptions.DETECT);
  }

  /** The share of the questions whose page is the nearest. */
  private static double found(EmbeddingModel model, Dataset<Example.Related> rows) {
    List<TextSegment> pages = rows.map(row -> row.texts().getLast()).stream().distinct().map(TextSegment::from).toList();
    List<Embedding> vectors = model.embedAll(pages).content();
    int right = 0;
    for (Example.Related row : rows.rows()) {
      Embedding question = model.embed(row.texts().getFirst()).content();
      int best = 0;
      for (int p = 1; p < pages.size(); p++) {
        if (CosineSimilarity.between(question, vectors.get(p)) > CosineSimilarity.between(question, vectors.get(best))) {
          best = p;
        }
      }
      right += pages.get(best).text().equals(row.texts().getLast()) ? 1 : 0;
    }
    return right / (double) rows.size();
  }
}
