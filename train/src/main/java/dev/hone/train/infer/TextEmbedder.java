package dev.hone.train.infer;

import dev.hone.core.DType;
import dev.hone.core.ShapeException;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.InterleavedWeights;
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
import java.util.Map;
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
  private final EmbeddingTokenizer texts;

  private TextEmbedder(PretrainedModel model, Tokenizer tokenizer, SentenceFiles files) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.files = files;
    this.texts = new EmbeddingTokenizer(tokenizer, files, model.maxLength());
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
   * @param adapter the adapter's directory, or null; if it has files of sentence-transformers of its own, they count
   */
  public static TextEmbedder load(Path directory, Path adapter) throws IOException {
    return load(directory, adapter, null);
  }

  /**
   * Loads a model with quantised weights.
   *
   * @param adapter the adapter's directory, or null
   * @param quantized {@link DType#NF4}, {@link DType#Q8_0}, {@link DType#INT8_ROWS} or null
   */
  public static TextEmbedder load(Path directory, Path adapter, DType quantized) throws IOException {
    SentenceFiles files = SentenceFiles.read(directory);
    PretrainedModel model = adapter == null ? PretrainedModel.load(files.transformer(), Task.EMBEDDING, quantized)
        : AdapterFiles.base(adapter, files.transformer(), Task.EMBEDDING, quantized);
    if (adapter != null) {
      AdapterFiles.load(adapter, model);
    }
    return of(model, adapter != null && SentenceFiles.areIn(adapter)
        ? SentenceFiles.read(adapter).withTransformer(files.transformer()) : files.warned(directory));
  }

  /** A model that is there already, with the directory's tokenizer and files of sentence-transformers. */
  public static TextEmbedder of(PretrainedModel model, Path directory) throws IOException {
    return of(model, SentenceFiles.read(directory).warned(directory));
  }

  /** Where in a directory the model itself is: its root, unless the files of sentence-transformers say otherwise. */
  public static Path transformer(Path directory) {
    return SentenceFiles.areIn(directory) ? SentenceFiles.read(directory).transformer() : directory;
  }

  private static TextEmbedder of(PretrainedModel model, SentenceFiles files) throws IOException {
    Tokenizer tokenizer = Tokenizer.load(files.transformer());
    if (tokenizer.idBound() > model.config().vocabSize()) {
      throw new ShapeException("the tokenizer has ids up to " + (tokenizer.idBound() - 1) + ", the model has "
          + model.config().vocabSize() + " rows in its embedding: they do not belong together");
    }
    return new TextEmbedder(model, tokenizer, files);
  }

  /** This model with another pooling. */
  public TextEmbedder withPooling(Pooling other) {
    return new TextEmbedder(model, tokenizer, files.withPooling(other));
  }

  /** This model with other prompts, by name; none of them is the default. */
  public TextEmbedder withPrompts(Map<String, String> prompts) {
    return new TextEmbedder(model, tokenizer, files.withPrompts(prompts));
  }

  /**
   * This model with texts cut to another length.
   *
   * @param tokens at most what the model takes
   */
  public TextEmbedder withMaxLength(int tokens) {
    if (tokens < 1 || tokens > model.maxLength()) {
      throw new IllegalArgumentException("max_length must be from 1 to " + model.maxLength()
          + ", which is what the model takes, is "
          + tokens);
    }
    return new TextEmbedder(model, tokenizer, files.withMaxLength(tokens));
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
    return vectors(texts, this.texts.prompt(prompt));
  }

  /** The model's prompts by name. */
  public Map<String, String> prompts() {
    return files.prompts();
  }

  /**
   * Texts as token ids.
   *
   * @param prompt the name of a prompt that is put before each, or null
   */
  public List<int[]> encode(List<String> texts, String prompt) {
    return this.texts.tokens(texts, prompt == null ? "" : this.texts.prompt(prompt));
  }

  /**
   * How many tokens before a text are those of a prompt, for pooling to leave out; 0 where it does not.
   *
   * @param prompt its name, or null
   */
  public int promptTokens(String prompt) {
    return prompt == null ? 0 : tokensOf(texts.prompt(prompt));
  }

  private int tokensOf(String prompt) {
    return prompt.isEmpty() || pooling().includePrompt() ? 0 : count(prompt);
  }

  private List<float[]> vectors(List<String> texts, String prompt) {
    PretrainedModel now = model.snapshot();
    List<int[]> tokens = this.texts.tokens(texts, prompt);
    int promptTokens = tokensOf(prompt);
    Pooling pooling = pooling();
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

  /** Tokens of a prompt, without one that only stands at the end of every text. */
  private int count(String prompt) {
    int[] ids = texts.tokens(List.of(prompt), "").getFirst();
    boolean ends = ids.length > 0 && tokenizer.addedTokens().stream()
        .anyMatch(token -> token.special() && token.id() == ids[ids.length - 1]);
    return ids.length - (ends ? 1 : 0);
  }

  /** Makes requests of no use until the first real one is quick; see {@link WarmUp}. */
  public void warmUp() {
    InterleavedWeights.of(model);
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
    int made = pooling().modes().size() * model.config().hiddenSize();
    return files.dimensions() == 0 ? made : Math.min(made, files.dimensions());
  }

  /** Tokens that a text is cut to, its prompt and special tokens included. */
  public int maxLength() {
    return texts.maxLength();
  }

  /** How texts become tokens. */
  public EmbeddingTokenizer texts() {
    return texts;
  }

  /** How hidden states become vectors. */
  public Pooling pooling() {
    return files.pooling();
  }

  /** Whether a directory has files of sentence-transformers, so that nothing has to be assumed. */
  public static boolean describes(Path directory) {
    return SentenceFiles.areIn(directory);
  }

  /**
   * Writes a directory that sentence-transformers loads, and {@link #load}: the weights in F32, the tokenizer and what is said of
   * pooling, prompts and length.
   */
  public void save(Path directory) throws IOException {
    model.save(directory, DType.F32);
    tokenizer.save(directory.resolve("tokenizer.json"));
    saveFiles(directory);
  }

  /** Writes what is said of pooling, prompts and length alone: {@code modules.json} and what belongs to it. */
  public void saveFiles(Path directory) throws IOException {
    files.withMaxLength(maxLength()).write(directory, model.config().hiddenSize());
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
