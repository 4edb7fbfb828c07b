package dev.hone.train.gguf;

import dev.hone.nn.ModelException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The WordPiece of a file of llama.cpp, where words begin with a sign for the space before them and what goes on has none. */
final class GgufWordPieceFile {
  /** What tokens are for, in the file and in {@code tokenizer_config.json}. */
  static final Map<String, String> ROLES = Map.of("bos", "cls", "seperator", "sep", "unknown", "unk", "padding", "pad", "mask",
      "mask");
  static final String SPACE = "\u2581";
  static final String GOES_ON = "##";
  /** Longer words are unknown; BERT's, which such files do not say. */
  static final int MAX_WORD = 100;
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String KEY = "tokenizer.ggml.";
  private static final int NORMAL = 1;

  private final Path path;
  private final Map<String, Object> metadata;
  private final List<String> tokens;
  private final int[] types;

  GgufWordPieceFile(Path path, Map<String, Object> metadata, List<String> tokens, int[] types) {
    this.path = path;
    this.metadata = metadata;
    this.tokens = tokens;
    this.types = types;
  }

  private boolean flag(String key, boolean otherwise) {
    return metadata.get(KEY + "normalizer." + key) instanceof Boolean flag ? flag : otherwise;
  }

  private int required(String role) {
    Object id = metadata.get(KEY + role + "_token_id");
    if (!(id instanceof Number number) || number.intValue() < 0 || number.intValue() >= tokens.size()) {
      throw new ModelException(path + ": " + KEY + role + "_token_id is " + id + ", and texts need that token");
    }
    return number.intValue();
  }

  private String word(int id) {
    String token = tokens.get(id);
    return types[id] != NORMAL ? token : token.startsWith(SPACE) ? token.substring(SPACE.length()) : GOES_ON + token;
  }

  /** Adds all but the added tokens to {@code tokenizer.json}. */
  ObjectNode tokenizer(ObjectNode tree) {
    boolean lower = flag("lowercase", true);
    tree.putObject("normalizer").put("type", "BertNormalizer").put("clean_text", true).put("handle_chinese_chars", true)
        .put("strip_accents", flag("strip_accents", lower)).put("lowercase", lower);
    tree.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    ends(tree);
    tree.putObject("decoder").put("type", "WordPiece").put("prefix", GOES_ON).put("cleanup", true);
    ObjectNode model = JSON.createObjectNode().put("type", "WordPiece").put("unk_token", word(required("unknown")))
        .put("continuing_subword_prefix", GOES_ON).put("max_input_chars_per_word", MAX_WORD);
    ObjectNode vocabulary = model.putObject("vocab");
    Map<String, String> before = new HashMap<>();
    for (int id = 0; id < types.length; id++) {
      String word = word(id);
      String other = before.put(word, tokens.get(id));
      if (other != null) {
        throw new ModelException(path + ": the tokens '" + other + "' and '" + tokens.get(id) + "' are both '" + word + "'");
      }
      vocabulary.put(word, id);
    }
    tree.set("model", model);
    return tree;
  }

  /** One token before every text and one behind it, as llama.cpp puts them whatever the file says. */
  private void ends(ObjectNode tree) {
    String first = word(required("bos"));
    String last = word(required("seperator"));
    ObjectNode stage = tree.putObject("post_processor").put("type", "TemplateProcessing");
    for (String kind : List.of("single", "pair")) {
      ArrayNode steps = stage.putArray(kind);
      steps.addObject().putObject("SpecialToken").put("id", first).put("type_id", 0);
      steps.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
      steps.addObject().putObject("SpecialToken").put("id", last).put("type_id", 0);
      if (kind.equals("pair")) {
        steps.addObject().putObject("Sequence").put("id", "B").put("type_id", 1);
        steps.addObject().putObject("SpecialToken").put("id", last).put("type_id", 1);
      }
    }
    ObjectNode special = stage.putObject("special_tokens");
    for (String role : List.of("bos", "seperator")) {
      String token = word(required(role));
      ObjectNode entry = special.putObject(token).put("id", token);
      entry.putArray("ids").add(required(role));
      entry.putArray("tokens").add(token);
    }
  }
}
