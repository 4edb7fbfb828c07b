package dev.hone.tokenizer.file;

import dev.hone.tokenizer.TokenizerException;
import dev.hone.tokenizer.lookup.Vocabulary;
import dev.hone.tokenizer.model.Model;
import dev.hone.tokenizer.model.WordPiece;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Reads the model of a {@code tokenizer.json} field by field, whatever their order. */
final class ModelReader {
  private final String where;
  private final ObjectNode settings = new JsonMapper().createObjectNode();
  private Vocabulary.Builder vocabulary;

  ModelReader(String where) {
    this.where = where;
  }

  /** Reads the object the parser has just entered. */
  Model read(JsonParser parser) {
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String field = parser.currentName();
      JsonToken value = parser.nextToken();
      if (field.equals("vocab") && value == JsonToken.START_OBJECT) readVocabulary(parser);
      else settings.set(field, parser.<JsonNode>readValueAsTree());
    }
    return build(new Json(where, settings));
  }

  private void readVocabulary(JsonParser parser) {
    vocabulary = new Vocabulary.Builder();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String token = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_NUMBER_INT) {
        throw new TokenizerException(where + ": vocab: the id of \"" + token + "\" is no integer");
      }
      vocabulary.add(token, parser.getIntValue());
    }
  }

  private Model build(Json json) {
    return switch (json.string("type")) {
      case "WordPiece" -> new WordPiece(vocabulary(), json.string("unk_token", "[UNK]"),
          json.string("continuing_subword_prefix", "##"), json.integer("max_input_chars_per_word", 100));
      default -> throw json.unknownType("a model");
    };
  }

  private Vocabulary vocabulary() {
    if (vocabulary == null) throw new TokenizerException(where + ": there is no vocab");
    return vocabulary.build();
  }
}
