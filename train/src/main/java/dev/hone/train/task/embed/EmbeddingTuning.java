package dev.hone.train.task.embed;

import dev.hone.core.DType;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterConfig;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.train.Objective;
import dev.hone.train.TrainConfig;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Pooling;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.task.Tuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * From a model directory and texts that belong together to a tuned embedding model.
 *
 * {@snippet :
 * Dataset<Example.Related> data = Dataset.related(Path.of("questions.jsonl"), DataOptions.DETECT);
 * EmbeddingTuning tuning = EmbeddingTuning.full(Path.of("minilm"), EmbeddingSettings.USUAL);
 * tuning.train(data, null, TrainConfig.defaults(2e-5));
 * tuning.save(Path.of("out/model"));
 * tuning.embedder().embed("Where is my parcel?");
 * }
 */
public final class EmbeddingTuning extends Tuning<Example.Related> {
  private final TextEmbedder embedder;
  private final EmbeddingSettings settings;
  private final int maxLength;
  private Companion companion; // null: nothing else is written

  private EmbeddingTuning(Path base, TextEmbedder embedder, Adapter adapter, EmbeddingSettings settings, int maxLength) {
    super(base, embedder.model(), embedder.tokenizer(), adapter);
    this.embedder = embedder;
    this.settings = settings;
    this.maxLength = maxLength;
    int width = embedder.pooling().modes().size() * embedder.model().config().hiddenSize();
    settings.dimensionNumbers().stream().filter(d -> d > width).findFirst().ifPresent(d -> {
      throw new IllegalArgumentException("matryoshka_dims: " + d + " is more than the " + width + " numbers of a vector");
    });
  }

  /** A parameter-efficient method on a model. */
  public static EmbeddingTuning adapted(Path base, AdapterConfig config, EmbeddingSettings settings, long seed)
      throws IOException {
    return adapted(base, config, settings, seed, null);
  }

  /**
   * A parameter-efficient method on a model with quantised weights.
   *
   * @param quantized {@link DType#NF4}, {@link DType#Q8_0}, {@link DType#INT8_ROWS} or null
   */
  public static EmbeddingTuning adapted(Path base, AdapterConfig config, EmbeddingSettings settings, long seed, DType quantized)
      throws IOException {
    Path transformer = TextEmbedder.transformer(base);
    PretrainedModel model = PretrainedModel.load(transformer, Task.EMBEDDING, quantized);
    Adapter adapter = Adapter.attach(model, config, seed);
    return of(base, transformer, model, adapter, settings);
  }

  /** All weights of a model. */
  public static EmbeddingTuning full(Path base, EmbeddingSettings settings) throws IOException {
    Path transformer = TextEmbedder.transformer(base);
    PretrainedModel model = PretrainedModel.load(transformer, Task.EMBEDDING);
    requireWhole(base, model);
    model.setTrainable(true);
    return of(base, transformer, model, null, settings);
  }

  private static EmbeddingTuning of(Path base, Path transformer, PretrainedModel model, Adapter adapter,
      EmbeddingSettings settings)
      throws IOException {
    TextEmbedder embedder = TextEmbedder.of(model, base);
    if (!settings.pooling().isEmpty()) {
      embedder = embedder.withPooling(new Pooling(settings.pooling().stream().map(Pooling.Mode::named).toList(),
          embedder.pooling().includePrompt(), embedder.pooling().normalize()));
    }
    Map<String, String> prompts = EmbeddingEncoder.prompts(embedder.prompts(), settings);
    embedder = prompts.equals(embedder.prompts()) ? embedder : embedder.withPrompts(prompts);
    return new EmbeddingTuning(transformer, embedder, adapter, settings,
        Math.min(EmbeddingEncoder.USUAL_LENGTH, embedder.maxLength()));
  }

  /** This tuning with texts cut to another number of tokens, which the tuned model then does as well. */
  public EmbeddingTuning withMaxLength(int tokens) {
    return new EmbeddingTuning(base(), embedder.withMaxLength(tokens), adapter(), settings, tokens);
  }

  /** Tokens that texts are cut to. */
  public int maxLength() {
    return maxLength;
  }

  private EmbeddingEncoder encoder() {
    return new EmbeddingEncoder(embedder.texts().withMaxLength(maxLength), settings);
  }

  @Override
  protected Objective objective(TrainingSet training, TrainConfig config) {
    if (config.klPenalty() != 0) {
      throw new IllegalArgumentException("kl_penalty is for language models, not for an embedding model");
    }
    boolean scored = RelatedTexts.scored(training);
    return new EmbeddingObjective(settings.loss(scored), embedder.pooling(),
        embedder.promptTokens(encoder().anchorPrompt(scored)), embedder.promptTokens(encoder().otherPrompt(scored)),
        settings.miniBatch());
  }

  /**
   * Rows as the model takes them: tokens of all texts of a row. Of labelled texts pairs are made: each with one of its label
   * and one
   * of another.
   */
  @Override
  public TrainingSet encode(Dataset<Example.Related> data) {
    return encoded(data).set();
  }

  /**
   * Rows as the model takes them.
   *
   * @param set the rows
   * @param texts how many texts they have
   * @param cut how many of these are cut
   */
  public record Encoded(TrainingSet set, int texts, int cut) {}

