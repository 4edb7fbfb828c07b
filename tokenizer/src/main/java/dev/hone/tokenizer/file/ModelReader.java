package dev.hone.tokenizer.file;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.lookup.Vocabulary;
import dev.hone.tokenizer.model.Bpe;
import dev.hone.tokenizer.model.Model;
import dev.hone.tokenizer.model.Unigram;
import dev.hone.tokenizer.model.WordLevel;
import dev.hone.tokenizer.model.WordPiece;
import dev.hone.tokenizer.text.Excerpt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Reads the model of a {@code tokenizer.json} field by field, whatever their order. */
final class ModelReader {
  private final String where;
  private final ObjectNode settings = new JsonMapper().createObjectNode();
  private final List<String> merges = new ArrayList<>();
  private Vocabulary.Builder vocabulary;
  private double[] scores;
  private int scored;
  private boolean hasMerges;

  ModelReader(String where) {
    this.where = where;
  }

  /** Reads the object the parser has just entered. */
  Model read(JsonParser parser) {
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String field = parser.currentName();
      JsonToken value = parser.nextToken();
      if (field.equals("vocab") && value == JsonToken.START_OBJECT) {
        readVocabulary(parser);
      } else if (field.equals("vocab") && value == JsonToken.START_ARRAY) {
        readPieces(parser);
      } else if (field.equals("merges") && value == JsonToken.START_ARRAY) {
        readMerges(parser);
      } else {
        settings.set(field, parser.<JsonNode>readValueAsTree());
      }
    }
    return build(new Json(where, settings));
  }

  private TokenizerException wrong(String what) {
    return new TokenizerException(where + ": " + what);
  }

  /** {"token": id, ...} */
  private void readVocabulary(JsonParser parser) {
    vocabulary = new Vocabulary.Builder();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String token = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_NUMBER_INT) {
        throw wrong("vocab: the id of \"" + Excerpt.of(token)
            + "\" is no integer");
      }
      vocabulary.add(token, parser.getIntValue());
    }
  }

  /** [["token", score], ...], the id is the position. */
  private void readPieces(JsonParser parser) {
    vocabulary = new Vocabulary.Builder();
    scores = new double[1024];
    scored = 0;
    while (parser.nextToken() == JsonToken.START_ARRAY) {
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw wrong("vocab[" + scored + "]: the token is no string");
      }
      String token = parser.getString();
      if (!parser.nextToken().isNumeric()) {
        throw wrong("vocab[" + scored + "]: the score is no number");
      }
      double score = parser.getDoubleValue();
      if (!Double.isFinite(score)) {
        throw wrong("vocab[" + scored + "]: the score is " + score);
      }
      if (parser.nextToken() != JsonToken.END_ARRAY) {
        throw wrong("vocab[" + scored + "]: expected [token, score]");
      }
      if (scored == scores.length) {
        scores = Arrays.copyOf(scores, 2 * scored);
      }
      vocabulary.put(token, scored);
      scores[scored++] = score;
    }
    if (parser.currentToken() != JsonToken.END_ARRAY) {
      throw wrong("vocab[" + scored + "]: expected [token, score]");
    }
  }

  /** ["left right", ...] or [["left", "right"], ...]. */
  private void readMerges(JsonParser parser) {
    hasMerges = true;
    merges.clear();
    JsonToken token;
    while ((token = parser.nextToken()) != JsonToken.END_ARRAY) {
      int number = merges.size() / 2;
      if (token == JsonToken.VALUE_STRING) {
        String merge = parser.getString();
        int space = merge.indexOf(' ');
        if (space < 0 || merge.indexOf(' ', space + 1) >= 0) {
          throw wrong("merges[" + number + "]: \"" + Excerpt.of(merge) + "\" is not two tokens with a space between");
        }
        merges.add(merge.substring(0, space));
        merges.add(merge.substring(space + 1));
      } else {
        readPair(parser, number);
      }
    }
  }

  private void readPair(JsonParser parser, int number) {
    boolean array = parser.currentToken() == JsonToken.START_ARRAY;
    for (int i = 0; i < 2 && array; i++) {
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        array = false;
      } else {
        merges.add(parser.getString());
      }
    }
    if (!array || parser.nextToken() != JsonToken.END_ARRAY) {
      throw wrong("merges[" + number + "]: expected \"left right\" or [left, right]");
    }
  }

  private Model build(Json json) {
    return switch (type(json)) {
      case "BPE" -> bpe(json);
      case "Unigram" -> unigram(json);
      case "WordPiece" -> new WordPiece(vocabulary(), json.string("unk_token", "[UNK]"),
          json.string("continuing_subword_prefix", "##"), json.integer("max_input_chars_per_word", 100, 0, Integer.MAX_VALUE));
      case "WordLevel" -> new WordLevel(vocabulary(), json.string("unk_token", "<unk>"));
      default -> throw json.unknownType("a model");
    };
  }

  /** Old files do not name the type; their fields do. */
  private String type(Json json) {
    if (json.has("type")) {
      return json.type();
    }
    if (hasMerges) {
      return "BPE";
    }
    if (scores != null) {
      return "Unigram";
    }
    return json.has("max_input_chars_per_word") ? "WordPiece" : "WordLevel";
  }

  private Model bpe(Json json) {
    JsonNode dropout = json.node().path("dropout");
    if (json.has("dropout") && (!dropout.isNumber() || dropout.doubleValue() != 0)) {
      throw wrong("dropout is " + Excerpt.of(dropout.toString()) + ": encoding at random is not supported, set it to null");
    }
    if (!hasMerges) {
      throw wrong("there are no merges");
    }
    return new Bpe(vocabulary(), merges, new Bpe.Options(json.string("unk_token", null),
        json.string("continuing_subword_prefix", ""), json.string("end_of_word_suffix", ""),
        json.flag("fuse_unk", false), json.flag("byte_fallback", false), json.flag("ignore_merges", false)));
  }

  private Model unigram(Json json) {
    if (scores == null) {
      throw wrong("a Unigram vocab is an array of [token, score]");
    }
    return new Unigram(vocabulary(), Arrays.copyOf(scores, scored), json.integer("unk_id", -1, 0, Integer.MAX_VALUE),
        json.flag("byte_fallback", false), json.flag(DefinitionWriter.SINGLE_PRECISION, false));
  }

  private Vocabulary vocabulary() {
    if (vocabulary == null) {
      throw wrong("there is no vocab");
    }
    return vocabulary.build();
  }
}
