package dev.hone.train.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The fields of a request: null is the same as absent, and what has the wrong type or size is refused by its name. */
final class Fields {
  private static final int METADATA_FIELDS = 16; // as OpenAI has it
  private static final int METADATA = 512;

  private final ObjectNode json;
  private final Set<String> asked = new TreeSet<>();

  Fields(ObjectNode json) {
    this.json = json;
  }

  /** A field, or null. */
  JsonNode get(String name) {
    asked.add(name);
    JsonNode value = json.get(name);
    return value == null || value.isNull() ? null : value;
  }

  boolean has(String name) {
    return get(name) != null;
  }

  String text(String name, String usual) {
    JsonNode value = get(name);
    if (value != null && !value.isString()) {
      throw ApiException.bad(name, name + " must be a text");
    }
    return value == null ? usual : value.asString();
  }

  boolean flag(String name, boolean usual) {
    JsonNode value = get(name);
    if (value != null && !value.isBoolean()) {
      throw ApiException.bad(name, name + " must be true or false");
    }
    return value == null ? usual : value.asBoolean();
  }

  int integer(String name, int usual, int least, int most) {
    return (int) whole(name, usual, least, most);
  }

  long whole(String name, long usual, long least, long most) {
    JsonNode value = get(name);
    if (value == null) {
      return usual;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.asLong() < least || value.asLong() > most) {
      throw ApiException.bad(name, name + " must be a whole number from " + least + " to " + most + ", is " + shown(value));
    }
    return value.asLong();
  }

  float number(String name, float usual, double least, double most) {
    JsonNode value = get(name);
    if (value == null) {
      return usual;
    }
    double number = value.isNumber() ? value.asDouble(Double.NaN) : Double.NaN; // that of whole numbers without end, too
    if (!(number >= least && number <= most)) {
      throw ApiException.bad(name, name + " must be a number from " + plain(least) + " to " + plain(most) + ", is "
          + shown(value));
    }
    return (float) number;
  }

  private static String plain(double bound) {
    return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
  }

  /** What a field says, short enough for a message. */
  static String shown(JsonNode value) {
    return ApiException.shortened(value.toString());
  }

  /** A text or a list of at most so many texts. */
  List<String> texts(String name, int most) {
    JsonNode value = get(name);
    if (value == null) {
      return List.of();
    }
    List<String> texts = new ArrayList<>();
    if (value.isString()) {
      texts.add(value.asString());
    } else if (value.isArray()) {
      for (JsonNode each : value) {
        if (!each.isString()) {
          throw ApiException.bad(name, name + " must be a text or a list of texts, has " + shown(each));
        }
        texts.add(each.asString());
      }
    } else {
      throw ApiException.bad(name, name + " must be a text or a list of texts");
    }
    if (texts.size() > most) {
      throw ApiException.bad(name, name + " may have at most " + most + " texts, has " + texts.size());
    }
    return texts;
  }

  /** Takes fields that change nothing here, which the documentation says. */
  void withoutEffect(String... names) {
    for (String name : names) {
      asked.add(name);
    }
  }

  /** Refuses a field that this server does not have. */
  void refuse(String name, String why) {
    if (has(name)) {
      throw ApiException.unsupported(name, name + " " + why);
    }
  }

  /** What a request says about itself: the texts of {@code metadata}, which change no answer. */
  Map<String, String> metadata() {
    Map<String, String> all = new TreeMap<>();
    if (get("metadata") instanceof ObjectNode given) {
      given.properties().stream().filter(each -> each.getValue().isString() && each.getValue().asString().length() <= METADATA)
          .limit(METADATA_FIELDS).forEach(each -> all.put(each.getKey(), each.getValue().asString()));
    }
    return all;
  }

  /** Tells the names of fields that nobody asked for. */
  void unknown(Consumer<String> listener) {
    json.propertyNames().stream().filter(name -> !asked.contains(name)).forEach(listener);
  }

  ObjectNode json() {
    return json;
  }
}
