package dev.hone.tokenizer.file;

import dev.hone.tokenizer.definition.AddedToken;
import dev.hone.tokenizer.definition.Padding;
import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.definition.Truncation;
import dev.hone.tokenizer.lookup.Vocabulary;
import dev.hone.tokenizer.model.Model;
import dev.hone.tokenizer.text.Excerpt;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads {@code tokenizer.json}: the model as a stream, since it is most of the file, the rest as a tree. */
public final class TokenizerJson {
  private static final int MAX_PADDING = 1 << 24; // tokens: each encoding would be filled up to it
  private static final JsonMapper MAPPER = new JsonMapper();

  private TokenizerJson() {}

  /**
   * Reads a definition.
   *
   * @param json the file's bytes
   * @param name what errors call the file
   */
  public static Definition read(byte[] json, String name) {
    try (JsonParser parser = MAPPER.createParser(json)) {
      return read(parser, name);
    } catch (JacksonException e) {
      throw new TokenizerException(name + ": not a readable tokenizer.json: " + e.getOriginalMessage()
          + location(e), e);
    } catch (TokenizerException e) {
      if (e.getMessage().startsWith(name)) {
        throw e;
      }
      throw new TokenizerException(name + ": " + e.getMessage(), e);
    }
  }

  /**
   * A file with more added tokens.
   *
   * @param json the file's bytes, which can be read
   * @param firstId of the first new token; the others follow
   */
  public static byte[] withTokens(byte[] json, String name, List<String> tokens, int firstId, boolean special) {
    ObjectNode root = (ObjectNode) MAPPER.readTree(json);
    ArrayNode added = root.path("added_tokens") instanceof ArrayNode list ? list : root.putArray("added_tokens");
    for (int i = 0; i < tokens.size(); i++) {
      if (tokens.get(i).isBlank()) {
        throw new TokenizerException(name + ": a token to add is blank");
      }
      added.addObject().put("id", firstId + i).put("content", tokens.get(i)).put("single_word", false).put("lstrip", false)
          .put("rstrip", false).put("normalized", !special).put("special", special);
    }
    return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
  }

  private static String location(JacksonException e) {
    return e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ", column "
        + e.getLocation().getColumnNr() + ")";
  }

