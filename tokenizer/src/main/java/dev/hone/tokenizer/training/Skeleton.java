package dev.hone.tokenizer.training;

import dev.hone.tokenizer.file.DefinitionWriter;
import dev.hone.tokenizer.text.ByteChars;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * The {@code tokenizer.json} of a kind of tokenizer: the stages around the model are known before anything is learnt,
 * vocabulary and merges are put in afterwards.
 */
final class Skeleton {
  static final String WORD_PIECE_UNKNOWN = "[UNK]";
  static final String UNKNOWN = "<unk>";
  private static final String INSIDE = "##";

  private final TrainingOptions options;

  Skeleton(TrainingOptions options) {
    this.options = options;
  }

  /** What is put before characters inside a word. */
  String prefix() {
    return options.kind() == TokenizerKind.WORD_PIECE ? INSIDE : "";
  }

  /** Characters that are tokens whether they occur or not. */
  Collection<Integer> alphabet() {
    List<Integer> all = new ArrayList<>();
    if (options.kind() == TokenizerKind.BYTE_LEVEL_BPE) {
      for (int b = 0; b < 256; b++) {
        all.add((int) ByteChars.of(b));
      }
    }
    return all;
  }

  /** The file's bytes. */
  byte[] json(TokenList tokens, List<Long> merges) {
    DefinitionWriter out = new DefinitionWriter();
    List<String> special = options.specialTokens();
    special.forEach(token -> out.addSpecialToken(tokens.id(token), token));
    switch (options.kind()) {
      case BYTE_LEVEL_BPE -> {
        out.preTokenizers(List.of(DefinitionWriter.byteLevel(false, true, true)));
        out.postProcessors(List.of(DefinitionWriter.byteLevel(false, false, true)));
        out.decoders(List.of(DefinitionWriter.byteLevel(true, true, true)));
        out.bpe(tokens.texts(), texts(tokens, merges), null, null, false, false, false);
      }
      case UNIGRAM -> throw new IllegalStateException("Unigram has pieces, no merges");
      case BPE -> {
        out.preTokenizers(List.of(DefinitionWriter.type("Whitespace")));
        String suffix = options.endOfWordSuffix().isEmpty() ? null : options.endOfWordSuffix();
        if (suffix != null) {
          out.decoders(List.of(DefinitionWriter.type("BPEDecoder").put("suffix", suffix)));
        }
        out.bpe(tokens.texts(), texts(tokens, merges), special.contains(UNKNOWN) ? UNKNOWN : null, suffix, false, false,
            false);
      }
      case WORD_PIECE -> {
        out.normalizers(List.of(DefinitionWriter.bertNormalizer(options.lowercase(), true, null)));
        out.preTokenizers(List.of(DefinitionWriter.type("BertPreTokenizer")));
        if (special.containsAll(List.of("[CLS]", "[SEP]"))) {
          out.postProcessors(List.of(DefinitionWriter.template("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1",
              Map.of("[CLS]", tokens.id("[CLS]"), "[SEP]", tokens.id("[SEP]")))));
        }
        out.decoders(List.of(DefinitionWriter.type("WordPiece").put("prefix", INSIDE).put("cleanup", true)));
        out.wordPiece(tokens.texts(), WORD_PIECE_UNKNOWN);
      }
    }
    return out.bytes();
  }

  /** The file's bytes of a Unigram tokenizer. */
  byte[] json(List<UnigramLearner.Piece> pieces) {
    DefinitionWriter out = new DefinitionWriter();
    List<String> special = options.specialTokens();
    for (int id = 0; id < special.size(); id++) {
      out.addSpecialToken(id, special.get(id));
    }
    out.normalizers(List.of(DefinitionWriter.type("Nmt"), DefinitionWriter.type("NFKC"),
        DefinitionWriter.replace("Regex", " {2,}", " ")));
    out.preTokenizers(List.of(DefinitionWriter.metaspace("always", true)));
    out.decoders(List.of(DefinitionWriter.metaspace("always", true)));
    out.unigram(pieces.stream().map(UnigramLearner.Piece::text).toList(),
        pieces.stream().map(UnigramLearner.Piece::score).toList(), special.indexOf(UNKNOWN));
    return out.bytes();
  }

  private static List<String> texts(TokenList tokens, List<Long> merges) {
    List<String> out = new ArrayList<>(2 * merges.size());
    for (long pair : merges) {
      out.add(tokens.text(PairCounts.left(pair)));
      out.add(tokens.text(PairCounts.right(pair)));
    }
    return out;
  }
}
