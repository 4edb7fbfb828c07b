package dev.hone.train.gguf;

import dev.hone.nn.ModelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The tokenizer of a file of llama.cpp as {@code tokenizer.json}: byte-level BPE, or SentencePiece's BPE, whose scores become an
 * order of merges, or WordPiece. What llama.cpp does to text is what is done here; a rule that is not known is refused.
 */
final class GgufTokenizerFile {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String KEY = "tokenizer.ggml.";
  private static final String SPACE = "\u2581";
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER = 4;
  private static final int BYTE = 6;
  private static final int NORMAL = 1;
  private static final Set<String> ENDS = Set.of("<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>");

  private final Path path;
  private final Map<String, Object> metadata;
  private final List<String> tokens = new ArrayList<>();
  private final int[] types;
  private final boolean pieces;
  private final boolean words; // of an encoder

  GgufTokenizerFile(Path path, Map<String, Object> metadata) {
    this.path = path;
    this.metadata = metadata;
    String model = text("model", "none");
    boolean encoder = "bert".equals(metadata.get("general.architecture"));
    if (encoder ? !model.equals("bert") : !model.equals("llama") && !model.equals("gpt2")) {
      throw refused("its tokenizer is of the kind '" + model + "'; " + (encoder ? "bert is" : "llama and gpt2 are") + " read");
    }
    pieces = model.equals("llama");
    words = model.equals("bert");
    list("tokens").forEach(token -> tokens.add((String) token));
    types = new int[tokens.size()];
    List<?> stored = metadata.containsKey(KEY + "token_type") ? list("token_type") : List.of();
    for (int i = 0; i < types.length; i++) {
      types[i] = i < stored.size() ? ((Number) stored.get(i)).intValue() : NORMAL;
    }
    if (new HashSet<>(tokens).size() != tokens.size()) {
      throw refused("two of its tokens are alike");
    }
  }

  private ModelException refused(String what) {
    return new ModelException(path + ": " + what);
  }

  private String text(String key, String otherwise) {
    return metadata.get(KEY + key) instanceof String text ? text : otherwise;
  }

  private boolean flag(String key, boolean otherwise) {
    return metadata.get(KEY + key) instanceof Boolean flag ? flag : otherwise;
  }

  private List<?> list(String key) {
    if (!(metadata.get(KEY + key) instanceof List<?> list)) {
      throw refused("there is no " + KEY + key + ", without which text cannot be cut into tokens");
    }
    return list;
  }

  /** The id of a token by its role, such as {@code eos}; null if there is none. */
  Integer id(String role) {
    return metadata.get(KEY + role + "_token_id") instanceof Number id && id.intValue() >= 0 && id.intValue() < tokens.size()
        ? id.intValue() : null;
  }

  /** Where generating ends: what the file names, and like llama.cpp the ends of turns that are known by name. */
  List<Integer> ends() {
    Set<Integer> ends = new LinkedHashSet<>();
    for (String role : List.of("eos", "eot", "eom")) {
      if (id(role) != null && !words) {
        ends.add(id(role));
      }
    }
    for (int id = 0; id < types.length; id++) {
      if (types[id] == CONTROL && ENDS.contains(tokens.get(id))) {
        ends.add(id);
      }
    }
    return List.copyOf(ends);
  }

  /** {@code tokenizer_config.json}. */
  ObjectNode settings() {
    ObjectNode tree = JSON.createObjectNode();
    Map<String, String> roles = words ? GgufWordPieceFile.ROLES
        : Map.of("bos", "bos", "eos", "eos", "unknown", "unk", "padding", "pad");
    roles.forEach((role, name) -> {
      if (id(role) != null) {
        tree.put(name + "_token", tokens.get(id(role)));
      }
    });
    if (metadata.get("tokenizer.chat_template") instanceof String template) {
      tree.put("chat_template", template);
    }
    tree.put("tokenizer_class", "PreTrainedTokenizerFast");
    return tree;
  }

  /** {@code tokenizer.json}. */
  ObjectNode tokenizer() {
    ObjectNode tree = JSON.createObjectNode();
    tree.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = tree.putArray("added_tokens");
    for (int id = 0; id < types.length; id++) {
      if (types[id] == CONTROL || types[id] == USER || types[id] == UNKNOWN) {
        added.addObject().put("id", id).put("content", tokens.get(id)).put("single_word", false).put("lstrip", false)
            .put("rstrip", stripsAfter(id)).put("normalized", false).put("special", types[id] != USER);
      }
    }
    if (words) {
      return new GgufWordPieceFile(path, metadata, tokens, types).tokenizer(tree);
    }
    ObjectNode model = JSON.createObjectNode().put("type", "BPE").putNull("dropout").putNull("continuing_subword_prefix")
        .putNull("end_of_word_suffix").put("byte_fallback", pieces).put("fuse_unk", pieces);
    if (pieces) {
      pieces(tree, model);
    } else {
      bytes(tree, model);
    }
    ends(tree);
    ObjectNode vocabulary = model.putObject("vocab");
    for (int id = 0; id < types.length; id++) {
      vocabulary.put(tokens.get(id), id);
    }
    tree.set("model", model);
    return tree;
  }

  /** llama.cpp drops the space behind special tokens in models that are called Phi-3, but for some. */
  private boolean stripsAfter(int id) {
    String name = String.valueOf(metadata.get("general.name")).toLowerCase(Locale.ROOT);
    return types[id] == CONTROL && (name.contains("phi-3") || name.contains("phi3"))
        && !Set.of("<unk>", "<s>", "<|endoftext|>").contains(tokens.get(id));
  }

