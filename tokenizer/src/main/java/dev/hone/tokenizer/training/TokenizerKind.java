package dev.hone.tokenizer.training;

import java.util.List;

/** The kinds of tokenizer that can be trained: how text is cut into words, and how words become tokens. */
public enum TokenizerKind {
  /** GPT-2's: words, numbers and symbols with the space before them, as bytes. Nothing is ever unknown. */
  BYTE_LEVEL_BPE("byte-level-bpe", List.of("<|endoftext|>")),
  /** Words and runs of symbols without white space, as characters; {@code <unk>} for those never seen. */
  BPE("bpe", List.of("<unk>")),
  /** BERT's: words and single punctuation characters, {@code ##} inside a word, {@code [UNK]} for what cannot be cut. */
  WORD_PIECE("wordpiece", List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")),
  /** SentencePiece's: pieces of words with the space before them as {@code ▁}, cut where it is most probable. */
  UNIGRAM("unigram", List.of("<unk>"));

  private final String label;
  private final List<String> usualTokens;

  TokenizerKind(String label, List<String> usualTokens) {
    this.label = label;
    this.usualTokens = usualTokens;
  }

  /** What the command line calls it. */
  public String label() {
    return label;
  }

  /** The special tokens it has unless others are named. */
  public List<String> usualSpecialTokens() {
    return usualTokens;
  }
}
