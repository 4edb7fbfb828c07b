package dev.hone.tokenizer;

import dev.hone.tokenizer.decoder.Decoder;
import dev.hone.tokenizer.definition.AddedToken;
import dev.hone.tokenizer.definition.Padding;
import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.definition.Truncation;
import dev.hone.tokenizer.file.Definition;
import dev.hone.tokenizer.file.TokenizerFile;
import dev.hone.tokenizer.file.TokenizerJson;
import dev.hone.tokenizer.postprocessor.PostProcessor;
import dev.hone.tokenizer.tokens.Cuts;
import dev.hone.tokenizer.tokens.EncodedTokens;
import dev.hone.tokenizer.tokens.TokenBuffer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Text to token ids and back, as a {@code tokenizer.json} defines it. Immutable and safe for any number
 * of threads.
 *
 * {@snippet :
 * Tokenizer tokenizer = Tokenizer.load(Path.of("model-directory"));
 * int[] ids = tokenizer.encode("Hello world").ids();
 * String text = tokenizer.decode(ids, true);
 * }
 *
 * <p>Truncation and padding that the file asks for are never applied unasked; see
 * {@link #fileTruncation()} and {@link #filePadding()}.
 */
public final class Tokenizer {
  private final String name;
  private final byte[] json;
  private final Definition definition;
  private final TokenNames names;
  private final Pipeline pipeline;

  private Tokenizer(String name, byte[] json) {
    this.name = name;
    this.json = json;
    this.definition = TokenizerJson.read(json, name);
    this.pipeline = new Pipeline(definition);
    this.names = pipeline.names();
  }

  /**
   * Reads a {@code tokenizer.json}, or the tokenizer of a model directory. Where that has no {@code tokenizer.json}, one is
   * made from {@code vocab.json} and {@code merges.txt} (byte-level BPE), a SentencePiece {@code .model},
   * {@code vocab.txt} (BERT) or a tiktoken file, and from the small files beside them.
   *
   * @throws TokenizerException if there is no tokenizer, or it cannot be used
   */
  public static Tokenizer load(Path fileOrDirectory) throws IOException {
    return new Tokenizer(fileOrDirectory.toString(), TokenizerFile.json(fileOrDirectory));
  }

  /**
   * Reads a {@code tokenizer.json} from a stream, for instance out of a jar; the stream stays open.
   *
   * @param name what errors call it
   */
  public static Tokenizer read(InputStream json, String name) throws IOException {
    return new Tokenizer(name, json.readAllBytes());
  }

  /**
   * Reads the text of a {@code tokenizer.json}.
   *
   * @param name what errors call it
   */
  public static Tokenizer parse(String json, String name) {
    return new Tokenizer(name, json.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * This tokenizer with more tokens, which are found in texts before anything else is done to them. Those that there are already
   * keep their ids; the others get the next ones.
   *
   * @param special whether a decoding that skips special tokens leaves them out
   */
  public Tokenizer withTokens(List<String> tokens, boolean special) {
    return new Tokenizer(name, TokenizerJson.withTokens(json, name, tokens.stream().filter(token -> names.id(token) < 0)
        .distinct().toList(), names.idBound(), special));
  }

  /**
   * Writes the {@code tokenizer.json} this tokenizer was read from, byte for byte, or that was made from its files or for more
   * tokens.
   */
  public void save(Path file) throws IOException {
    Path target = Files.isDirectory(file) ? file.resolve("tokenizer.json") : file;
    Path beside = Files.createTempFile(target.toAbsolutePath().getParent(), ".tokenizer", ".part");
    try {
      Files.write(beside, json);
      Files.move(beside, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  /** The tokens of a text, with special tokens, without truncation. */
  public Encoding encode(String text) {
    return encode(text, EncodeOptions.DEFAULT);
  }

  /** The tokens of a text. */
  public Encoding encode(String text, EncodeOptions options) {
    Pipeline.Desk desk = pipeline.take();
    encode(text, desk, 0, -1, options);
    return finish(desk, false, options);
  }

  /** The tokens of a pair of texts, such as a question and its context. */
  public Encoding encode(String first, String second, EncodeOptions options) {
    Pipeline.Desk desk = pipeline.take();
    encode(first, desk, 0, -1, options);
    encode(second, desk, 1, -1, options);
    return finish(desk, true, options);
  }

  /** The tokens of a text that is split into words already; ranges are relative to their word. */
  public Encoding encodeWords(List<String> words, EncodeOptions options) {
    Pipeline.Desk desk = pipeline.take();
    for (int i = 0; i < words.size(); i++) {
      encode(words.get(i), desk, 0, i, options);
    }
    return finish(desk, false, options);
  }

  /**
   * The tokens of many texts, in their order, on all processors.
   *
   * @see #encodeAll(List, EncodeOptions, int)
   */
  public List<Encoding> encodeAll(List<String> texts, EncodeOptions options) {
    return encodeAll(texts, options, Runtime.getRuntime().availableProcessors());
  }

  /** The tokens of many texts, in their order, on the given number of threads. */
  public List<Encoding> encodeAll(List<String> texts, EncodeOptions options, int threads) {
    return new ParallelEncoding(this, texts, options).run(threads);
  }

  private void encode(String text, Pipeline.Desk desk, int sequence, int word, EncodeOptions options) {
    if (text == null) {
      throw new IllegalArgumentException("encode: the text is null");
    }
    TokenBuffer out = desk.buffers[sequence];
    Truncation cut = options.truncation().orElse(null);
    if (cut == null || cut.readsAll(sequence)) {
      pipeline.encode(text, desk, out, word, Integer.MAX_VALUE, false);
    } else {
      pipeline.encode(text, desk, out, word, cut.maxLength(), cut.side() == Truncation.Side.LEFT);
    }
  }

  private Encoding finish(Pipeline.Desk desk, boolean pair, EncodeOptions options) {
    PostProcessor post = definition.postProcessor();
    boolean special = options.addSpecialTokens();
    TokenBuffer[] buffers = desk.buffers;
    int first = buffers[0].count;
    int second = pair ? buffers[1].count : -1;
    Cuts[] cuts = options.truncation().isPresent()
        ? Cuts.of(first, second, options.truncation().get(), special ? post.added(pair) : 0)
        : pair ? new Cuts[] {Cuts.whole(first), Cuts.whole(second)} : new Cuts[] {Cuts.whole(first)};
    EncodedTokens tokens = EncodedTokens.assemble(special ? post.order(pair) : post.orderWithoutSpecial(pair),
        buffers, cuts, post.trims(), names::modelToken);
    pipeline.giveBack(desk);
    return new Encoding(tokens, names::modelToken);
  }

  /**
   * The text of token ids.
   *
   * @param ids token ids; those the tokenizer does not know are left out
   * @param skipSpecialTokens whether special tokens are left out too
   */
  public String decode(int[] ids, boolean skipSpecialTokens) {
    List<String> tokens = new ArrayList<>(ids.length);
    for (int id : ids) {
      String token = names.token(id);
      if (token != null && !(skipSpecialTokens && names.isSpecial(token))) {
        tokens.add(token);
      }
    }
    Decoder decoder = definition.decoder();
    return decoder == null ? String.join(" ", tokens) : String.join("", decoder.decode(tokens));
  }

  /** A decoder that is fed one id after the other, as a model generates them. */
  public DecodeStream decodeStream(boolean skipSpecialTokens) {
    return new DecodeStream(this, skipSpecialTokens);
  }

  /** The id of a token, or -1 if there is no such token. */
  public int tokenId(String token) {
    return names.id(token);
  }

  /** The text of a token, or null if no token has this id. */
  public String token(int id) {
    return names.token(id);
  }

  /**
   * The bytes that a token stands for where they need not be whole characters: those of byte-level tokens and of bytes such as
   * {@code <0x0A>}. Null for other tokens, whose texts depend on their neighbours.
   */
  public byte[] tokenBytes(int id) {
    String token = names.modelToken(id);
    Decoder decoder = definition.decoder();
    return token == null || decoder == null || names.isAdded(id) ? null : decoder.bytes(token);
  }

  /** Number of tokens, added ones included. */
  public int vocabSize() {
    return names.size();
  }

  /** One more than the largest id: the rows an embedding needs at least. */
  public int idBound() {
    return names.idBound();
  }

  /** Number of tokens of the model alone. */
  public int modelVocabSize() {
    return definition.model().vocabulary().count();
  }

  /** The added tokens, special ones and others. */
  public List<AddedToken> addedTokens() {
    return definition.addedTokens();
  }

  /** The truncation the file asks for. It is not applied unless you pass it on. */
  public Optional<Truncation> fileTruncation() {
    return Optional.ofNullable(definition.truncation());
  }

  /** The padding the file asks for. It is not applied unless you do. */
  public Optional<Padding> filePadding() {
    return Optional.ofNullable(definition.padding());
  }

  /** What errors call this tokenizer: the file it was read from. */
  public String name() {
    return name;
  }

  @Override
  public String toString() {
    return "Tokenizer[" + name + ", " + vocabSize() + " tokens]";
  }
}
