package dev.hone.train.infer;

import dev.hone.core.DType;
import dev.hone.core.ShapeException;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.Adapters;
import dev.hone.nn.InterleavedWeights;
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
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A sequence classifier with its tokenizer: texts in, labels out.
 *
 * {@snippet :
 * TextClassifier classifier = TextClassifier.load(Path.of("minilm"), Path.of("out/adapter"));
 * TextClassifier.Prediction best = classifier.predict(List.of("works like a charm")).getFirst();
 * System.out.println(best.label() + " " + best.probability());
 * }
 *
 * <p>Several adapters on one base are chosen per call:
 *
 * {@snippet :
 * Map<String, Path> adapters = Map.of("mild", Path.of("a"), "strict", Path.of("b"));
 * TextClassifier classifier = TextClassifier.withAdapters(Path.of("minilm"), adapters);
 * classifier.predict(texts, "strict");
 * classifier.adapters().activate("mild"); // for predict(texts) from now on
 * }
 *
 * <p>Texts longer than {@code maxLength} tokens are cut at the end. Safe for use by several threads at once: all texts of a call
 * are answered by the adapter that was active, or chosen, when it began.
 */
public final class TextClassifier {
  private static final int BATCH = 32;
  private static final int COUNTED = 1024;

  private final PretrainedModel model;
  private final Tokenizer tokenizer;
  private final int maxLength;
  private final int unknown; // the token for what the tokenizer does not know; -1 if it has none
  private Adapters adapters; // null until they are asked for

  /**
   * A classifier.
   *
   * @param model with a head for sequence classification
   * @param maxLength tokens of a text, special tokens included; at most what the model takes
   */
  public TextClassifier(PretrainedModel model, Tokenizer tokenizer, int maxLength) {
    if (model.task() != Task.SEQUENCE_CLASSIFICATION) {
      throw new IllegalArgumentException("TextClassifier: the model was loaded for " + model.task());
    }
    if (maxLength < 3 || maxLength > model.maxLength()) {
      throw new IllegalArgumentException("max_length must be from 3 to " + model.maxLength()
          + ", which is what the model takes, is " + maxLength);
    }
    if (tokenizer.idBound() > model.config().vocabSize()) {
      throw new ShapeException("the tokenizer has ids up to " + (tokenizer.idBound() - 1) + ", the model has "
          + model.config().vocabSize() + " rows in its embedding: they do not belong together");
    }
    this.model = model;
    this.tokenizer = tokenizer;
    this.maxLength = maxLength;
    this.unknown = Math.max(tokenizer.tokenId("[UNK]"), tokenizer.tokenId("<unk>"));
  }

  /**
   * Loads a tuned classifier.
   *
   * @param directory the base model, or a fully tuned one
   * @param adapter the adapter's directory, or null
   */
  public static TextClassifier load(Path directory, Path adapter) throws IOException {
    return load(directory, adapter, null);
  }

  /**
   * Loads a tuned classifier on quantised weights.
   *
   * @param quantized {@link DType#NF4}, {@link DType#Q8_0}, {@link DType#INT8_ROWS} or null
   */
  public static TextClassifier load(Path directory, Path adapter, DType quantized) throws IOException {
    PretrainedModel model;
    if (adapter == null) {
      model = PretrainedModel.load(directory, Task.SEQUENCE_CLASSIFICATION, quantized);
    } else {
      model = AdapterFiles.base(adapter, directory, quantized);
      if (model.task() != Task.SEQUENCE_CLASSIFICATION) {
        throw new IllegalArgumentException(adapter + ": the adapter is for " + model.task() + ", not for a classifier");
      }
      AdapterFiles.load(adapter, model);
    }
    return new TextClassifier(model, Tokenizer.load(directory), usualLength(model));
  }

  /**
   * Loads several adapters for one base; none is active yet.
   *
   * @param directory the base model
   * @param adapters at least one, by name; all with the same labels
   */
  public static TextClassifier withAdapters(Path directory, Map<String, Path> adapters) throws IOException {
    if (adapters.isEmpty()) {
      throw new IllegalArgumentException("TextClassifier.withAdapters: give at least one adapter, it says what the labels are");
    }
    Path first = adapters.values().iterator().next();
    PretrainedModel model = AdapterFiles.base(first, directory);
    TextClassifier classifier = new TextClassifier(model, Tokenizer.load(directory), usualLength(model));
    adapters.forEach(classifier.adapters()::load);
    return classifier;
  }

  /**
   * The adapters that calls can choose from.
   *
   * @throws IllegalStateException if the model was loaded with one adapter in it
   */
  public synchronized Adapters adapters() {
    if (adapters == null) {
      adapters = new Adapters(model);
    }
    return adapters;
  }

