package dev.hone.train.inspect;

import dev.hone.nn.ModelConfig;
import dev.hone.nn.load.ModelLoader;
import dev.hone.tokenizer.DecodeStream;
import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Encoding;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.chat.ChatTemplate;
import dev.hone.tokenizer.chat.ChatTemplateException;
import dev.hone.tokenizer.chat.ChatTemplates;
import dev.hone.train.data.Example;
import dev.hone.train.encode.LanguageEncoder;
import dev.hone.train.encode.WordEncoder;
import dev.hone.train.infer.EmbeddingTokenizer;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.infer.TextReranker;
import dev.hone.train.infer.TextTagger;
import dev.hone.train.task.embed.EmbeddingEncoder;
import dev.hone.train.task.embed.EmbeddingSettings;
import dev.hone.train.task.prefer.PreferenceEncoder;
import dev.hone.train.task.prefer.PreferenceLoss;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Rows as tokens, by the same encoders as in training. Safe for any number of threads. */
final class TokenView {
  private final Tokenizer tokenizer;
  private final RowEncoder encoder;
  private final boolean learns;
  private final int maxLength;
  private final int vocabulary;
  private final int begin;
  private final int unknown;
  private final int marks;

  /**
   * A row as tokens. One that a model takes as several texts has their tokens one after the other.
   *
   * @param ids all of them, before the row is cut
   * @param learnt which are learnt; null where tokens are not what is learnt
   * @param joined whether a token holds the end of the prompt and the beginning of the completion
   * @param kept what is left when training has cut the row
   * @param trained which of those are learnt; null where tokens are not what is learnt
   */
  record Tokens(int[] ids, boolean[] learnt, boolean joined, int[] kept, boolean[] trained) {
    /** Of which the first are kept. */
    static Tokens beginning(int[] ids, boolean[] learnt, boolean joined, int most) {
      int kept = Math.min(ids.length, most);
      return new Tokens(ids, learnt, joined, Arrays.copyOf(ids, kept), learnt == null ? null : Arrays.copyOf(learnt, kept));
    }
  }

  /** Makes tokens of a row; {@code chosen} are templates that the thread has parsed, at first an empty map. */
  @FunctionalInterface
  interface RowEncoder {
    Tokens tokens(Example row, Map<Boolean, ChatTemplate> chosen);
  }

  private TokenView(Tokenizer tokenizer, RowEncoder encoder, boolean learns, int maxLength, int vocabulary,
      ChatTemplates templates) {
    this.tokenizer = tokenizer;
    this.encoder = encoder;
    this.learns = learns;
    this.maxLength = maxLength;
    this.vocabulary = vocabulary;
    Map<String, String> special = templates.specialTokens();
    String sources = String.join("\n", templates.sources().values());
    Encoding sample = tokenizer.encode("a", EncodeOptions.DEFAULT);
    this.begin = sample.size() > 0 && sample.specialTokensMask()[0] == 1 ? sample.id(0)
        : special.containsKey("bos_token") ? tokenizer.tokenId(special.get("bos_token")) : -1;
    this.unknown = special.containsKey("unk_token") ? tokenizer.tokenId(special.get("unk_token"))
        : Math.max(tokenizer.tokenId("[UNK]"), tokenizer.tokenId("<unk>"));
    this.marks = ChatMarks.known(mark -> tokenizer.tokenId(mark) >= 0 || sources.contains(mark));
  }

  private static int length(ModelConfig config, int said, int least, int usual) {
    if (said != 0 && (said < least || said > config.maxLength())) {
      throw new IllegalArgumentException("max_length must be from " + least + " to " + config.maxLength()
          + ", which is what the model takes, is " + said);
    }
    return said == 0 ? Math.min(usual, config.maxLength()) : said;
  }

