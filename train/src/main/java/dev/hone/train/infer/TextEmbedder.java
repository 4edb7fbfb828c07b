package dev.hone.train.infer;

import dev.hone.core.ShapeException;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Encoding;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.data.BatchSampler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A model that makes vectors of sentences, with its tokenizer.
 *
 * {@snippet :
 * TextEmbedder embedder = TextEmbedder.load(Path.of("minilm"));
 * List<float[]> vectors = embedder.embed(List.of("works like a charm", "does what it should"));
 * }
 *
 * <p>Pooling, normalisation, length and prompts are those that the files of sentence-transformers in the directory say. Where
 * there is no {@code modules.json}, a vector is the mean of the last hidden states (of a model made to generate: the last of
 * them) with length 1; {@link #withPooling} says otherwise. Texts that are too long are cut at the end.
 *
 * <p>Safe for use by several threads at once. A text has the same vector in any company.
 */
public final class TextEmbedder {
  private static final int BATCH = 32;
  private static final int BATCH_TOKENS = 1 << 14; // bounds the memory of long texts

  private final PretrainedModel model;
  private final Tokenizer tokenizer;
  private final SentenceFiles files;
  private final Pooling pooling;

  private TextEmbedder(PretrainedModel model, Tokenizer tokenizer, SentenceFiles files, Pooling pooling) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.files = files;
    this.pooling = pooling;
  }

  /**
   * Loads a model.
   *
   * @param directory of Hugging Face, with or without the files of sentence-transformers
   */
  public static TextEmbedder load(Path directory) throws IOException {
    return load(directory, null);
  }

  /**
   * Loads a model with an adapter.
   *
   * @param adapter the adapter's directory, or null
   */
  public static TextEmbedder load(Path directory, Path adapter) throws IOException {
    SentenceFiles files = SentenceFiles.read(directory);
    PretrainedModel model = adapter == null ? PretrainedModel.load(files.transformer(), Task.EMBEDDING)
        : AdapterFiles.base(adapter, files.transformer(), Task.EMBEDDING, null);
    if (adapter != null) {
      AdapterFiles.load(adapter, model);
    }
    Tokenizer tokenizer = Tokenizer.load(files.transformer());
    if (tokenizer.idBound() > model.config().vocabSize()) {
      throw new ShapeException("the tokenizer has ids up to " + (tokenizer.idBound() - 1) + ", the model has "
          + model.config().vocabSize() + " rows in its embedding: they do not belong together");
    }
    return new TextEmbedder(model, tokenizer, files, files.pooling());
  }

  /** The same model with another pooling. */
  public TextEmbedder withPooling(Pooling other) {
    return new TextEmbedder(model, tokenizer, files, other);
  }

  /** The vector of a text; see {@link #dimensions}. */
  public float[] embed(String text) {
    return embed(List.of(text)).getFirst();
  }

  /** The vectors of texts, in their order, after the model's default prompt if it has one. */
  public List<float[]> embed(List<String> texts) {
    return vectors(texts, files.defaultPrompt() == null ? "" : files.prompts().get(files.defaultPrompt()));
  }

  /**
   * The vectors of texts after one of the model's prompts, such as {@code query}.
   *
   * @param prompt its name
   * @throws IllegalArgumentException if the model has no such prompt
   */
  public List<float[]> embed(List<String> texts, String prompt) {
    String before = files.prompts().get(prompt);
    if (before == null) {
      throw new IllegalArgumentException("embed: the model has no prompt '" + prompt + "'; its prompts: "
          + SentenceFiles.names(files.prompts()));
    }
    return vectors(texts, before);
  }

  private List<float[]> vectors(List<String> texts, String prompt) {
    PretrainedModel now = model.snapshot();
    List<int[]> tokens = tokens(texts.stream().map(text -> text == null || prompt.isEmpty() ? text : prompt + text)
        .collect(Collectors.toList())); // which may hold null, for the tokenizer to refuse
    int promptTokens = prompt.isEmpty() || pooling.includePrompt() ? 0 : promptTokens(prompt);
    int width = now.config().hiddenSize();
    int kept = dimensions();
    float[][] vectors = new float[texts.size()][kept];
    int[] filled = IntStream.range(0, tokens.size()).filter(i -> tokens.get(i).length > 0).toArray();
    int[] lengths = IntStream.of(filled).map(i -> tokens.get(i).length).toArray();
    int budget = Math.max(BATCH_TOKENS, IntStream.of(lengths).max().orElse(0));
    Inference.overBatches(new BatchSampler(lengths, BATCH, budget, true, 0), rows -> {
      TokenBatch batch = TokenBatch.of(IntStream.of(rows).mapToObj(row -> tokens.get(filled[row])).toList());
      float[] hidden = now.hidden(batch, Pass.inference()).value().toFloatArray();
      for (int s = 0; s < rows.length; s++) {
        float[] vector = pooling.vector(hidden, width, batch.offsets()[s], batch.offsets()[s + 1], promptTokens);
        vectors[filled[rows[s]]] = kept == vector.length ? vector : Arrays.copyOf(vector, kept);
      }
    });
    return List.of(vectors);
  }

  private List<int[]> tokens(List<String> texts) {
    List<String> written = files.lowerCase() ? texts.stream().map(text -> text == null ? null : text.toLowerCase(Locale.ROOT))
        .collect(Collectors.toList()) : texts;
    return tokenizer.encodeAll(written, EncodeOptions.DEFAULT.withMaxLength(maxLength())).stream().map(Encoding::ids).toList();
  }

  /** Tokens of a prompt, without one that only stands at the end of every text. */
  private int promptTokens(String prompt) {
    int[] ids = tokens(List.of(prompt)).getFirst();
    boolean ends = ids.length > 0 && tokenizer.addedTokens().stream()
        .anyMatch(token -> token.special() && token.id() == ids[ids.length - 1]);
    return ids.length - (ends ? 1 : 0);
  }

  /** Makes requests of no use until the first real one is quick; see {@link WarmUp}. */
  public void warmUp() {
    WarmUp.run(() -> embed(List.of("a", "The quick brown fox jumps over the lazy dog, and does so 12 times.", "Is it?")));
  }

  /** The cosine of the angle between two vectors of the same length; 0 if one of them is all zeros. */
  public static double cosine(float[] a, float[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException("cosine: vectors of " + a.length + " and " + b.length + " numbers");
    }
    double dot = 0;
    double squaresA = 0;
    double squaresB = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      squaresA += (double) a[i] * a[i];
      squaresB += (double) b[i] * b[i];
    }
    return squaresA == 0 || squaresB == 0 ? 0 : dot / Math.sqrt(squaresA * squaresB);
  }

  /** How many numbers a vector has. */
  public int dimensions() {
    int made = pooling.modes().size() * model.config().hiddenSize();
    return files.dimensions() == 0 ? made : Math.min(made, files.dimensions());
  }

  /** Tokens that a text is cut to, its prompt and special tokens included. */
  public int maxLength() {
    return Math.min(files.maxLength(), model.maxLength());
  }

  /** How hidden states become vectors. */
  public Pooling pooling() {
    return pooling;
  }

  /** The model. */
  public PretrainedModel model() {
    return model;
  }

  /** The tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }
}
