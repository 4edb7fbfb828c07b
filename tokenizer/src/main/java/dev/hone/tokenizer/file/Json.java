package dev.hone.tokenizer.file;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.text.Excerpt;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads fields of one JSON object; every error names the object and the field. */
record Json(String where, JsonNode node) {

  /** Reads a file's content, which must be an object. */
  static Json read(byte[] content, String where) {
    JsonNode node;
    try {
      node = new JsonMapper().readTree(content);
    } catch (JacksonException e) {
      throw new TokenizerException(where + ": not valid JSON: " + e.getOriginalMessage(), e);
    }
    return new Json(where, node).requireObject();
  }

  /** The object's "type" field. */
  String type() {
    return string("type");
  }

  boolean has(String field) {
    JsonNode value = node.get(field);
    return value != null && !value.isNull();
  }

  boolean flag(String field, boolean absent) {
    if (!has(field)) {
      return absent;
    }
    JsonNode value = node.get(field);
    if (!value.isBoolean()) {
      throw wrong(field, "true or false", value);
    }
    return value.booleanValue();
  }

  String string(String field) {
    if (!has(field)) {
      throw new TokenizerException(where + ": field \"" + field + "\" is missing");
    }
    JsonNode value = node.get(field);
    if (!value.isString()) {
      throw wrong(field, "a string", value);
    }
    return value.stringValue();
  }

  String string(String field, String absent) {
    return has(field) ? string(field) : absent;
  }

  /** An integer within a range that must be there. */
  int integer(String field, int least, int most) {
    if (!has(field)) {
      throw new TokenizerException(where + ": field \"" + field + "\" is missing");
    }
    return integer(field, node.get(field), least, most);
  }

  /** An integer within a range, or a default, which need not be in it. */
  int integer(String field, int absent, int least, int most) {
    return has(field) ? integer(field, least, most) : absent;
  }

  private int integer(String field, JsonNode value, int least, int most) {
    boolean holds = value.isIntegralNumber() && value.canConvertToInt() && value.intValue() >= least && value.intValue() <= most;
    if (!holds) {
      throw wrong(field, "an integer " + (most == Integer.MAX_VALUE ? "of at least " + least : "from " + least + " to " + most),
          value);
    }
    return value.intValue();
  }

  /** An array of integers within a range. */
  int[] integers(String field, int least, int most) {
    JsonNode array = array(field);
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = integer(field, array.get(i), least, most);
    }
    return values;
  }

  /** An array of strings. */
  String[] strings(String field) {
    JsonNode array = array(field);
    String[] values = new String[array.size()];
    for (int i = 0; i < values.length; i++) {
      if (!array.get(i).isString()) {
        throw wrong(field, "an array of strings", array);
      }
      values[i] = array.get(i).stringValue();
    }
    return values;
  }

  /** A string of one code point that must be there. */
  int character(String field) {
    string(field);
    return character(field, 0);
  }

  /** A string of one code point. */
  int character(String field, int absent) {
    if (!has(field)) {
      return absent;
    }
    String text = string(field);
    if (text.codePointCount(0, text.length()) != 1) {
      throw wrong(field, "one character", node.get(field));
    }
    return text.codePointAt(0);
  }

  /** An object in a field. */
  Json object(String field) {
    if (!has(field)) {
      throw new TokenizerException(where + ": field \"" + field + "\" is missing");
    }
    return new Json(where + "." + field, node.get(field)).requireObject();
  }

  /** Reads every element of an array. */
  <T> List<T> list(String field, Function<Json, T> read) {
    JsonNode array = array(field);
    List<T> out = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      out.add(read.apply(new Json(where + "." + field + "[" + i + "]", array.get(i))));
    }
    return out;
  }

  JsonNode array(String field) {
    if (!has(field)) {
      throw new TokenizerException(where + ": field \"" + field + "\" is missing");
    }
    JsonNode value = node.get(field);
    if (!value.isArray()) {
      throw wrong(field, "an array", value);
    }
    return value;
  }

  Json requireObject() {
    if (!node.isObject()) {
      throw new TokenizerException(where + ": an object was expected, found " + brief(node));
    }
    return this;
  }

  TokenizerException wrong(String field, String expected, JsonNode found) {
    return new TokenizerException(where + ": field \"" + field + "\" must be " + expected + ", found " + brief(found));
  }

  private static String brief(JsonNode node) {
    return Excerpt.of(node.toString());
  }

  TokenizerException unknownType(String what) {
    return new TokenizerException(where + ": " + what + " of type \"" + Excerpt.of(type()) + "\" is not known");
  }
}
