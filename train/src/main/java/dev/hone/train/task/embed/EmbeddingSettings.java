package dev.hone.train.task.embed;

import dev.hone.train.config.Nearest;
import dev.hone.train.config.Setting;
import dev.hone.train.config.Settings;
import dev.hone.train.infer.Pooling;
import dev.hone.train.task.embed.EmbeddingLoss.Distance;
import dev.hone.train.task.embed.EmbeddingLoss.Kind;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * How an embedding model is tuned, by key.
 *
 * @param loss {@code mnr}, {@code cosent}, {@code cosine}, {@code contrastive} or {@code triplet}; {@code auto} for cosent
 *     where rows
 *     have scores, else mnr
 * @param steepness what cosines are multiplied by in mnr and cosent
 * @param margin of contrastive and triplet; -1 for the usual one
 * @param distance what that margin is measured in; {@code auto} for the usual one
 * @param symmetric whether in mnr positives look for their anchors, too
 * @param dimensions of Matryoshka losses
 * @param dimensionWeights of these losses; all 1 if empty
 * @param miniBatch texts in memory at a time; 0 for a whole batch
 * @param pooling modes; none for what the model's files say
 * @param queryPrompt before anchors; {@code auto} for the model's prompt {@code query}, if it has one
 * @param documentPrompt before all other texts; {@code auto} for the model's prompt {@code document} or {@code passage}
 */
public record EmbeddingSettings(
    @Setting(key = "loss", fallback = "auto", form = "NAME",
        help = "mnr, cosent, cosine, contrastive or triplet; auto: cosent where rows have scores or labels, else mnr")
    String loss,
    @Setting(key = "loss_scale", fallback = "20", form = "X", help = "what cosines are multiplied by in mnr and cosent")
    double steepness,
    @Setting(key = "margin", fallback = "-1", form = "X", help = "of contrastive and triplet; -1: 0.5, of Euclidean triplets 5")
    double margin,
    @Setting(key = "distance", fallback = "auto", form = "cosine|euclidean",
        help = "what a margin is measured in; auto: cosine, of triplets euclidean")
    String distance,
    @Setting(key = "symmetric", help = "mnr: positives have to find their anchors, too")
    boolean symmetric,
    @Setting(key = "matryoshka_dims", form = "N,N,...", help = "the first N numbers of a vector have to do alone, too")
    List<String> dimensions,
    @Setting(key = "matryoshka_weights", form = "X,X,...", help = "of these losses; all 1")
    List<String> dimensionWeights,
    @Setting(key = "mini_batch_size", fallback = "0", form = "N",
        help = "texts in memory at a time, whatever the batch (GradCache: same gradients, one more forward pass); 0: all")
    int miniBatch,
    @Setting(key = "pooling", form = "MODE,...", help = "cls, mean, max, lasttoken, weightedmean, mean_sqrt_len_tokens; empty: "
    + "the model's own")
    List<String> pooling,
    @Setting(key = "query_prompt", fallback = "auto", form = "TEXT", verbatim = true,
        help = "what is put before anchors, such as 'query: '; auto: the model's prompt 'query', where rows have no scores")
    String queryPrompt,
    @Setting(key = "document_prompt", fallback = "auto", form = "TEXT", verbatim = true,
        help = "what is put before all other texts; auto: the model's prompt 'document' or 'passage'")
    String documentPrompt) {
  /** Reads and writes these settings by key. */
  public static final Settings<EmbeddingSettings> SETTINGS = Settings.of(EmbeddingSettings.class);
  /** What is decided by the rows or by the model. */
  static final String AUTO = "auto";
  /** Everything as usual. */
  public static final EmbeddingSettings USUAL = SETTINGS.read(Map.of());

  /** Checks what can be checked without rows. */
  public EmbeddingSettings {
    dimensions = List.copyOf(dimensions);
    dimensionWeights = List.copyOf(dimensionWeights);
    pooling = List.copyOf(pooling);
    pooling.forEach(Pooling.Mode::named);
    if (miniBatch < 0) {
      throw new IllegalArgumentException("mini_batch_size must be 0 (a whole batch) or more, is " + miniBatch);
    }
    if (margin < 0 && margin != -1) {
      throw new IllegalArgumentException("margin must be 0 or more, or -1 for the usual one, is " + margin);
    }
    word("loss", loss, Kind.values());
    word("distance", distance, Distance.values());
    build(Kind.MNR.name().equalsIgnoreCase(loss) || loss.equals(AUTO) ? Kind.MNR : Kind.valueOf(loss.toUpperCase(Locale.ROOT)),
        steepness, margin, distance, symmetric, dimensions, dimensionWeights);
  }

  /** These settings with another value for a key. */
  public EmbeddingSettings with(String key, Object value) {
    Map<String, Object> values = SETTINGS.write(this);
    values.put(SETTINGS.key(key), value);
    return SETTINGS.read(values);
  }

  private static void word(String key, String value, Enum<?>[] known) {
    List<String> words = Arrays.stream(known).map(each -> each.name().toLowerCase(Locale.ROOT)).toList();
    if (!value.equals(AUTO) && !words.contains(value)) {
      throw new IllegalArgumentException(key + " must be " + String.join(", ", words) + " or auto, is '" + value + "'"
          + Nearest.hint(value, words, ""));
    }
  }

  /** The dimensions of Matryoshka losses. */
  List<Integer> dimensionNumbers() {
    return numbers("matryoshka_dims", dimensions, Integer::valueOf);
  }

  private static <T> List<T> numbers(String key, List<String> texts, Function<String, T> parse) {
    try {
      return texts.stream().map(String::strip).map(parse).toList();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(key + ": " + String.join(",", texts) + " are not numbers of the kind that is wanted", e);
    }
  }

  /** The loss that these settings mean for rows with scores, or without. */
  EmbeddingLoss loss(boolean scored) {
    Kind kind = loss.equals(AUTO) ? scored ? Kind.COSENT : Kind.MNR : Kind.valueOf(loss.toUpperCase(Locale.ROOT));
    return build(kind, steepness, margin, distance, symmetric, dimensions, dimensionWeights);
  }

  private static EmbeddingLoss build(Kind kind, double steepness, double margin, String distance, boolean symmetric,
      List<String> dimensionTexts, List<String> weightTexts) {
    List<Integer> dimensions = numbers("matryoshka_dims", dimensionTexts, Integer::valueOf);
    List<Double> weights = numbers("matryoshka_weights", weightTexts, Double::valueOf);
    boolean triplet = kind == Kind.TRIPLET;
    Distance chosen = distance.equals(AUTO) ? triplet ? Distance.EUCLIDEAN : Distance.COSINE
        : Distance.valueOf(distance.toUpperCase(Locale.ROOT));
    return new EmbeddingLoss(kind, symmetric, steepness, margin >= 0 ? margin : triplet && chosen == Distance.EUCLIDEAN ? 5 : 0.5,
        chosen, dimensions, weights.isEmpty() ? Collections.nCopies(dimensions.size(), 1.0) : weights);
  }
}
