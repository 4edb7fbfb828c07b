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
import dev.hone.train.infer.TextClassifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Rows as tokens, by the same encoders as in training. Safe for any number of threads. */
final class TokenView {
  private final Tokenizer tokenizer;
  private final LanguageEncoder language; // null: texts are classified
  private final int maxLength;
  private final int vocabulary;
  private final int begin;
  private final int unknown;
  private final int marks;

  /**
   * A row as tokens.
   *
   * @param ids all of them, before the row is cut
   * @param learnt which are learnt; null for a classifier, which learns none
   * @param joined whether a token holds the end of the prompt and the beginning of the completion
   */
  record Tokens(int[] ids, boolean[] learnt, boolean joined) {}

  private TokenView(Tokenizer tokenizer, LanguageEncoder language, int maxLength, int vocabulary, Map<String, String> special,
      String templates) {
    this.tokenizer = tokenizer;
    this.language = language;
    this.maxLength = maxLength;
    this.vocabulary = vocabulary;
    Encoding sample = tokenizer.encode("a", EncodeOptions.DEFAULT);
    this.begin = sample.size() > 0 && sample.specialTokensMask()[0] == 1 ? sample.id(0)
        : special.containsKey("bos_token") ? tokenizer.tokenId(special.get("bos_token")) : -1;
    this.unknown = special.containsKey("unk_token") ? tokenizer.tokenId(special.get("unk_token"))
        : Math.max(tokenizer.tokenId("[UNK]"), tokenizer.tokenId("<unk>"));
    this.marks = ChatMarks.known(mark -> tokenizer.tokenId(mark) >= 0 || templates.contains(mark));
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
    if (maxLength != 0 && (maxLength < 3 || maxLength > config.maxLength())) {
      throw new IllegalArgumentException("max_length must be from 3 to " + config.maxLength()
          + ", which is what the model takes, is " + maxLength);
    }
    ChatTemplates templates = ChatTemplates.read(directory);
    return new TokenView(Tokenizer.load(directory), null, maxLength == 0 ? TextClassifier.usualLength(config.maxLength())
        : maxLength,
        config.vocabSize(), templates.specialTokens(), String.join("\n", templates.sources().values()));
  }

  /**
   * As a language model sees rows.
   *
   * @param encoder as training makes it
   */
  static TokenView language(LanguageEncoder encoder) {
    return new TokenView(encoder.tokenizer(), encoder, encoder.maxLength(), encoder.vocabulary(),
        encoder.templates().specialTokens(), String.join("\n", encoder.templates().sources().values()));
  }

  /**
   * A row as training sees it before it is cut.
   *
   * @param chosen templates that this thread has parsed; at first an empty map
   * @throws ChatTemplateException if the chat template does not take the conversation
   * @throws IllegalArgumentException if nothing can be learnt of it as it is
   */
  Tokens tokens(Example example, Map<Boolean, ChatTemplate> chosen) {
    if (example instanceof Example.Labelled(String text, String _)) {
      return new Tokens(tokenizer.encode(text, EncodeOptions.DEFAULT).ids(), null, false);
    }
    if (example instanceof Example.Document(String text)) {
      int[] ids = tokenizer.encode(text, EncodeOptions.PLAIN).ids();
      boolean[] learnt = new boolean[ids.length];
      Arrays.fill(learnt, true);
      return new Tokens(ids, learnt, false);
    }
    LanguageEncoder.Row row = language.row((Example.Language) example, chosen);
    return new Tokens(row.tokens(), row.learnt(), row.joined());
  }

  /** The tokens of a row that are left when it is cut as training cuts it: of a text to classify, also what ends it. */
  int[] kept(Example example, int[] all) {
    return example instanceof Example.Document || all.length <= maxLength ? all
        : example instanceof Example.Labelled(String text, String _)
        ? tokenizer.encode(text, EncodeOptions.DEFAULT.withMaxLength(maxLength)).ids() : Arrays.copyOf(all, maxLength);
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

  boolean learnsTokens() {
    return language != null;
  }

  /** The pieces of text that tokens stand for, one each; empty where a character is not complete yet. */
  List<String> pieces(int[] ids) {
    DecodeStream stream = tokenizer.decodeStream(false);
    return Arrays.stream(ids).mapToObj(id -> stream.step(id).orElse("")).toList();
  }
}
