package dev.hone.lora;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The fields of a JSON file, whose messages name the file and the field. */
record JsonFields(Path file, JsonNode tree) {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  static JsonFields read(Path file) {
    try {
      return new JsonFields(file, JSON.readTree(Files.readString(file)));
    } catch (IOException | JacksonException e) {
      throw new AdapterException(file + ": cannot be read as JSON: " + e.getMessage().lines().findFirst().orElse(""), e);
    }
  }

  /** Whether a field is there and says something: not null, not false, not empty. */
  boolean isSet(String name) {
    JsonNode value = tree.path(name);
    return value.isBoolean() ? value.booleanValue()
        : !value.isMissingNode() && !value.isNull() && !(value.isContainer() && value.isEmpty());
  }

  boolean flag(String name) {
    JsonNode value = tree.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return false;
    }
    return checked(name, "true or false", value.isBoolean(), value).booleanValue();
  }

  int whole(String name) {
    JsonNode value = tree.path(name);
    return checked(name, "a whole number", value.isInt(), value).intValue();
  }

  double number(String name, double otherwise) {
    JsonNode value = tree.path(name);
    return value.isMissingNode() || value.isNull() ? otherwise
        : checked(name, "a number", value.isNumber(), value).doubleValue();
  }

  String text(String name, String otherwise) {
    JsonNode value = tree.path(name);
    return value.isMissingNode() || value.isNull() ? otherwise : checked(name, "a text", value.isString(), value).stringValue();
  }

  /** A list of texts, or one text alone; empty if there is none. */
  List<String> texts(String name) {
    JsonNode value = tree.path(name);
    if (value.isString()) {
      return List.of(value.stringValue());
    }
    return list(name, "a list of texts", JsonNode::isString, JsonNode::stringValue);
  }

  /** A list of whole numbers, or one number alone; empty if there is none. */
  List<Integer> wholes(String name) {
    JsonNode value = tree.path(name);
    if (value.isInt()) {
      return List.of(value.intValue());
    }
    return list(name, "a list of whole numbers", JsonNode::isInt, JsonNode::intValue);
  }

  private <T> List<T> list(String name, String what, Function<JsonNode, Boolean> is, Function<JsonNode, T> as) {
    JsonNode value = tree.path(name);
    List<T> list = new ArrayList<>();
    if (!value.isMissingNode() && !value.isNull()) {
      checked(name, what, value.isArray(), value);
      value.forEach(item -> list.add(as.apply(checked(name, what, is.apply(item), item))));
    }
    return list;
  }

  /** Names of modules: a list of names, or one text that is a regular expression. */
  ModuleNames modules(String name) {
    boolean pattern = tree.path(name).isString() && !tree.path(name).stringValue().equals(Targets.ALL_LINEAR);
    return new ModuleNames(texts(name), pattern);
  }

  /** An object of numbers. */
  <T> Map<String, T> numbers(String name, Function<JsonNode, T> as) {
    JsonNode value = tree.path(name);
    Map<String, T> map = new LinkedHashMap<>();
    if (!value.isMissingNode() && !value.isNull()) {
      checked(name, "an object of numbers", value.isObject(), value);
      value.properties().forEach(entry ->
          map.put(entry.getKey(),
              as.apply(checked(name, "an object of numbers", entry.getValue().isNumber(), entry.getValue()))));
    }
    return map;
  }

  private JsonNode checked(String name, String what, boolean holds, JsonNode value) {
    if (!holds) {
      throw new AdapterException(file + ": '" + name + "' must be " + what + ", is "
          + (value.isMissingNode() ? "missing" : value));
    }
    return value;
  }
}