  /** The length that texts are cut to unless something else is asked for: 256 tokens, or less if the model takes less. */
  public static int usualLength(PretrainedModel model) {
    return usualLength(model.maxLength());
  }

  /** The length that texts are cut to where a model takes {@code most} tokens. */
  public static int usualLength(int most) {
    return Math.min(256, most);
  }

  /**
   * What a classifier thinks of a text.
   *
   * @param label the most probable one; where there may be several, all of a probability above one half, joined by {@code |}
   * @param probability of the most probable label; of a regression the number itself
   * @param probabilities of all labels, in their order; of a regression the numbers
   */
  public record Prediction(String label, float probability, float[] probabilities) {
    /** Equal if all is, number by number. */
    @Override
    public boolean equals(Object other) {
      return other instanceof Prediction(String name, float most, float[] all) && label.equals(name)
          && Float.compare(probability, most) == 0 && Arrays.equals(probabilities, all);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * label.hashCode() + Float.hashCode(probability)) + Arrays.hashCode(probabilities);
    }

    @Override
    public String toString() {
      return "Prediction[label=" + label + ", probability=" + probability + ", probabilities=" + Arrays.toString(probabilities)
          + "]";
    }
  }

  /** Makes requests of no use until the first real one is quick; see {@link WarmUp}. */
  public void warmUp() {
    InterleavedWeights.of(model);
    WarmUp.run(() -> predict(List.of("a", "The quick brown fox jumps over the lazy dog, and does so 12 times.", "Is it?")));
  }

  /** Labels of texts, in their order. */
  public List<Prediction> predict(List<String> texts) {
    return predict(texts, model);
  }

  /**
   * Labels of texts by one of the {@link #adapters}, whichever is active.
   *
   * @param adapter its name
   */
  public List<Prediction> predict(List<String> texts, String adapter) {
    return predict(texts, adapters().model(adapter));
  }

  private List<Prediction> predict(List<String> texts, PretrainedModel model) {
    TrainingSet set = encode(texts, Collections.nCopies(texts.size(), Target.NONE));
    List<Prediction> predictions = new ArrayList<>();
    for (float[] logits : Inference.logits(model, set, BATCH)) {
      predictions.add(prediction(logits));
    }
    return predictions;
  }

  /** The prediction that logits stand for. */
  public Prediction prediction(float[] logits) {
    List<String> names = model.labels().names();
    int best = Logits.argMax(logits);
    return switch (model.labels().kind()) {
      case SINGLE_LABEL -> {
        float[] p = floats(Logits.softmax(logits));
        yield new Prediction(names.get(best), p[best], p);
      }
      case MULTI_LABEL -> {
        float[] p = floats(Logits.sigmoid(logits));
        List<String> likely = IntStream.range(0, p.length).filter(i -> p[i] > 0.5f).mapToObj(names::get).toList();
        yield new Prediction(String.join("|", likely), p[best], p);
      }
      case REGRESSION -> new Prediction(names.get(best), logits[best], logits);
    };
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** Texts as token ids, with the target of each. */
  public TrainingSet encode(List<String> texts, List<? extends Target> targets) {
    return new TrainingSet(tokens(texts), null, targets);
  }

  /** Texts as token ids. */
  public List<int[]> tokens(List<String> texts) {
    return tokenizer.encodeAll(texts, EncodeOptions.DEFAULT.withMaxLength(maxLength)).stream().map(Encoding::ids).toList();
  }

  /**
   * How many of these texts are longer than {@code maxLength} and were cut.
   *
   * @param set what became of them
   */
  public int countCut(List<String> texts, TrainingSet set) {
    int[] lengths = set.lengths();
    int cut = 0;
    List<String> some = new ArrayList<>();
    for (int i = 0; i < lengths.length; i++) {
      if (lengths[i] == maxLength) {
        some.add(texts.get(i));
      }
      if (some.size() == COUNTED || i == lengths.length - 1) {
        cut += (int) tokenizer.encodeAll(some, EncodeOptions.DEFAULT).stream().filter(e -> e.size() > maxLength).count();
        some.clear();
      }
    }
    return cut;
  }

  /** How many of these tokens stand for something that the tokenizer does not know; 0 where it knows everything. */
  public int countUnknown(int[] tokens) {
    int count = 0;
    for (int token : tokens) {
      count += token == unknown ? 1 : 0;
    }
    return count;
  }

  /** The model. */
  public PretrainedModel model() {
    return model;
  }

  /** The tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Tokens that a text is cut to. */
  public int maxLength() {
    return maxLength;
  }
}
