package dev.hone.tokenizer.file;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.text.Excerpt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Finds the tokenizer of a model directory, whichever form it has, and turns it into the form everything else works
 * with, {@code tokenizer.json}. Files of other forms do not say all that matters; what is missing comes from the small files
 * beside them and from the rules of the model's family.
 */
public final class TokenizerFile {
  private static final long LARGEST = 256L << 20;
  private static final List<String> SENTENCE_PIECE = List.of("tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
      "sentencepiece.model", "spm.model", "source.spm");

  private TokenizerFile() {}

  /**
   * The bytes of the {@code tokenizer.json}: that of a directory or file, or one made from {@code vocab.json} and
   * {@code merges.txt}, {@code vocab.txt}, a SentencePiece {@code .model} or {@code .spm}, Mistral's {@code tekken.json} or a
   * tiktoken file.
   *
   * @throws TokenizerException if there is none, or it cannot be used
   */
  public static byte[] json(Path fileOrDirectory) throws IOException {
    Path file = Files.isDirectory(fileOrDirectory) ? find(fileOrDirectory) : fileOrDirectory;
    String name = file.getFileName().toString();
    Path directory = file.toAbsolutePath().getParent();
    if (name.equals("vocab.json") || name.equals("merges.txt")) {
      return ByteLevelPair.json(directory);
    }
    if (name.endsWith(".txt")) {
      return WordPieceList.json(file, new DirectorySettings(directory));
    }
    if (name.endsWith(".tiktoken")) {
      return TiktokenFile.json(file, new DirectorySettings(directory));
    }
    if (name.equals("source.spm") && Files.exists(directory.resolve("vocab.json"))) {
      throw new TokenizerException(file
          + ": Marian's translation models take the ids from vocab.json beside it, which has tokens of "
          + "two models; such a tokenizer is not supported, save it as tokenizer.json");
    }
    if (name.contains("tekken") && name.endsWith(".json")) {
      return TekkenFile.json(file, bytes(file), new DirectorySettings(directory));
    }
    if (!name.endsWith(".model") && !name.endsWith(".spm")) {
      return bytes(file);
    }
    // Llama 3 calls its tiktoken file tokenizer.model as well.
    byte[] content = bytes(file);
    DirectorySettings settings = new DirectorySettings(directory);
    return TiktokenFile.isOne(content) ? TiktokenFile.json(file, settings)
        : new SentencePieceConversion(SentencePieceFile.read(content, file.toString()), settings, file.toString()).json();
  }

  private static Path find(Path directory) throws IOException {
    List<String> names = new ArrayList<>(List.of("tokenizer.json", "tekken.json"));
    if (Files.exists(directory.resolve("merges.txt"))) {
      names.add("vocab.json");
    }
    names.addAll(SENTENCE_PIECE);
    names.addAll(List.of("vocab.txt", "tiktoken.model"));
    for (String name : names) {
      if (Files.exists(directory.resolve(name))) {
        return directory.resolve(name);
      }
    }
    List<Path> tiktoken = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*.tiktoken")) {
      found.forEach(tiktoken::add);
    }
    if (!tiktoken.isEmpty()) {
      return Collections.min(tiktoken);
    }
    throw new TokenizerException(directory
        + ": no tokenizer; looked for tokenizer.json, tekken.json, vocab.json with merges.txt, "
        + String.join(", ", SENTENCE_PIECE) + ", vocab.txt, tiktoken.model, *.tiktoken");
  }

  /** The bytes of a file of a size that a tokenizer may have. */
  static byte[] bytes(Path file) throws IOException {
    long size = Files.size(file);
    if (size > LARGEST) {
      throw new TokenizerException(file + ": " + size + " bytes; a tokenizer file may have " + LARGEST);
    }
    return Files.readAllBytes(file);
  }

  /** The lines of a UTF-8 file. Only the line feed ends one (and a carriage return before it), so that no token is cut. */
  static List<String> lines(Path file) throws IOException {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes(file))).toString();
    } catch (CharacterCodingException e) {
      throw new TokenizerException(file + ": not UTF-8", e);
    }
    List<String> lines = new ArrayList<>();
    for (int start = 0; start < text.length(); ) {
      int feed = text.indexOf('\n', start);
      int end = feed < 0 ? text.length() : feed;
      lines.add(text.substring(start, end > start && text.charAt(end - 1) == '\r' ? end - 1 : end));
      start = end + 1;
    }
    return lines;
  }

  /** Puts a token into a list by its id, which may be beyond the end. */
  static void place(List<String> tokens, int id, String token, Path file) {
    if (id < 0 || id >= 1 << 24) {
      throw new TokenizerException(file + ": token \"" + Excerpt.of(token) + "\" has id " + id + ", allowed are 0 to "
          + ((1 << 24) - 1));
    }
    while (tokens.size() <= id) {
      tokens.add(null);
    }
    String other = tokens.set(id, token);
    if (other == null) {
      return;
    }
    throw new TokenizerException(file + ": id " + id + " belongs to both \"" + Excerpt.of(other) + "\" and \""
        + Excerpt.of(token) + "\"");
  }

  /** The id of a token that a rule of the family needs. */
  static int require(List<String> tokens, String token, Path file) {
    int id = tokens.indexOf(token);
    if (id < 0) {
      throw new TokenizerException(file + ": the special token \"" + Excerpt.of(token) + "\" is not in the vocabulary");
    }
    return id;
  }
}