  private static Definition read(JsonParser parser, String name) {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new TokenizerException(name + ": a tokenizer.json is an object, this begins with "
          + parser.currentToken());
    }
    Map<String, JsonNode> fields = new HashMap<>();
    Model model = null;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String field = parser.currentName();
      JsonToken value = parser.nextToken();
      if (field.equals("model") && value == JsonToken.START_OBJECT) {
        model = new ModelReader(name + ": model").read(parser);
      } else {
        fields.put(field, parser.readValueAsTree());
      }
    }
    if (parser.currentToken() != JsonToken.END_OBJECT) {
      throw new TokenizerException(name + ": the file ends before the tokenizer does");
    }
    if (parser.nextToken() != null) {
      throw new TokenizerException(name + ": something follows after the tokenizer's last bracket");
    }
    if (model == null) {
      throw new TokenizerException(name + ": there is no model");
    }
    List<AddedToken> added = addedTokens(name, fields, model.vocabulary());
    Set<Integer> addedIds = added.stream().map(AddedToken::id).collect(Collectors.toSet());
    Vocabulary vocabulary = model.vocabulary();
    StageReader stages = new StageReader(id -> vocabulary.token(id) != null || addedIds.contains(id));
    return new Definition(added,
        stages.optional(name, fields, "normalizer", stages::normalizer),
        stages.optional(name, fields, "pre_tokenizer", stages::preTokenizer),
        model,
        stages.postProcessor(name, fields),
        stages.optional(name, fields, "decoder", stages::decoder),
        stages.optional(name, fields, "truncation", TokenizerJson::truncation),
        stages.optional(name, fields, "padding", TokenizerJson::padding));
  }

  private static List<AddedToken> addedTokens(String name, Map<String, JsonNode> fields, Vocabulary vocabulary) {
    JsonNode array = fields.getOrDefault("added_tokens", NullNode.instance);
    if (array.isNull()) {
      return List.of();
    }
    if (!array.isArray()) {
      throw new TokenizerException(name + ": added_tokens must be an array");
    }
    Map<String, AddedToken> byContent = new HashMap<>();
    Map<Integer, AddedToken> byGivenId = new HashMap<>();
    List<AddedToken> tokens = new ArrayList<>();
    int next = vocabulary.count();
    for (int i = 0; i < array.size(); i++) {
      Json json = new Json(name + ": added_tokens[" + i + "]", array.get(i)).requireObject();
      String content = json.string("content");
      if (content.isEmpty()) {
        continue;
      }
      // As in the reference the vocabulary decides where it knows the token; the others are numbered behind it one by one,
      // whatever ids the file gives them.
      int known = vocabulary.id(content);
      int given = known != Vocabulary.UNKNOWN ? known : json.integer("id", 0, Integer.MAX_VALUE);
      int id = known != Vocabulary.UNKNOWN ? known : byContent.containsKey(content) ? 0 : next++;
      AddedToken token = new AddedToken(id, content, json.flag("single_word", false),
          json.flag("lstrip", false), json.flag("rstrip", false), json.flag("normalized", !json.flag("special", false)),
          json.flag("special", false));
      if (byContent.putIfAbsent(content, token) != null) {
        continue;
      }
      AddedToken other = byGivenId.putIfAbsent(given, token);
      String taken = other != null ? other.content() : known == Vocabulary.UNKNOWN ? vocabulary.token(given) : null;
      if (taken == null && known == Vocabulary.UNKNOWN && vocabulary.token(id) != null) {
        given = id;
        taken = vocabulary.token(id);
      }
      if (taken != null) {
        throw new TokenizerException(json.where() + ": id " + given + " of \"" + Excerpt.of(content) + "\" already belongs to \""
            + Excerpt.of(taken) + "\"");
      }
      tokens.add(token);
    }
    return tokens;
  }

  private static Truncation truncation(Json json) {
    String strategy = json.string("strategy", "LongestFirst");
    String direction = json.string("direction", "Right");
    int length = json.integer("max_length", 0, Integer.MAX_VALUE);
    return new Truncation(length, json.integer("stride", 0, 0, Integer.MAX_VALUE), switch (strategy) {
      case "LongestFirst" -> Truncation.Strategy.LONGEST_FIRST;
      case "OnlyFirst" -> Truncation.Strategy.ONLY_FIRST;
      case "OnlySecond" -> Truncation.Strategy.ONLY_SECOND;
      default -> throw json.wrong("strategy", "LongestFirst, OnlyFirst or OnlySecond", json.node().get("strategy"));
    }, side(json, direction), false);
  }

  private static Truncation.Side side(Json json, String direction) {
    return switch (direction.toLowerCase(Locale.ROOT)) {
      case "left" -> Truncation.Side.LEFT;
      case "right" -> Truncation.Side.RIGHT;
      default -> throw json.wrong("direction", "Left or Right", json.node().get("direction"));
    };
  }

  private static Padding padding(Json json) {
    JsonNode strategy = json.node().get("strategy");
    int length = strategy != null && strategy.isObject()
        ? new Json(json.where() + ".strategy", strategy).integer("Fixed", 0, MAX_PADDING) : 0;
    return new Padding(length, json.integer("pad_to_multiple_of", 0, 0, MAX_PADDING),
        side(json, json.string("direction", "Right")),
        json.integer("pad_id", 0, 0, Integer.MAX_VALUE), json.integer("pad_type_id", 0, 0, Integer.MAX_VALUE),
        json.string("pad_token", "[PAD]"));
  }
}