  /**
   * As a classifier sees rows.
   *
   * @param file the model's {@code config.json}
   * @param directory of its tokenizer
   * @param maxLength tokens that a row is cut to, or 0 for the usual number
   */
  static TokenView classifier(Path file, Path directory, int maxLength) throws IOException {
    ModelConfig config = ModelLoader.configOf(file);
    int length = length(config, maxLength, 3, TextClassifier.usualLength(config.maxLength()));
    Tokenizer tokenizer = Tokenizer.load(directory);
    return new TokenView(tokenizer, (row, _) -> {
      String text = ((Example.Labelled) row).text();
      int[] ids = tokenizer.encode(text, EncodeOptions.DEFAULT).ids();
      return new Tokens(ids, null, false,
          ids.length <= length ? ids : tokenizer.encode(text, EncodeOptions.DEFAULT.withMaxLength(length)).ids(), null);
    }, false, length, config.vocabSize(), ChatTemplates.read(directory));
  }

  /**
   * As an embedding model sees the texts of rows, or texts with labels.
   *
   * @param settings which prompts stand before them
   */
  static TokenView embedder(Path file, Path directory, int maxLength, EmbeddingSettings settings) throws IOException {
    ModelConfig config = ModelLoader.configOf(file);
    length(config, maxLength, 3, EmbeddingEncoder.USUAL_LENGTH);
    EmbeddingEncoder texts = EmbeddingEncoder.of(EmbeddingTokenizer.read(directory, config.maxLength()), settings, maxLength);
    Tokenizer tokenizer = texts.texts().tokenizer();
    return new TokenView(tokenizer, (row, _) -> {
      List<String> all = row instanceof Example.Labelled(String text, String _) ? List.of(text) : ((Example.Related) row).texts();
      boolean scored = !(row instanceof Example.Related related) || !Double.isNaN(related.score()); // so are pairs of labels
      return new Tokens(joined(texts.uncut(all, scored)), null, false, joined(texts.tokens(all, scored)), null);
    }, false, texts.texts().maxLength(), config.vocabSize(), ChatTemplates.read(TextEmbedder.transformer(directory)));
  }

  /** As a reranker sees the pairs of a row. */
  static TokenView reranker(Path file, Path directory, int maxLength) throws IOException {
    ModelConfig config = ModelLoader.configOf(file);
    int length = length(config, maxLength, 4, TextReranker.USUAL_LENGTH);
    Tokenizer tokenizer = Tokenizer.load(directory);
    return new TokenView(tokenizer, (row, _) -> {
      List<String> texts = ((Example.Related) row).texts();
      List<int[]> all = new ArrayList<>();
      List<int[]> kept = new ArrayList<>();
      for (String document : texts.subList(1, texts.size())) {
        all.add(tokenizer.encode(texts.getFirst(), document, EncodeOptions.DEFAULT).ids());
        kept.add(tokenizer.encode(texts.getFirst(), document, EncodeOptions.DEFAULT.withMaxLength(length)).ids());
      }
      return new Tokens(joined(all), null, false, joined(kept), null);
    }, false, length, config.vocabSize(), ChatTemplates.read(directory));
  }

  /** As a tagger sees the windows of a text; the first token of each word is learnt. */
  static TokenView tagger(Path file, Path directory, int maxLength) throws IOException {
    ModelConfig config = ModelLoader.configOf(file);
    int length = length(config, maxLength, 8, TextTagger.USUAL_LENGTH);
    Tokenizer tokenizer = Tokenizer.load(directory);
    WordEncoder words = new WordEncoder(tokenizer, length);
    return new TokenView(tokenizer, (row, _) -> {
      Example.Tagged tagged = (Example.Tagged) row;
      List<WordEncoder.Window> windows = words.windows(tagged.text(), TextTagger.starts(tagged), TextTagger.ends(tagged));
      int[] ids = joined(windows.stream().map(WordEncoder.Window::tokens).toList());
      int[] first = joined(windows.stream().map(WordEncoder.Window::words).toList());
      boolean[] learnt = new boolean[ids.length];
      for (int i = 0; i < learnt.length; i++) {
        learnt[i] = first[i] >= 0;
      }
      return new Tokens(ids, learnt, false, ids, learnt);
    }, true, length, config.vocabSize(), ChatTemplates.read(directory));
  }

