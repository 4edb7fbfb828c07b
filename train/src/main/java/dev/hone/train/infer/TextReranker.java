package dev.hone.train.infer;

import dev.hone.core.DType;
import dev.hone.core.ShapeException;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Encoding;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A model that reads a query and a document together and says how well they fit: a cross-encoder with one logit, as that of
 * sentence-transformers.
 *
 * {@snippet :
 * TextReranker reranker = TextReranker.load(Path.of("reranker"));
 * TextReranker.Ranked best = reranker.rerank("Where is my parcel?", documents).getFirst();
 * System.out.println(best.document() + " " + best.probability());
 * }
 *
 * <p>Pairs that are too long lose tokens of the longer text. Safe for use by several threads at once.
 */
public final class TextReranker {
  private static final int BATCH = 32;
  /** Tokens unless something else is asked for, where the model takes as many. */
  public static final int USUAL_LENGTH = 512;

  private final PretrainedModel model;
  private final Tokenizer tokenizer;
  private final int maxLength;

  /**
   * A reranker.
   *
   * @param model a classifier of one label
   * @param maxLength tokens of a pair, special tokens included
   */
  public TextReranker(PretrainedModel model, Tokenizer tokenizer, int maxLength) {
    if (model.task() != Task.SEQUENCE_CLASSIFICATION || model.labels().size() != 1) {
      throw new IllegalArgumentException("TextReranker: a reranker has one logit, this model "
          + (model.labels() == null ? "was loaded for " + model.task() : "has " + model.labels().size() + " labels"));
    }
    if (maxLength < 4 || maxLength > model.maxLength()) {
      throw new IllegalArgumentException("max_length must be from 4 to " + model.maxLength()
          + ", which is what the model takes, is "
          + maxLength);
    }
    if (tokenizer.idBound() > model.config().vocabSize()) {
      throw new ShapeException("the tokenizer has ids up to " + (tokenizer.idBound() - 1) + ", the model has "
          + model.config().vocabSize() + " rows in its embedding: they do not belong together");
    }
    this.model = model;
    this.tokenizer = tokenizer;
    this.maxLength = maxLength;
  }

  /** Loads a model with a head of one logit. */
  public static TextReranker load(Path directory) throws IOException {
    return load(directory, null, null);
  }

  /**
   * Loads a model.
   *
   * @param adapter the adapter's directory, or null
   * @param quantized {@link DType#NF4}, {@link DType#Q8_0}, {@link DType#INT8_ROWS} or null
   */
  public static TextReranker load(Path directory, Path adapter, DType quantized) throws IOException {
    PretrainedModel model;
    if (adapter == null) {
      model = PretrainedModel.load(directory, Task.SEQUENCE_CLASSIFICATION, quantized);
    } else {
      model = AdapterFiles.base(adapter, directory, quantized);
      AdapterFiles.load(adapter, model);
    }
    return new TextReranker(model, Tokenizer.load(directory), usualLength(model));
  }

  /** What the one logit of a reranker is called. */
  public static Labels labels() {
    return new Labels(List.of("relevance"), Labels.Kind.REGRESSION);
  }

  /** The length that pairs are cut to unless something else is asked for: 512 tokens, or less if the model takes less. */
  public static int usualLength(PretrainedModel model) {
    return Math.min(USUAL_LENGTH, model.maxLength());
  }

  /**
   * A document in its place.
   *
   * @param document its number among those given
   * @param logit how well it fits
   */
  public record Ranked(int document, float logit) {
    /** The sigmoid of the logit. */
    public double probability() {
      return 1 / (1 + Math.exp(-logit));
    }
  }

  /** The documents from the best to the worst; equal ones in their order. */
  public List<Ranked> rerank(String query, List<String> documents) {
    float[] logits = score(documents.stream().map(document -> List.of(query, document)).toList());
    return IntStream.range(0, logits.length).mapToObj(i -> new Ranked(i, logits[i]))
        .sorted(Comparator.comparingDouble((Ranked ranked) -> -ranked.logit()).thenComparingInt(Ranked::document)).toList();
  }

  /**
   * The logits of pairs, in their order.
   *
   * @param pairs of a query and a document
   */
  public float[] score(List<List<String>> pairs) {
    if (pairs.isEmpty()) {
      return new float[0];
    }
    TrainingSet set = encode(pairs, new float[pairs.size()]);
    float[][] logits = Inference.logits(model, set, BATCH);
    float[] scores = new float[logits.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = logits[i][0];
    }
    return scores;
  }

  /** Pairs as token ids, with what is to be learnt of each. */
  public TrainingSet encode(List<List<String>> pairs, float[] targets) {
    List<int[]> tokens = new ArrayList<>();
    List<int[]> types = new ArrayList<>();
    List<Target> wanted = new ArrayList<>();
    boolean typed = false;
    EncodeOptions options = EncodeOptions.DEFAULT.withMaxLength(maxLength);
    for (int i = 0; i < targets.length; i++) {
      Encoding pair = tokenizer.encode(pairs.get(i).get(0), pairs.get(i).get(1), options);
      tokens.add(pair.ids());
      types.add(pair.typeIds());
      wanted.add(new Target.Numbers(new float[] {targets[i]}));
      typed |= Arrays.stream(pair.typeIds()).anyMatch(type -> type != 0);
    }
    return new TrainingSet(tokens, typed ? types : null, wanted);
  }

  /** How many of these pairs are longer than {@link #maxLength} and were cut. */
  public int countCut(List<List<String>> pairs, TrainingSet set) {
    int[] lengths = set.lengths();
    return (int) IntStream.range(0, lengths.length).filter(i -> lengths[i] == maxLength
        && tokenizer.encode(pairs.get(i).get(0), pairs.get(i).get(1), EncodeOptions.DEFAULT).size() > maxLength).count();
  }

  /** The model. */
  public PretrainedModel model() {
    return model;
  }

  /** The tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Tokens that a pair is cut to. */
  public int maxLength() {
    return maxLength;
  }
}