  private void bytes(ObjectNode tree, ObjectNode model) {
    String rule = text("pre", "");
    tree.putNull("normalizer");
    ObjectNode level = JSON.createObjectNode().put("type", "ByteLevel").put("add_prefix_space", false).put("trim_offsets", true);
    ObjectNode stage = tree.putObject("pre_tokenizer").put("type", "Sequence");
    ArrayNode steps = stage.putArray("pretokenizers");
    switch (rule) {
      case "gpt-2" -> steps.add(level.put("use_regex", true));
      case "smollm" -> {
        steps.addObject().put("type", "Digits").put("individual_digits", true);
        steps.add(level.put("use_regex", true));
      }
      case "llama-bpe", "llama-v3", "llama3", "qwen2" -> {
        String pattern = GgufRules.pattern(rule.equals("qwen2") ? rule : "llama-bpe");
        ObjectNode split = steps.addObject().put("type", "Split");
        split.putObject("pattern").put("Regex", pattern);
        split.put("behavior", "Isolated").put("invert", false);
        steps.add(level.put("use_regex", false));
      }
      default -> throw refused(rule.isEmpty() ? "it does not say by which rule text is cut (" + KEY + "pre)"
          : "text is cut by the rule '" + rule + "'; gpt-2, llama-bpe, qwen2 and smollm are read");
    }
    model.put("ignore_merges", rule.startsWith("llama"));
    ArrayNode merges = model.putArray("merges");
    list("merges").forEach(merge -> merges.add((String) merge));
    tree.putObject("decoder").put("type", "ByteLevel").put("add_prefix_space", false).put("trim_offsets", true)
        .put("use_regex", true);
  }

  private void pieces(ObjectNode tree, ObjectNode model) {
    boolean first = flag("add_space_prefix", true);
    ObjectNode replace = JSON.createObjectNode().put("type", "Replace");
    replace.putObject("pattern").put("String", " ");
    replace.put("content", SPACE);
    ArrayNode steps = tree.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    if (first) {
      steps.addObject().put("type", "Prepend").put("prepend", SPACE);
    }
    steps.add(replace);
    tree.putNull("pre_tokenizer");
    model.put("ignore_merges", false);
    Integer unknown = id("unknown");
    if (unknown != null) {
      model.put("unk_token", tokens.get(unknown));
    }
    merges(model.putArray("merges"));
    ArrayNode back = tree.putObject("decoder").put("type", "Sequence").putArray("decoders");
    ObjectNode spaces = back.addObject().put("type", "Replace");
    spaces.putObject("pattern").put("String", SPACE);
    spaces.put("content", " ");
    back.addObject().put("type", "ByteFallback");
    back.addObject().put("type", "Fuse");
    back.addObject().put("type", "Strip").put("content", " ").put("start", first ? 1 : 0).put("stop", 0);
  }

  /** Two pieces that make a third are joined in the order of its score, which must tell the thirds apart. */
  private void merges(ArrayNode merges) {
    List<?> scores = list("scores");
    if (scores.size() != types.length) {
      throw refused("it has " + scores.size() + " scores for " + types.length + " tokens");
    }
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < types.length; id++) {
      if (types[id] == NORMAL || types[id] == BYTE) {
        ids.put(tokens.get(id), id);
      }
    }
    record Merge(String left, String right, int leftId, int rightId, float score) {}
    List<Merge> found = new ArrayList<>();
    Map<Float, String> made = new HashMap<>();
    for (int id = 0; id < types.length; id++) {
      String token = tokens.get(id);
      float score = ((Number) scores.get(id)).floatValue();
      boolean any = false;
      for (int i = token.offsetByCodePoints(0, Math.min(1, token.length())); types[id] == NORMAL && i < token.length();
          i = token.offsetByCodePoints(i, 1)) {
        Integer left = ids.get(token.substring(0, i));
        Integer right = ids.get(token.substring(i));
        if (left != null && right != null) {
          found.add(new Merge(token.substring(0, i), token.substring(i), left, right, score));
          any = true;
        }
      }
      String other = any ? made.put(score, token) : null;
      if (other != null) {
        throw refused("the tokens '" + other + "' and '" + token + "' have one score, " + score + ": the file was made without "
            + "the scores of tokenizer.model, and llama.cpp cuts text by chance. Make it anew from the model's directory");
      }
    }
    found.sort(Comparator.comparingDouble((Merge merge) -> -merge.score).thenComparingInt(Merge::leftId)
        .thenComparingInt(Merge::rightId));
    found.forEach(merge -> merges.addArray().add(merge.left).add(merge.right));
  }

  /** What is put around a text. */
  private void ends(ObjectNode tree) {
    boolean bos = flag("add_bos_token", pieces || text("pre", "").startsWith("llama")) && id("bos") != null;
    boolean eos = flag("add_eos_token", false) && id("eos") != null;
    if (!bos && !eos) {
      tree.putNull("post_processor");
      return;
    }
    ObjectNode stage = tree.putObject("post_processor").put("type", "TemplateProcessing");
    ObjectNode special = JSON.createObjectNode();
    for (String kind : List.of("single", "pair")) {
      ArrayNode steps = stage.putArray(kind);
      for (String text : kind.equals("single") ? List.of("A") : List.of("A", "B")) {
        int type = text.equals("A") ? 0 : 1;
        if (bos) {
          end(steps, special, id("bos"), type);
        }
        steps.addObject().putObject("Sequence").put("id", text).put("type_id", type);
        if (eos) {
          end(steps, special, id("eos"), type);
        }
      }
    }
    stage.set("special_tokens", special);
  }

  private void end(ArrayNode steps, ObjectNode special, int id, int type) {
    String token = tokens.get(id);
    steps.addObject().putObject("SpecialToken").put("id", token).put("type_id", type);
    ObjectNode entry = special.putObject(token).put("id", token);
    entry.putArray("ids").add(id);
    entry.putArray("tokens").add(token);
  }
}