  /** Rows as the model takes them, and what became of their texts. */
  public Encoded encoded(Dataset<Example.Related> data) {
    Dataset<Example.Related> rows = data.size() > 0 && data.row(0).label() != null ? paired(data) : data;
    boolean scored = rows.size() > 0 && !Double.isNaN(rows.row(0).score());
    EmbeddingLoss.Kind kind = settings.loss(scored).kind();
    EmbeddingEncoder encoder = encoder();
    List<List<int[]>> tokens = new ArrayList<>();
    float[] scores = new float[rows.size()];
    int texts = 0;
    int cut = 0;
    for (int i = 0; i < rows.size(); i++) {
      Example.Related row = rows.row(i);
      check(rows, i, kind);
      scores[i] = (float) row.score();
      List<int[]> ids = encoder.tokens(row.texts(), scored);
      for (int t = 0; t < ids.size(); t++) {
        if (ids.get(t).length == 0) {
          throw new DataException(rows.source(), rows.line(i), "text " + (t + 1) + " of the row has no tokens");
        }
      }
      if (ids.stream().anyMatch(one -> one.length == maxLength)) {
        cut += (int) encoder.uncut(row.texts(), scored).stream().filter(one -> one.length > maxLength).count();
      }
      texts += ids.size();
      tokens.add(ids);
    }
    return new Encoded(RelatedTexts.set(tokens, scores), texts, cut);
  }

  private static void check(Dataset<Example.Related> rows, int i, EmbeddingLoss.Kind kind) {
    Example.Related row = rows.row(i);
    String name = kind.name().toLowerCase(Locale.ROOT);
    boolean scored = !Double.isNaN(row.score());
    String fault = scored != kind.scored() ? "the loss " + name + " wants rows " + (kind.scored() ? "with scores"
        : "without scores")
        + ", and this one has " + (scored ? "one; use cosent, cosine or contrastive" : "none; use mnr, or triplet where rows "
        + "have negatives")
        : kind == EmbeddingLoss.Kind.TRIPLET && row.texts().size() < 3 ? "the loss triplet wants a negative in every row, and "
        + "this one "
            + "has none; use mnr"
        : kind == EmbeddingLoss.Kind.CONTRASTIVE && row.score() != 0 && row.score() != 1 ? "the loss contrastive wants scores "
        + "of 0 and 1, "
            + "and this one is " + row.score() + "; use cosent or cosine"
        : kind == EmbeddingLoss.Kind.COSINE && Math.abs(row.score()) > 1 ? "the loss cosine wants scores from -1 to 1, and "
        + "this one is "
            + row.score() + "; divide them, or use cosent, for which only their order counts" : null;
    if (fault != null) {
      throw new DataException(rows.source(), rows.line(i), fault);
    }
  }

  /** Pairs of labelled texts, with a score of 1 for equal labels and of 0 for others. */
  static Dataset<Example.Related> paired(Dataset<Example.Related> data) {
    List<String> labels = data.map(Example.Related::label);
    if (labels.stream().distinct().count() < 2) {
      throw new DataException(data.source(), "all texts have the label '" + labels.getFirst()
          + "', so that there is nothing to tell "
          + "apart; give at least two labels");
    }
    List<Example.Related> pairs = new ArrayList<>();
    for (LabelledPairs.Pair pair : LabelledPairs.of(labels, 0)) {
      pairs.add(new Example.Related(List.of(data.row(pair.first()).texts().getFirst(), data.row(pair.second()).texts()
          .getFirst()),
          pair.same() ? 1 : 0, null));
    }
    return Dataset.of(data.source(), pairs);
  }

  /** What of prompts, pooling and loss was decided for rows with scores or without, in words. */
  public String describe(TrainingSet set) {
    boolean scored = RelatedTexts.scored(set);
    List<String> words = new ArrayList<>();
    words.add("loss " + settings.loss(scored).kind().name().toLowerCase(Locale.ROOT));
    words.add("pooling " + String.join(" + ", embedder.pooling().modes().stream().map(Pooling.Mode::word).toList())
        + (embedder.pooling().normalize() ? ", normalised" : ""));
    prompt(words, "anchors", encoder().anchorPrompt(scored));
    prompt(words, "other texts", encoder().otherPrompt(scored));
    words.add("texts of up to " + maxLength + " tokens");
    return String.join("; ", words);
  }

  private void prompt(List<String> words, String of, String name) {
    if (name != null && !embedder.prompts().get(name).isEmpty()) {
      words.add("before " + of + " '" + embedder.prompts().get(name) + "'");
    }
  }

  /** What else is written beside a tuned model. */
  @FunctionalInterface
  public interface Companion {
    /** Writes into the directory. */
    void save(Path directory) throws IOException;
  }

  /** Writes something else beside the tuned model whenever it is saved. */
  public void setCompanion(Companion other) {
    companion = other;
  }

  /** Writes the adapter's directory, or the whole model's, each with the files of sentence-transformers. */
  @Override
  public void save(Path directory) throws IOException {
    super.save(directory);
    embedder.saveFiles(directory);
    if (adapter() != null) {
      copyTokenizer(base(), directory);
    }
    if (companion != null) {
      companion.save(directory);
    }
  }

  /**
   * Measures rows with the prompts of training.
   *
   * @param rows that are to be measured
   */
  public EmbeddingEvaluator evaluator(Bootstrap bootstrap, Dataset<Example.Related> rows) {
    boolean scored = rows.row(0).label() != null || !Double.isNaN(rows.row(0).score());
    return new EmbeddingEvaluator(bootstrap, encoder().anchorPrompt(scored), encoder().otherPrompt(scored));
  }

  /** The embedder in its present state. */
  public TextEmbedder embedder() {
    return embedder;
  }
}
