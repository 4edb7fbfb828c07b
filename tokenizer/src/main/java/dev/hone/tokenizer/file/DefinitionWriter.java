package dev.hone.tokenizer.file;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a {@code tokenizer.json} for tokenizers that do not come as one: trained ones and those of older files. A stage
 * that is not set is null in the file.
 */
public final class DefinitionWriter {
  private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final String VISIBLE_SPACE = "\u2581";
  /** Our own mark of a charsmap that comes from SentencePiece's file; other readers of a tokenizer.json pass over it. */
  static final String LONGEST_PREFIX = "longest_prefix";
  /** Marks a model whose scores are in single precision. */
  static final String SINGLE_PRECISION = "single_precision";

  private final ObjectNode root = JSON.createObjectNode().put("version", "1.0");
  private final ArrayNode addedTokens;

  /** A file without tokens and stages. */
  public DefinitionWriter() {
    root.putNull("truncation").putNull("padding");
    addedTokens = root.putArray("added_tokens");
    for (String stage : List.of("normalizer", "pre_tokenizer", "post_processor", "decoder")) {
      root.putNull(stage);
    }
  }

  /** The file's bytes. */
  public byte[] bytes() {
    // What the vocabulary does not know is numbered in this order.
    List<JsonNode> sorted = addedTokens.valueStream().sorted(Comparator.comparingInt(t -> t.get("id").intValue())).toList();
    addedTokens.removeAll();
    addedTokens.addAll(sorted);
    return JSON.writeValueAsBytes(root);
  }

  /** Adds a token that is found in text before any stage runs. */
  public void addSpecialToken(int id, String content) {
    addToken(id, content, JSON.createObjectNode().put("special", true));
  }

  /** Adds a token with the options lstrip, rstrip, single_word, normalized and special, absent ones false. */
  void addToken(int id, String content, JsonNode options) {
    ObjectNode token = addedTokens.addObject().put("id", id).put("content", content);
    for (String option : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
      token.put(option, options.path(option).asBoolean(false));
    }
  }

  /** Sets the normaliser; several run one after the other. */
  public void normalizers(List<ObjectNode> steps) {
    stage("normalizer", "normalizers", steps);
  }

  /** Sets the pre-tokeniser. */
  public void preTokenizers(List<ObjectNode> steps) {
    stage("pre_tokenizer", "pretokenizers", steps);
  }

  /** Sets the post-processor. */
  public void postProcessors(List<ObjectNode> steps) {
    stage("post_processor", "processors", steps);
  }

  /** Sets the decoder. */
  public void decoders(List<ObjectNode> steps) {
    stage("decoder", "decoders", steps);
  }

  private void stage(String field, String list, List<ObjectNode> steps) {
    if (steps.size() == 1) {
      root.set(field, steps.getFirst());
    } else if (steps.size() > 1) {
      root.putObject(field).put("type", "Sequence").putArray(list).addAll(steps);
    }
  }

  /** A stage of a type that needs no options, or begins with it. */
  public static ObjectNode type(String type) {
    return JSON.createObjectNode().put("type", type);
  }

  /** GPT-2's stage, which goes by the same name as pre-tokeniser, post-processor and decoder. */
  public static ObjectNode byteLevel(boolean addPrefixSpace, boolean trimOffsets, boolean useRegex) {
    return type("ByteLevel").put("add_prefix_space", addPrefixSpace).put("trim_offsets", trimOffsets).put("use_regex", useRegex);
  }

  /** BERT's normaliser; stripAccents null: as lower-casing goes. */
  public static ObjectNode bertNormalizer(boolean lowercase, boolean chineseCharacters, Boolean stripAccents) {
    return type("BertNormalizer").put("clean_text", true).put("handle_chinese_chars", chineseCharacters)
        .put("strip_accents", stripAccents).put("lowercase", lowercase);
  }

  /** RoBERTa's special tokens, ranges without white space. */
  static ObjectNode roberta(String cls, int clsId, String sep, int sepId, boolean addPrefixSpace) {
    ObjectNode post = type("RobertaProcessing");
    post.putArray("sep").add(sep).add(sepId);
    post.putArray("cls").add(cls).add(clsId);
    return post.put("trim_offsets", true).put("add_prefix_space", addPrefixSpace);
  }

  /** A pre-tokeniser that keeps what a regular expression finds as pieces. */
  static ObjectNode splitRegex(String regex) {
    ObjectNode split = type("Split");
    split.putObject("pattern").put("Regex", regex);
    return split.put("behavior", "Isolated").put("invert", false);
  }

