package dev.hone.train.task.rerank;

import dev.hone.core.DType;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterConfig;
import dev.hone.nn.PretrainedModel;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.Objective;
import dev.hone.train.TrainConfig;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.TextReranker;
import dev.hone.train.task.Tuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * From a model directory and queries with documents that fit and that do not to a reranker.
 *
 * {@snippet :
 * Dataset<Example.Related> data = Dataset.related(Path.of("mined.jsonl"), DataOptions.DETECT);
 * RerankTuning tuning = RerankTuning.full(Path.of("minilm"), 1, 42);
 * tuning.train(data, null, TrainConfig.defaults(2e-5));
 * tuning.save(Path.of("out/model"));
 * tuning.reranker().rerank("Where is my parcel?", documents);
 * }
 */
public final class RerankTuning extends Tuning<Example.Related> {
  private final TextReranker reranker;
  private final double positiveWeight;

  private RerankTuning(Path base, TextReranker reranker, Adapter adapter, double positiveWeight) {
    super(base, reranker.model(), reranker.tokenizer(), adapter);
    this.reranker = reranker;
    this.positiveWeight = positiveWeight;
    if (!(positiveWeight > 0)) {
      throw new IllegalArgumentException("pos_weight must be above 0, is " + positiveWeight);
    }
  }

  /**
   * A parameter-efficient method on a model; its head is trained as a whole.
   *
   * @param positiveWeight what pairs that fit weigh beside the others; 1 is usual
   * @param quantized {@link DType#NF4}, {@link DType#Q8_0}, {@link DType#INT8_ROWS} or null
   */
  public static RerankTuning adapted(Path base, AdapterConfig config, double positiveWeight, long seed, DType quantized)
      throws IOException {
    PretrainedModel model = PretrainedModel.load(base, TextReranker.labels(), seed, quantized);
    Adapter adapter = Adapter.attach(model, config, seed);
    return new RerankTuning(base, reranker(base, model), adapter, positiveWeight);
  }

  /** All weights of a model. */
  public static RerankTuning full(Path base, double positiveWeight, long seed) throws IOException {
    PretrainedModel model = PretrainedModel.load(base, TextReranker.labels(), seed);
    requireWhole(base, model);
    model.setTrainable(true);
    return new RerankTuning(base, reranker(base, model), null, positiveWeight);
  }

  private static TextReranker reranker(Path base, PretrainedModel model) throws IOException {
    return new TextReranker(model, Tokenizer.load(base), TextReranker.usualLength(model));
  }

  /** This tuning with pairs cut to another number of tokens. */
  public RerankTuning withMaxLength(int tokens) {
    return new RerankTuning(base(), new TextReranker(model(), tokenizer(), tokens), adapter(), positiveWeight);
  }

  @Override
  protected Objective objective(TrainingSet training, TrainConfig config) {
    if (config.klPenalty() != 0) {
      throw new IllegalArgumentException("kl_penalty is for language models, not for a reranker");
    }
    return new RerankObjective(positiveWeight);
  }

  /**
   * Pairs and how well they fit, from 0 to 1.
   *
   * @param texts of a query and a document each
   * @param targets one per pair
   */
  public record Pairs(List<List<String>> texts, float[] targets) {
    /** The pairs of rows: the first two texts with the row's score; or with 1, and each negative with 0. */
    public static Pairs of(Dataset<Example.Related> rows) {
      List<List<String>> texts = new ArrayList<>();
      List<Float> targets = new ArrayList<>();
      boolean wrong = false;
      for (int i = 0; i < rows.size(); i++) {
        Example.Related row = rows.row(i);
        if (row.label() != null) {
          throw new DataException(rows.source(), rows.line(i), "a reranker learns from queries with documents, and this row is "
              + "a text with "
              + "a label");
        }
        boolean scored = !Double.isNaN(row.score());
        if (scored && (row.score() < 0 || row.score() > 1)) {
          throw new DataException(rows.source(), rows.line(i), "a reranker wants scores from 0 to 1, and this one is "
              + row.score());
        }
        texts.add(row.texts().subList(0, 2));
        targets.add(scored ? (float) row.score() : 1);
        for (String negative : row.texts().subList(2, row.texts().size())) {
          texts.add(List.of(row.texts().getFirst(), negative));
          targets.add(0f);
        }
        wrong |= row.texts().size() > 2 || scored && row.score() < 0.5;
      }
      if (!wrong) {
        throw new DataException(rows.source(), "no row has a document that does not fit (a negative, or a score below 0.5), so "
            + "that there "
            + "is nothing to tell apart; hone mine-negatives finds some");
      }
      float[] numbers = new float[targets.size()];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = targets.get(i);
      }
      return new Pairs(texts, numbers);
    }
  }

  /** Rows as the model takes them: a row of the set for each pair. */
  @Override
  public TrainingSet encode(Dataset<Example.Related> data) {
    Pairs pairs = Pairs.of(data);
    return reranker.encode(pairs.texts, pairs.targets);
  }

  /** The reranker in its present state. */
  public TextReranker reranker() {
    return reranker;
  }
}
