package dev.hone.tokenizer.training;

import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.file.Definition;
import dev.hone.tokenizer.file.TokenizerJson;
import dev.hone.tokenizer.normalizer.Normalizer;
import dev.hone.tokenizer.pretokenizer.PreTokenizer;
import dev.hone.tokenizer.text.Pieces;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * Learns a tokenizer from text. The result is a {@code tokenizer.json} that Hugging Face's libraries load as well, with the
 * vocabulary, merges and scores that theirs would learn; the same text gives the same file, on any number of threads.
 *
 * {@snippet :
 * TrainingOptions options = TrainingOptions.of(TokenizerKind.BYTE_LEVEL_BPE, 32_000);
 * Tokenizer tokenizer = TokenizerTrainer.train(List.of(Path.of("text.txt")), options, TrainingListener.NONE);
 * tokenizer.save(Path.of("my-model"));
 * }
 */
public final class TokenizerTrainer {
  private final TrainingOptions options;
  private final TrainingListener listener;
  private final Skeleton skeleton;
  private final Definition stages;

  private TokenizerTrainer(TrainingOptions options, TrainingListener listener) {
    this.options = options;
    this.listener = listener;
    this.skeleton = new Skeleton(options);
    TokenList special = new TokenList();
    options.specialTokens().forEach(special::add);
    byte[] empty = options.kind() == TokenizerKind.UNIGRAM
        ? skeleton.json(options.specialTokens().stream().map(token -> new UnigramLearner.Piece(token, 0)).toList())
        : skeleton.json(special, List.of());
    this.stages = TokenizerJson.read(empty, "tokenizer training");
  }

  /**
   * Learns from UTF-8 files, line by line, line ends included. Memory grows with the distinct words, not with the text.
   *
   * @throws TokenizerException if a file is not UTF-8, or there is nothing to learn from
   * @throws IOException if a file cannot be read
   */
  public static Tokenizer train(List<Path> files, TrainingOptions options, TrainingListener listener) throws IOException {
    return new TokenizerTrainer(options, listener).learn(files);
  }

  /** Learns from texts, each of which is cut into words on its own. */
  public static Tokenizer train(Iterable<String> texts, TrainingOptions options) throws IOException {
    TokenizerTrainer trainer = new TokenizerTrainer(options, TrainingListener.NONE);
    Counter counter = trainer.new Counter();
    texts.forEach(counter::count);
    return trainer.learn(counter.words);
  }

  private Tokenizer learn(List<Path> files) throws IOException {
    List<WordCounts> counts;
    try (TextBlocks blocks = new TextBlocks(files, listener);
        ExecutorService readers = Executors.newFixedThreadPool(options.threads(), Thread.ofPlatform().daemon().factory())) {
      List<Future<WordCounts>> running =
          IntStream.range(0, options.threads()).mapToObj(i -> readers.submit(() -> count(blocks))).toList();
      counts = running.stream().map(TokenizerTrainer::result).toList();
    } catch (ReadFailure e) {
      throw e.cause;
    }
    WordCounts all = counts.getFirst();
    for (WordCounts more : counts.subList(1, counts.size())) {
      all.addAll(more);
    }
    return learn(all);
  }

  private static final class ReadFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient IOException cause;

    ReadFailure(IOException cause) {
      super(cause);
      this.cause = cause;
    }
  }

  private static WordCounts result(Future<WordCounts> reader) {
    try {
      return reader.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TokenizerException("tokenizer training: interrupted while reading", e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException io -> throw new ReadFailure(io);
        case RuntimeException r -> throw r;
        case Error error -> throw error;
        default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  private WordCounts count(TextBlocks blocks) throws IOException {
    Counter counter = new Counter();
    for (String block; (block = blocks.next()) != null; ) {
      for (int start = 0; start < block.length(); ) {
        int line = block.indexOf('\n', start);
        int end = line < 0 ? block.length() : line + 1;
        counter.count(block.substring(start, end));
        start = end;
      }
    }
    return counter.words;
  }

  /** Cuts text into words as the finished tokenizer will, and counts them. For one thread. */
  private final class Counter {
    private final Pieces pieces = new Pieces();
    private final WordCounts words = new WordCounts();

    void count(String text) {
      pieces.reset(text);
      Normalizer normalizer = stages.normalizer();
      PreTokenizer preTokenizer = stages.preTokenizer();
      if (normalizer != null) {
        pieces.rewrite(normalizer::normalize);
      }
      preTokenizer.apply(pieces);
      char[] chars = pieces.text().chars();
      for (int i = 0; i < pieces.count(); i++) {
        words.add(chars, pieces.start(i), pieces.end(i), 1);
      }
    }
  }

  private Tokenizer learn(WordCounts words) throws IOException {
    if (options.kind() == TokenizerKind.UNIGRAM) {
      byte[] json = skeleton.json(new UnigramLearner(words, options).run(listener));
      return Tokenizer.read(new ByteArrayInputStream(json), "trained tokenizer");
    }
    TokenList tokens = new TokenList();
    options.specialTokens().forEach(tokens::add);
    Alphabet alphabet = new Alphabet(words, skeleton.alphabet(), options.limitAlphabet(), skeleton.prefix(),
        options.endOfWordSuffix(), tokens);
    if (tokens.size() == options.specialTokens().size()) {
      throw new TokenizerException("tokenizer training: the text holds no words");
    }
    if (tokens.size() > options.vocabSize()) {
      throw new TokenizerException("tokenizer training: a vocabulary of " + options.vocabSize() + " has no room for "
          + options.specialTokens().size() + " special tokens and the " + (tokens.size() - options.specialTokens().size())
          + " single characters of the text; make it larger or limit the alphabet");
    }
    List<Long> merges = new MergeLearner(words, alphabet, tokens, skeleton.prefix(), options).run(listener);
    return Tokenizer.read(new ByteArrayInputStream(skeleton.json(tokens, merges)), "trained tokenizer");
  }
}
