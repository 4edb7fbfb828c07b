package dev.hone.train.infer;

import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Encoding;
import dev.hone.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Turns texts into tokens as an embedding model takes them: small letters if its files say so, a prompt before each, cut at its
 * length. Needs no weights. Safe for several threads.
 */
public final class EmbeddingTokenizer {
  private final Tokenizer tokenizer;
  private final SentenceFiles files;
  private final int maxLength;

  EmbeddingTokenizer(Tokenizer tokenizer, SentenceFiles files, int longest) {
    this.tokenizer = tokenizer;
    this.files = files;
    this.maxLength = Math.min(files.maxLength(), longest);
  }

  /**
   * Reads the files of a model.
   *
   * @param directory of Hugging Face, with or without the files of sentence-transformers
   * @param longest how many tokens the model takes
   */
  public static EmbeddingTokenizer read(Path directory, int longest) throws IOException {
    SentenceFiles files = SentenceFiles.read(directory);
    return new EmbeddingTokenizer(Tokenizer.load(files.transformer()), files, longest);
  }

  /** This one with texts cut to another number of tokens, which the model must take. */
  public EmbeddingTokenizer withMaxLength(int tokens) {
    return new EmbeddingTokenizer(tokenizer, files.withMaxLength(tokens), tokens);
  }

  /** This one with other prompts, by name. */
  public EmbeddingTokenizer withPrompts(Map<String, String> prompts) {
    return new EmbeddingTokenizer(tokenizer, files.withPrompts(prompts), maxLength);
  }

  /**
   * The text of a prompt.
   *
   * @throws IllegalArgumentException if there is none of that name; the message names those that there are
   */
  public String prompt(String name) {
    String prompt = files.prompts().get(name);
    if (prompt == null) {
      throw new IllegalArgumentException("embed: the model has no prompt '" + name + "'; its prompts: "
          + SentenceFiles.names(files.prompts()));
    }
    return prompt;
  }

  /** Prompts by name. */
  public Map<String, String> prompts() {
    return files.prompts();
  }

  /** Tokens that a text is cut to. */
  public int maxLength() {
    return maxLength;
  }

  /**
   * Tokens of texts.
   *
   * @param prompt what is put before each; may be empty
   */
  public List<int[]> tokens(List<String> texts, String prompt) {
    return encode(texts, prompt, EncodeOptions.DEFAULT.withMaxLength(maxLength));
  }

  /**
   * Tokens of texts, however many they are.
   *
   * @param prompt what is put before each; may be empty
   */
  public List<int[]> uncut(List<String> texts, String prompt) {
    return encode(texts, prompt, EncodeOptions.DEFAULT);
  }

  private List<int[]> encode(List<String> texts, String prompt, EncodeOptions options) {
    List<String> written = texts.stream().map(text -> text == null ? null : prompt.isEmpty() ? text : prompt + text)
        .map(text -> text == null || !files.lowerCase() ? text : text.toLowerCase(Locale.ROOT))
        .collect(Collectors.toList()); // which may hold null, for the tokenizer to refuse
    return tokenizer.encodeAll(written, options).stream().map(Encoding::ids).toList();
  }

  /** The model's tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }
}
