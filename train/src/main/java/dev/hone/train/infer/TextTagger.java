package dev.hone.train.infer;

import dev.hone.core.DType;
import dev.hone.core.ShapeException;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.data.BatchSampler;
import dev.hone.train.data.Example;
import dev.hone.train.data.WordCut;
import dev.hone.train.encode.WordEncoder;
import dev.hone.train.metric.TagSpan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A model that finds names and other spans in texts, with its tokenizer.
 *
 * {@snippet :
 * TextTagger tagger = TextTagger.load(Path.of("bert"), Path.of("out/adapter"));
 * for (TextTagger.Entity entity : tagger.tag("Anna moved to Oslo.")) {
 *   System.out.println(entity.type() + " " + entity.start() + " to " + entity.end() + ": " + entity.text());
 * }
 * }
 *
 * <p>Words are runs of letters and digits, and every other character alone; each has the tag of its first token. Texts of any
 * length are read in windows that overlap. Safe for use by several threads at once.
 */
public final class TextTagger {
  private static final int BATCH = 32;
  /** Tokens unless something else is asked for, where the model takes as many. */
  public static final int USUAL_LENGTH = 256;
  private static final String OUTSIDE = "O";

  private final PretrainedModel model;
  private final WordEncoder encoder;

  /**
   * A tagger.
   *
   * @param model with a head for token classification
   * @param maxLength tokens of a window
   */
  public TextTagger(PretrainedModel model, Tokenizer tokenizer, int maxLength) {
    if (model.task() != Task.TOKEN_CLASSIFICATION) {
      throw new IllegalArgumentException("TextTagger: the model was loaded for " + model.task());
    }
    if (maxLength > model.maxLength()) {
      throw new IllegalArgumentException("max_length must be at most " + model.maxLength()
          + ", which is what the model takes, is " + maxLength);
    }
    if (tokenizer.idBound() > model.config().vocabSize()) {
      throw new ShapeException("the tokenizer has ids up to " + (tokenizer.idBound() - 1) + ", the model has "
          + model.config().vocabSize() + " rows in its embedding: they do not belong together");
    }
    this.model = model;
    this.encoder = new WordEncoder(tokenizer, maxLength);
  }

  /**
   * Loads a tuned tagger.
   *
   * @param directory the base model, or a fully tuned one
   * @param adapter the adapter's directory, or null
   */
  public static TextTagger load(Path directory, Path adapter) throws IOException {
    return load(directory, adapter, null);
  }

  /**
   * Loads a tuned tagger with quantised weights.
   *
   * @param quantized {@link DType#NF4}, {@link DType#Q8_0}, {@link DType#INT8_ROWS} or null
   */
  public static TextTagger load(Path directory, Path adapter, DType quantized) throws IOException {
    PretrainedModel model = adapter == null ? PretrainedModel.load(directory, Task.TOKEN_CLASSIFICATION, quantized)
        : AdapterFiles.base(adapter, directory, quantized);
    if (adapter != null) {
      if (model.task() != Task.TOKEN_CLASSIFICATION) {
        throw new IllegalArgumentException(adapter + ": the adapter is for " + model.task() + ", not for a tagger");
      }
      AdapterFiles.load(adapter, model);
    }
    return new TextTagger(model, Tokenizer.load(directory), usualLength(model));
  }

  /** Tokens of a window unless something else is asked for: 256, or less if the model takes less. */
  public static int usualLength(PretrainedModel model) {
    return Math.min(USUAL_LENGTH, model.maxLength());
  }

  /**
   * A span that was found.
   *
   * @param type what it is, such as {@code PER}
   * @param start where it begins in the text, in UTF-16 units as {@link String#substring} counts
   * @param end where it ends
   * @param text what stands there
   * @param probability the mean over its words of the probabilities of their tags
   */
  public record Entity(String type, int start, int end, String text, double probability) {}

  /**
   * What the model makes of the words of a text.
   *
   * @param tags of each word; O of a word without tokens
   * @param logits of each word by label; null of a word without tokens
   */
  public record Tagging(List<String> tags, List<float[]> logits) {}

  /** The spans in a text. */
  public List<Entity> tag(String text) {
    return tag(List.of(text)).getFirst();
  }

  /** The spans in texts, in their order. */
  public List<List<Entity>> tag(List<String> texts) {
    List<Example.Tagged> rows = texts.stream().map(text -> new Example.Tagged(text, WordCut.words(text).stream()
        .map(word -> new Example.Tagged.Word(word[0], word[1], OUTSIDE)).toList())).toList();
    List<Tagging> found = words(rows);
    return IntStream.range(0, rows.size()).mapToObj(i -> entities(rows.get(i), found.get(i))).toList();
  }

  private List<Entity> entities(Example.Tagged row, Tagging found) {
    List<String> names = model.labels().names();
    return TagSpan.of(found.tags).stream().map(span -> {
      double sum = 0;
      for (int w = span.first(); w <= span.last(); w++) {
        sum += found.logits.get(w) == null ? 0 : Logits.softmax(found.logits.get(w))[names.indexOf(found.tags.get(w))];
      }
      int start = row.words().get(span.first()).start();
      int end = row.words().get(span.last()).end();
      return new Entity(span.type(), start, end, row.text().substring(start, end), sum / (span.last() - span.first() + 1));
    }).toList();
  }

  /** The tags of words that are given; the tags that the rows have are not looked at. */
  public List<Tagging> words(List<Example.Tagged> rows) {
    PretrainedModel now = model.snapshot();
    List<float[][]> logits = new ArrayList<>();
    List<WordEncoder.Window> windows = new ArrayList<>();
    List<Integer> owners = new ArrayList<>();
    for (int r = 0; r < rows.size(); r++) {
      Example.Tagged row = rows.get(r);
      logits.add(new float[row.words().size()][]);
      if (row.words().isEmpty()) {
        continue;
      }
      for (WordEncoder.Window window : encoder.windows(row.text(), starts(row), ends(row))) {
        windows.add(window);
        owners.add(r);
      }
    }
    int[] lengths = windows.stream().mapToInt(window -> window.tokens().length).toArray();
    Inference.overBatches(BatchSampler.ofRows(lengths, BATCH, 0), batch -> {
      float[] values = now.forward(TokenBatch.of(Arrays.stream(batch).mapToObj(i -> windows.get(i).tokens()).toList()),
          Pass.inference()).value().toFloatArray();
      int width = now.labels().size();
      int at = 0;
      for (int i : batch) {
        for (int word : windows.get(i).words()) {
          if (word >= 0) {
            logits.get(owners.get(i))[word] = Arrays.copyOfRange(values, at * width, (at + 1) * width);
          }
          at++;
        }
      }
    });
    List<String> names = now.labels().names();
    return logits.stream().map(row -> new Tagging(Arrays.stream(row).map(word -> word == null ? OUTSIDE
        : names.get(Logits.argMax(word))).toList(), Arrays.asList(row))).toList();
  }

  /** Where the words of a row begin. */
  public static int[] starts(Example.Tagged row) {
    return row.words().stream().mapToInt(Example.Tagged.Word::start).toArray();
  }

  /** Where the words of a row end. */
  public static int[] ends(Example.Tagged row) {
    return row.words().stream().mapToInt(Example.Tagged.Word::end).toArray();
  }

  /** How texts become tokens. */
  public WordEncoder encoder() {
    return encoder;
  }

  /** The model. */
  public PretrainedModel model() {
    return model;
  }
}
