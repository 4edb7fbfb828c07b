package dev.hone.train.gguf;

import dev.hone.nn.ModelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What a {@code tokenizer.json} does to text, held against what llama.cpp does for the two kinds of tokenizers: no step may be
 * dropped in silence. What llama.cpp would do otherwise to any usual text is refused, what it does otherwise to rare text is a
 * warning.
 */
final class GgufRules {
  private static final String SPACE = "\u2581"; // what stands for a space in pieces
  private static final String LETTERS = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}";
  private static final String REST = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|";
  private static final Map<String, String> PATTERNS = Map.of(ENDINGS + LETTERS + "{1,3}" + REST, "llama-bpe",
      ENDINGS + LETTERS + REST, "qwen2");

  private final Path path;
  private final JsonNode file;
  private final List<String> warnings = new ArrayList<>();
  private final String name;
  private boolean spaceFirst;

  /**
   * Checks a tokenizer.
   *
   * @param pieces whether it is SentencePiece's BPE, byte-level otherwise
   * @param stripping whether llama.cpp drops the space behind special tokens, as it does for Phi-3
   * @throws ModelException if llama.cpp would cut text otherwise
   */
  GgufRules(Path path, JsonNode file, boolean pieces, boolean stripping) {
    this.path = path;
    this.file = file;
    JsonNode model = file.get("model");
    for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      if (!model.path(affix).asString("").isEmpty()) {
        throw refused("its " + affix + " is '" + model.path(affix).stringValue() + "', llama.cpp has none");
      }
    }
    if (model.path("dropout").asDouble(0) > 0) {
      warnings.add("merges are dropped at random here (dropout " + model.path("dropout").asDouble() + "), never by llama.cpp");
    }
    for (JsonNode added : file.path("added_tokens")) {
      for (String flag : List.of("lstrip", "rstrip", "single_word")) {
        boolean kept = stripping && flag.equals("rstrip") && added.path("special").asBoolean();
        if (added.path(flag).asBoolean() && !kept) {
          throw refused("the added token '" + added.path("content").asString() + "' has " + flag + ", which GGUF cannot say: "
              + "llama.cpp keeps the space beside it. Set it to false if no template relies on it");
        }
      }
    }
    name = pieces ? ofPieces() : ofBytes();
  }

  /** The pattern by which a rule cuts text. */
  static String pattern(String rule) {
    return PATTERNS.entrySet().stream().filter(entry -> entry.getValue().equals(rule)).findFirst().orElseThrow().getKey();
  }

  private ModelException refused(String what) {
    return new ModelException(path + ": " + what);
  }

  /** llama.cpp's name of how text is cut before it is joined. */
  String name() {
    return name;
  }

  /** Whether a space is put before text; of pieces alone. */
  boolean spaceFirst() {
    return spaceFirst;
  }

  /** What differs for rare text. */
  List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** The steps of a stage, sequences in sequences unrolled. */
  private static List<JsonNode> steps(JsonNode stage, String members) {
    if (!stage.isObject()) {
      return List.of();
    }
    if (!type(stage).equals("Sequence")) {
      return List.of(stage);
    }
    List<JsonNode> steps = new ArrayList<>();
    stage.path(members).forEach(step -> steps.addAll(steps(step, members)));
    return steps;
  }

  private static String type(JsonNode step) {
    return step.path("type").asString("");
  }

  private List<JsonNode> normalizers() {
    return steps(file.path("normalizer"), "normalizers");
  }

  private List<JsonNode> cuts() {
    return steps(file.path("pre_tokenizer"), "pretokenizers");
  }

  private String ofBytes() {
    for (JsonNode step : normalizers()) {
      if (!type(step).equals("NFC")) {
        throw refused("its normalizer " + step + " is not in GGUF: llama.cpp takes text of byte-level BPE as it is");
      }
      warnings.add("text is not composed (NFC) by llama.cpp: letters whose accents are characters of their own are cut "
          + "otherwise");
    }
    List<JsonNode> cuts = cuts();
    List<String> kinds = cuts.stream().map(GgufRules::type).toList();
    boolean bytes = !kinds.isEmpty() && kinds.getLast().equals("ByteLevel");
    JsonNode last = bytes ? cuts.getLast() : file.path("pre_tokenizer");
    if (bytes && last.path("add_prefix_space").asBoolean(true)) {
      throw refused("its ByteLevel puts a space before text (add_prefix_space), llama.cpp does not");
    }
    boolean own = bytes && last.path("use_regex").asBoolean(true);
    String pattern = cuts.isEmpty() ? "" : cuts.getFirst().path("pattern").path("Regex").asString("");
    String found = kinds.equals(List.of("ByteLevel")) && own ? "gpt-2"
        : kinds.equals(List.of("Digits", "ByteLevel")) && own && cuts.getFirst().path("individual_digits").asBoolean() ? "smollm"
        : kinds.equals(List.of("Split", "ByteLevel")) && !own && cuts.getFirst().path("behavior").asString("").equals("Isolated")
        ? PATTERNS.get(pattern) : null;
    if (found == null) {
      throw refused("llama.cpp knows rules of cutting text by name, and this one is none of gpt-2, llama-bpe, qwen2 and smollm: "
          + (cuts.isEmpty() ? "no pre_tokenizer" : cuts));
    }
    if (found.equals("llama-bpe") != file.get("model").path("ignore_merges").asBoolean()) {
      requireMerges(found);
    }
    return found;
  }

  /** A token that no merge makes is found only by who looks words up first: llama.cpp does so for llama-bpe alone. */
  private void requireMerges(String rule) {
    Set<String> made = new HashSet<>();
    for (JsonNode merge : file.get("model").path("merges")) {
      made.add(merge.isString() ? merge.stringValue().replaceFirst("(?<=.) ", "")
          : merge.get(0).stringValue() + merge.get(1).stringValue());
    }
    Set<String> added = new HashSet<>();
    file.path("added_tokens").forEach(token -> added.add(token.path("content").asString("")));
    for (String token : file.get("model").get("vocab").propertyNames()) {
      if (token.codePointCount(0, token.length()) > 1 && !made.contains(token) && !added.contains(token)) {
        throw refused("ignore_merges is " + !rule.equals("llama-bpe") + ", for '" + rule + "' llama.cpp takes "
            + rule.equals("llama-bpe") + ", and no merge makes the token '" + token + "'");
      }
    }
  }

  private String ofPieces() {
    boolean replaced = false;
    for (JsonNode step : normalizers()) {
      switch (type(step)) {
        case "Prepend" -> {
          require(step, step.path("prepend").asString("").equals(SPACE));
          spaceFirst = true;
        }
        case "Replace" -> {
          require(step, step.path("pattern").path("String").asString("").equals(" ")
              && step.path("content").asString("").equals(SPACE));
          replaced = true;
        }
        default -> require(step, false);
      }
    }
    for (JsonNode step : cuts()) {
      switch (type(step)) {
        case "Metaspace" -> {
          replaced = true;
          metaspace(step);
        }
        case "Split" -> require(step, replaced && step.path("pattern").path("String").asString("").equals(" ")); // none is left
        default -> require(step, false);
      }
    }
    if (!replaced) {
      throw refused("spaces stay spaces, llama.cpp makes " + SPACE + " of them");
    }
    for (int b = 0; b < 256; b++) {
      String token = String.format("<0x%02X>", b);
      if (!file.get("model").get("vocab").has(token)) {
        throw refused("its vocabulary lacks " + token + "; llama.cpp needs a token for each byte");
      }
    }
    return "default";
  }

  private void metaspace(JsonNode step) {
    require(step, step.path("replacement").asString(SPACE).equals(SPACE));
    String scheme = step.path("prepend_scheme").asString(step.path("add_prefix_space").asBoolean(true) ? "always" : "never");
    if (!spaceFirst && scheme.equals("first")) {
      warnings.add("a space is put before the first text only, llama.cpp puts one after each special token too");
    } else if (!spaceFirst && scheme.equals("always")) {
      warnings.add("no space is put before text that begins with one, llama.cpp puts one there");
    }
    spaceFirst |= !scheme.equals("never");
    if (step.path("split").asBoolean(true)) {
      for (String token : file.get("model").get("vocab").propertyNames()) {
        require(step, token.lastIndexOf(SPACE) < 1);
      }
    }
  }

  private void require(JsonNode step, boolean same) {
    if (!same) {
      throw refused("its step " + step + " is not in GGUF: llama.cpp turns spaces into " + SPACE + " and does nothing else to "
          + "text of SentencePiece's BPE");
    }
  }
}
