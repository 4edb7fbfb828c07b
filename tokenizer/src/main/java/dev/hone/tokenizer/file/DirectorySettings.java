package dev.hone.tokenizer.file;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.text.Excerpt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the small files beside a vocabulary say: {@code tokenizer_config.json}, {@code special_tokens_map.json},
 * {@code added_tokens.json} and, for the family only, {@code config.json}. Each may be absent.
 */
final class DirectorySettings {
  private static final JsonMapper JSON = new JsonMapper();
  private static final List<String> ROLES =
      List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

  private final JsonNode config;
  private final JsonNode specialTokens;
  private final JsonNode added;
  private final String family;
  private final String modelType;

  DirectorySettings(Path directory) throws IOException {
    config = json(directory.resolve("tokenizer_config.json"));
    specialTokens = json(directory.resolve("special_tokens_map.json"));
    added = json(directory.resolve("added_tokens.json"));
    String type = config.path("tokenizer_class").asString("");
    String named = type.replaceFirst("Tokenizer(Fast)?$", "");
    boolean unnamed = named.isEmpty() || named.startsWith("PreTrained");
    modelType = plain(json(directory.resolve("config.json")).path("model_type").asString(""));
    family = unnamed ? modelType : plain(named);
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
  }

  private static JsonNode json(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return MissingNode.getInstance();
    }
    return Json.read(TokenizerFile.bytes(file), file.toString()).node();
  }

  /** The tokenizer's class without "Tokenizer", or the model's type; lower case, letters and digits; "" if neither is known. */
  String family() {
    return family;
  }

  /** The model's type, spelt likewise; "" if it is not known. */
  String modelType() {
    return modelType;
  }

  /** The added tokens whose ids are listed. */
  Map<Integer, String> addedTokens() {
    Map<Integer, String> tokens = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : added.properties()) {
      tokens.put(id(entry.getValue().asString(""), entry.getKey()), entry.getKey());
    }
    for (Map.Entry<String, JsonNode> entry : config.path("added_tokens_decoder").properties()) {
      String content = options(entry.getValue()).path("content").asString("");
      if (!content.isEmpty()) {
        tokens.put(id(entry.getKey(), content), content);
      }
    }
    return tokens;
  }

  /** A switch of {@code tokenizer_config.json}. */
  boolean flag(String name, boolean absent) {
    return config.path(name).asBoolean(absent);
  }

  /** A switch that may be absent or null. */
  Boolean flagOrNull(String name) {
    return config.path(name).isBoolean() ? config.get(name).booleanValue() : null;
  }

  /** The token of a role such as {@code bos_token}; the fallback if the files do not say. */
  String token(String role, String absent) {
    for (JsonNode source : List.of(config, specialTokens)) {
      JsonNode node = source.path(role);
      if (node.isObject()) {
        node = node.path("content");
      }
      if (node.isString() && !node.stringValue().isEmpty()) {
        return node.stringValue();
      }
    }
    return absent;
  }

  /**
   * Writes all added tokens: those listed with their ids, then those the files name as special. A special token that has
   * no id yet gets the next one.
   *
   * @param tokens the vocabulary in the order of ids
   * @param usual special tokens of the family, by role, for directories that name none; only those in the vocabulary count
   * @return what was written
   */
  Set<String> addTokens(DefinitionWriter out, List<String> tokens, Map<String, String> usual) {
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < tokens.size(); id++) {
      if (tokens.get(id) != null) {
        ids.put(tokens.get(id), id);
      }
    }
    Map<String, String> present = new HashMap<>(usual);
    present.values().retainAll(ids.keySet());
    Map<String, ObjectNode> known = new HashMap<>();
    int next = tokens.size();
    for (Map.Entry<String, JsonNode> entry : config.path("added_tokens_decoder").properties()) {
      ObjectNode options = options(entry.getValue());
      String content = options.path("content").asString("");
      if (content.isEmpty() || known.putIfAbsent(content, options) != null) {
        continue;
      }
      int id = id(entry.getKey(), content);
      out.addToken(id, content, options);
      next = Math.max(next, id + 1);
    }
    for (Map.Entry<String, JsonNode> entry : added.properties()) {
      if (known.containsKey(entry.getKey())) {
        continue;
      }
      ObjectNode options = JSON.createObjectNode().put("special", isSpecial(entry.getKey(), present));
      known.put(entry.getKey(), options);
      int id = id(entry.getValue().asString(""), entry.getKey());
      out.addToken(id, entry.getKey(), options);
      next = Math.max(next, id + 1);
    }
    for (ObjectNode options : special(present)) {
      String content = options.path("content").asString("");
      if (content.isEmpty() || known.putIfAbsent(content, options) != null) {
        continue;
      }
      Integer id = ids.get(content);
      out.addToken(id != null ? id : next++, content, options);
    }
    return known.keySet();
  }

  private static int id(String text, String content) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new TokenizerException("added token \"" + Excerpt.of(content) + "\": its id must be a whole number, is \""
          + Excerpt.of(text) + "\"", e);
    }
  }

  private boolean isSpecial(String content, Map<String, String> usual) {
    return special(usual).stream().anyMatch(options -> options.path("content").asString("").equals(content));
  }

  /** The special tokens with their options, in the order in which transformers adds them. */
  private List<ObjectNode> special(Map<String, String> usual) {
    List<ObjectNode> out = new ArrayList<>();
    for (String role : ROLES) {
      JsonNode node = config.path(role).isNull() || config.path(role).isMissingNode() ? specialTokens.path(role)
          : config.path(role);
      if (node.isObject() || node.isString()) {
        out.add(options(node));
      } else if (usual.containsKey(role)) {
        out.add(options(JSON.getNodeFactory().stringNode(usual.get(role))));
      } else {
        continue;
      }
      // RoBERTa's class takes the space before <mask> along, whatever the files say of it as plain text.
      if (role.equals("mask_token") && !node.isObject() && (family.contains("roberta") || family.equals("bart"))) {
        out.getLast().put("lstrip", true);
      }
    }
    JsonNode more = config.path("additional_special_tokens").isArray() ? config.get("additional_special_tokens")
        : specialTokens.path("additional_special_tokens");
    for (JsonNode node : more) {
      out.add(options(node));
    }
    return out;
  }

  /** A token is given as its text or as an object with its options. */
  private static ObjectNode options(JsonNode node) {
    ObjectNode options = node.isObject() ? ((ObjectNode) node).deepCopy()
        : JSON.createObjectNode().put("content", node.asString(""));
    if (!options.has("special")) {
      options.put("special", true);
    }
    return options;
  }
}
