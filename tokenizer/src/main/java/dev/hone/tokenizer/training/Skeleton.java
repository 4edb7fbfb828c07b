package dev.hone.tokenizer.training;

import dev.hone.tokenizer.text.ByteChars;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The {@code tokenizer.json} of a kind of tokenizer: the stages around the model are known before anything is learnt,
 * vocabulary and merges are put in afterwards.
 */
final class Skeleton {
  static final String WORD_PIECE_UNKNOWN = "[UNK]";
  private static final String BPE_UNKNOWN = "<unk>";
  private static final String INSIDE = "##";
  private static final int LONGEST_WORD = 100;
  private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

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
    if (options.kind() == TokenizerKind.BYTE_LEVEL_BPE) for (int b = 0; b < 256; b++) all.add((int) ByteChars.of(b));
    return all;
  }

  /** The file's bytes. */
  byte[] json(TokenList tokens, List<Long> merges) {
    ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (String special : options.specialTokens()) {
      added.addObject().put("id", tokens.id(special)).put("content", special).put("single_word", false)
          .put("lstrip", false).put("rstrip", false).put("normalized", false).put("special", true);
    }
    switch (options.kind()) {
      case BYTE_LEVEL_BPE -> byteLevel(root);
      case BPE -> words(root);
      case WORD_PIECE -> bert(root, tokens);
    }
    model(root.putObject("model"), tokens, merges);
    return JSON.writeValueAsBytes(root);
  }

  private static void byteLevel(ObjectNode root) {
    root.putNull("normalizer");
    root.putObject("pre_tokenizer").put("type", "ByteLevel").put("add_prefix_space", false).put("trim_offsets", true)
        .put("use_regex", true);
    root.putObject("post_processor").put("type", "ByteLevel").put("add_prefix_space", false).put("trim_offsets", false)
        .put("use_regex", true);
    root.putObject("decoder").put("type", "ByteLevel").put("add_prefix_space", true).put("trim_offsets", true)
        .put("use_regex", true);
  }

  private void words(ObjectNode root) {
    root.putNull("normalizer");
    root.putObject("pre_tokenizer").put("type", "Whitespace");
    root.putNull("post_processor");
    if (options.endOfWordSuffix().isEmpty()) root.putNull("decoder");
    else root.putObject("decoder").put("type", "BPEDecoder").put("suffix", options.endOfWordSuffix());
  }

  private void bert(ObjectNode root, TokenList tokens) {
    root.putObject("normalizer").put("type", "BertNormalizer").put("clean_text", true).put("handle_chinese_chars", true)
        .putNull("strip_accents").put("lowercase", options.lowercase());
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    if (options.specialTokens().containsAll(List.of("[CLS]", "[SEP]"))) {
      ObjectNode post = root.putObject("post_processor").put("type", "BertProcessing");
      post.putArray("sep").add("[SEP]").add(tokens.id("[SEP]"));
      post.putArray("cls").add("[CLS]").add(tokens.id("[CLS]"));
    } else {
      root.putNull("post_processor");
    }
    root.putObject("decoder").put("type", "WordPiece").put("prefix", INSIDE).put("cleanup", true);
  }

  private void model(ObjectNode model, TokenList tokens, List<Long> merges) {
    if (options.kind() == TokenizerKind.WORD_PIECE) {
      model.put("type", "WordPiece").put("unk_token", WORD_PIECE_UNKNOWN).put("continuing_subword_prefix", INSIDE)
          .put("max_input_chars_per_word", LONGEST_WORD);
    } else {
      boolean unknown = options.kind() == TokenizerKind.BPE && options.specialTokens().contains(BPE_UNKNOWN);
      model.put("type", "BPE").putNull("dropout").put("unk_token", unknown ? BPE_UNKNOWN : null)
          .putNull("continuing_subword_prefix")
          .put("end_of_word_suffix", options.endOfWordSuffix().isEmpty() ? null : options.endOfWordSuffix())
          .put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
    }
    ObjectNode vocabulary = model.putObject("vocab");
    for (int id = 0; id < tokens.size(); id++) vocabulary.put(tokens.text(id), id);
    if (options.kind() == TokenizerKind.WORD_PIECE) return;
    ArrayNode pairs = model.putArray("merges");
    for (long pair : merges) {
      pairs.addArray().add(tokens.text(PairCounts.left(pair))).add(tokens.text(PairCounts.right(pair)));
    }
  }
}
