package dev.hone.tokenizer.training;

import dev.hone.tokenizer.definition.TokenizerException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;

/**
 * What is trained and how large it gets.
 *
 * @param vocabSize tokens in all, special ones and single characters included; fewer if the text runs out of pairs
 * @param minFrequency a pair that occurs less often is not merged; 2 for {@link TokenizerKind#UNIGRAM}, which merges nothing
 * @param specialTokens get the first ids, in this order; never found by cutting text
 * @param limitAlphabet keep only so many different characters, the most frequent ones; 0: all
 * @param maxTokenLength merge no pair into a token of so many characters or more, except two single ones; 0: no limit.
 *     {@link TokenizerKind#UNIGRAM}: the most characters of a piece; 0: 16
 * @param endOfWordSuffix marks the last character of a word, {@code </w>}; empty: none. For {@link TokenizerKind#BPE} only
 * @param lowercase whether {@link TokenizerKind#WORD_PIECE} lower-cases text and strips accents
 * @param threads threads that read text
 */
public record TrainingOptions(TokenizerKind kind, int vocabSize, long minFrequency, List<String> specialTokens,
    int limitAlphabet, int maxTokenLength, String endOfWordSuffix, boolean lowercase, int threads) {
  private static final int MAX_TOKENS = 1 << 24;

  /** Checks everything. */
  public TrainingOptions {
    Objects.requireNonNull(kind, "kind");
    specialTokens = List.copyOf(specialTokens);
    require(vocabSize > 0 && vocabSize <= MAX_TOKENS, "the vocabulary size must be 1 to " + MAX_TOKENS, vocabSize);
    require(minFrequency >= 0, "the minimum frequency must be >= 0", minFrequency);
    require(limitAlphabet >= 0, "the limit of the alphabet must be >= 0", limitAlphabet);
    require(maxTokenLength == 0 || maxTokenLength >= 2, "the maximum token length must be 0 or >= 2", maxTokenLength);
    require(threads > 0, "threads must be >= 1", threads);
    if (!endOfWordSuffix.isEmpty() && kind != TokenizerKind.BPE) {
      throw new TokenizerException("tokenizer training: an end-of-word suffix goes with " + TokenizerKind.BPE.label()
          + " only, not with " + kind.label());
    }
    if (specialTokens.contains("") || new HashSet<>(specialTokens).size() < specialTokens.size()) {
      throw new TokenizerException("tokenizer training: special tokens must be different and not empty, got " + specialTokens);
    }
    if (kind == TokenizerKind.UNIGRAM && (minFrequency != 2 || limitAlphabet != 0)) {
      throw new TokenizerException("tokenizer training: " + kind.label() + " counts no pairs and keeps all characters; leave the "
          + "minimum frequency at 2 and the alphabet without limit");
    }
    if (kind == TokenizerKind.UNIGRAM && !specialTokens.contains(Skeleton.UNKNOWN)) {
      throw new TokenizerException("tokenizer training: " + kind.label() + " needs " + Skeleton.UNKNOWN
          + " among the special tokens, got " + specialTokens);
    }
    if (kind == TokenizerKind.WORD_PIECE && !specialTokens.contains(Skeleton.WORD_PIECE_UNKNOWN)) {
      throw new TokenizerException("tokenizer training: WordPiece needs " + Skeleton.WORD_PIECE_UNKNOWN
          + " among the special tokens, got " + specialTokens);
    }
  }

  /** The usual options of a kind: every pair that occurs twice, no limits, all processors. */
  public static TrainingOptions of(TokenizerKind kind, int vocabSize) {
    return new TrainingOptions(kind, vocabSize, 2, kind.usualSpecialTokens(), 0, 0, "", true,
        Runtime.getRuntime().availableProcessors());
  }

  /** With another minimum frequency. */
  public TrainingOptions withMinFrequency(long least) {
    return new TrainingOptions(kind, vocabSize, least, specialTokens, limitAlphabet, maxTokenLength, endOfWordSuffix,
        lowercase, threads);
  }

  /** With other special tokens. */
  public TrainingOptions withSpecialTokens(List<String> tokens) {
    return new TrainingOptions(kind, vocabSize, minFrequency, tokens, limitAlphabet, maxTokenLength, endOfWordSuffix,
        lowercase, threads);
  }

  /** With a limited alphabet and token length, 0 for no limit. */
  public TrainingOptions withLimits(int alphabet, int tokenLength) {
    return new TrainingOptions(kind, vocabSize, minFrequency, specialTokens, alphabet, tokenLength, endOfWordSuffix,
        lowercase, threads);
  }

  /** With a mark at the end of words. */
  public TrainingOptions withEndOfWordSuffix(String suffix) {
    return new TrainingOptions(kind, vocabSize, minFrequency, specialTokens, limitAlphabet, maxTokenLength, suffix,
        lowercase, threads);
  }

  /** With or without lower-casing. */
  public TrainingOptions withLowercase(boolean lower) {
    return new TrainingOptions(kind, vocabSize, minFrequency, specialTokens, limitAlphabet, maxTokenLength, endOfWordSuffix,
        lower, threads);
  }

  /** With another number of threads. */
  public TrainingOptions withThreads(int n) {
    return new TrainingOptions(kind, vocabSize, minFrequency, specialTokens, limitAlphabet, maxTokenLength, endOfWordSuffix,
        lowercase, n);
  }

  private static void require(boolean holds, String rule, long value) {
    if (!holds) {
      throw new TokenizerException("tokenizer training: " + rule + ", got " + value);
    }
  }
}