  /**
   * As a language model sees rows.
   *
   * @param encoder as training makes it
   */
  static TokenView language(LanguageEncoder encoder) {
    Tokenizer tokenizer = encoder.tokenizer();
    return new TokenView(tokenizer, (example, chosen) -> {
      if (example instanceof Example.Document(String text)) {
        int[] ids = tokenizer.encode(text, EncodeOptions.PLAIN).ids();
        boolean[] learnt = new boolean[ids.length];
        Arrays.fill(learnt, true);
        return Tokens.beginning(ids, learnt, false, ids.length);
      }
      LanguageEncoder.Row row = encoder.row((Example.Language) example, chosen);
      return Tokens.beginning(row.tokens(), row.learnt(), row.joined(), encoder.maxLength());
    }, true, encoder.maxLength(), encoder.vocabulary(), encoder.templates());
  }

  /** As a language model sees a prompt with each of its answers; the answers are compared. */
  static TokenView preferences(LanguageEncoder encoder) {
    PreferenceEncoder answers = new PreferenceEncoder(encoder, PreferenceLoss.SIGMOID, 1);
    return new TokenView(encoder.tokenizer(), (row, _) -> {
      PreferenceEncoder.Tokens tokens = answers.tokens((Example.Judged) row);
      List<int[]> all = new ArrayList<>();
      List<int[]> kept = new ArrayList<>();
      for (int[] answer : tokens.answers()) {
        int[] whole = Arrays.copyOf(tokens.prompt(), tokens.prompt().length + answer.length);
        System.arraycopy(answer, 0, whole, tokens.prompt().length, answer.length);
        all.add(whole);
        kept.add(answers.joined(tokens.prompt(), answer));
      }
      return new Tokens(joined(all), after(all, tokens.prompt().length), tokens.joined() > 0, joined(kept),
          after(kept, tokens.prompt().length));
    }, true, encoder.maxLength(), encoder.vocabulary(), encoder.templates());
  }

  private static int[] joined(List<int[]> parts) {
    return parts.stream().flatMapToInt(Arrays::stream).toArray();
  }

  /** Marks what follows the first tokens of each part. */
  private static boolean[] after(List<int[]> parts, int first) {
    boolean[] marked = new boolean[parts.stream().mapToInt(part -> part.length).sum()];
    int from = 0;
    for (int[] part : parts) {
      Arrays.fill(marked, from + Math.min(first, part.length), from + part.length, true);
      from += part.length;
    }
    return marked;
  }

  /**
   * A row as training sees it.
   *
   * @param chosen templates that this thread has parsed; at first an empty map
   * @throws ChatTemplateException if the chat template does not take the conversation
   * @throws IllegalArgumentException if nothing can be learnt of it as it is
   */
  Tokens tokens(Example example, Map<Boolean, ChatTemplate> chosen) {
    return encoder.tokens(example, chosen);
  }

  /** Why a row cannot be made tokens of, or an id that the model does not have; empty if nothing is wrong. */
  String problem(Example example) {
    try {
      for (int id : tokens(example, new HashMap<>()).ids()) {
        if (id >= vocabulary) {
          return "token '" + tokenizer.token(id) + "' has id " + id + ", the model has " + vocabulary + " ids";
        }
      }
      return "";
    } catch (ChatTemplateException | IllegalArgumentException e) {
      return e.getMessage();
    }
  }

  /** How many tokens a text has by itself, without any added around it. */
  int count(String text) {
    return tokenizer.encode(text, EncodeOptions.PLAIN).size();
  }

  Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Tokens that a row is cut to. */
  int maxLength() {
    return maxLength;
  }

  /** How many ids the model has. */
  int vocabulary() {
    return vocabulary;
  }

  /** The id that a row begins with, or -1. */
  int begin() {
    return begin;
  }

  /** The id that stands for what the vocabulary does not have, or -1. */
  int unknown() {
    return unknown;
  }

  /** The families of chat templates whose marks the model knows. */
  int marks() {
    return marks;
  }

  /** Whether tokens are what is learnt, not something of a text as a whole. */
  boolean learnsTokens() {
    return learns;
  }

  /** The pieces of text that tokens stand for, one each; empty where a character is not complete yet. */
  List<String> pieces(int[] ids) {
    DecodeStream stream = tokenizer.decodeStream(false);
    return Arrays.stream(ids).mapToObj(id -> stream.step(id).orElse("")).toList();
  }
}