  /** Normaliser or decoder that replaces a text, or what a regular expression finds. */
  public static ObjectNode replace(String kind, String pattern, String content) {
    ObjectNode replace = type("Replace");
    replace.putObject("pattern").put(kind, pattern);
    return replace.put("content", content);
  }

  /** Spaces made visible, as pre-tokeniser and decoder. */
  public static ObjectNode metaspace(String prependScheme, boolean split) {
    return type("Metaspace").put("replacement", VISIBLE_SPACE).put("prepend_scheme", prependScheme).put("split", split);
  }

  /** The decoders of visible spaces and byte tokens. */
  static List<ObjectNode> sentencePieceDecoders(boolean dummyPrefix) {
    ObjectNode strip = type("Strip").put("content", " ").put("start", dummyPrefix ? 1 : 0).put("stop", 0);
    return List.of(replace("String", VISIBLE_SPACE, " "), type("ByteFallback"), type("Fuse"), strip);
  }

  /** The post-processor of a template such as "[CLS] $A [SEP]"; a token's id is looked up in the map. */
  public static ObjectNode template(String single, String pair, Map<String, Integer> ids) {
    ObjectNode template = type("TemplateProcessing");
    Set<String> used = new LinkedHashSet<>();
    pieces(template.putArray("single"), single, used);
    pieces(template.putArray("pair"), pair, used);
    ObjectNode special = template.putObject("special_tokens");
    for (String token : used) {
      ObjectNode entry = special.putObject(token).put("id", token);
      entry.putArray("ids").add(ids.get(token));
      entry.putArray("tokens").add(token);
    }
    return template;
  }

  private static void pieces(ArrayNode out, String template, Set<String> used) {
    for (String piece : template.strip().split(" +")) {
      int colon = piece.length() - 2;
      boolean typed = colon > 0 && piece.charAt(colon) == ':';
      String name = typed ? piece.substring(0, colon) : piece;
      boolean sequence = name.equals("$A") || name.equals("$B");
      out.addObject().putObject(sequence ? "Sequence" : "SpecialToken").put("id", sequence ? name.substring(1) : name)
          .put("type_id", typed ? piece.charAt(colon + 1) - '0' : 0);
      if (!sequence) {
        used.add(name);
      }
    }
  }

  /**
   * Sets a BPE model.
   *
   * @param tokens in the order of their ids; null where an id has none
   * @param merges left and right token in turn
   */
  public void bpe(List<String> tokens, List<String> merges, String unknownToken, String endSuffix, boolean fuseUnknown,
      boolean byteFallback, boolean ignoreMerges) {
    ObjectNode model = root.putObject("model").put("type", "BPE").putNull("dropout").put("unk_token", unknownToken)
        .putNull("continuing_subword_prefix").put("end_of_word_suffix", endSuffix).put("fuse_unk", fuseUnknown)
        .put("byte_fallback", byteFallback).put("ignore_merges", ignoreMerges);
    vocabulary(model, tokens);
    ArrayNode pairs = model.putArray("merges");
    for (int i = 0; i < merges.size(); i += 2) {
      pairs.addArray().add(merges.get(i)).add(merges.get(i + 1));
    }
  }

  /** Sets a WordPiece model. */
  public void wordPiece(List<String> tokens, String unknownToken) {
    vocabulary(root.putObject("model").put("type", "WordPiece").put("unk_token", unknownToken)
        .put("continuing_subword_prefix", "##").put("max_input_chars_per_word", 100), tokens);
  }

  /** Sets a Unigram model of SentencePiece; scores by id. */
  void unigram(List<String> tokens, List<Float> scores, int unknownId, boolean byteFallback) {
    pieces(tokens, scores, unknownId, byteFallback).put(SINGLE_PRECISION, true);
  }

  /** Sets a Unigram model; scores by id. */
  public void unigram(List<String> tokens, List<Double> scores, int unknownId) {
    pieces(tokens, scores, unknownId, false);
  }

  private ObjectNode pieces(List<String> tokens, List<? extends Number> scores, int unknownId, boolean byteFallback) {
    ObjectNode model = root.putObject("model").put("type", "Unigram").put("unk_id", unknownId).put("byte_fallback", byteFallback);
    ArrayNode pieces = model.putArray("vocab");
    for (int i = 0; i < tokens.size(); i++) {
      pieces.addArray().add(tokens.get(i)).add(scores.get(i).doubleValue());
    }
    return model;
  }

  private static void vocabulary(ObjectNode model, List<String> tokens) {
    ObjectNode vocabulary = model.putObject("vocab");
    for (int id = 0; id < tokens.size(); id++) {
      if (tokens.get(id) != null) {
        vocabulary.put(tokens.get(id), id);
      }
    }
  }
}
