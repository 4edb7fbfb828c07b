package dev.hone.nn.load;

import dev.hone.core.Activation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Typed access to {@code config.json}. A value that is missing or of the wrong kind fails with the file and the key. */
public final class ConfigReader {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private static final System.Logger LOG = System.getLogger("dev.hone.nn");

  private final String file;
  private final JsonNode root;

  private ConfigReader(String file, JsonNode root) {
    this.file = file;
    this.root = root;
  }

  /** Reads a file. */
  public static ConfigReader read(Path file) {
    try {
      JsonNode tree = JSON.readTree(Files.readString(file));
      if (!tree.isObject()) {
        throw new ModelException(file + ": expected a JSON object");
      }
      return new ConfigReader(file.toString(), tree);
    } catch (IOException | JacksonException e) {
      throw new ModelException(file + ": cannot be read as JSON: " + firstLine(e.getMessage()), e);
    }
  }

  private static String firstLine(String text) {
    return text == null ? "" : text.lines().findFirst().orElse("");
  }

  /** The whole tree, for writing it back. A copy. */
  public ObjectNode tree() {
    return (ObjectNode) root.deepCopy();
  }

  /** Whether a key is there and not null. */
  public boolean has(String key) {
    return root.hasNonNull(key);
  }

  /** A section, or an empty one. */
  public ConfigReader section(String key) {
    return new ConfigReader(file + ": " + key, has(key) ? root.get(key) : JSON.createObjectNode());
  }

  /** A whole number that must be there and positive. */
  public int size(String key) {
    if (!has(key)) {
      throw new ModelException(file + ": '" + key + "' is missing");
    }
    JsonNode node = root.get(key);
    if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 1) {
      throw new ModelException(file + ": '" + key + "' must be a positive whole number, is " + node);
    }
    return node.intValue();
  }

  /** A whole number, or a default. */
  public int integer(String key, int otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    JsonNode node = root.get(key);
    if (!node.isNumber() || !node.canConvertToInt()) {
      throw new ModelException(file + ": '" + key + "' must be a whole number, is " + node);
    }
    return node.intValue();
  }

  /** A number, or a default. */
  public double number(String key, double otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    if (!root.get(key).isNumber()) {
      throw new ModelException(file + ": '" + key + "' must be a number, is " + root.get(key));
    }
    return root.get(key).doubleValue();
  }

  /** A list of numbers, or null. */
  public double[] numbers(String key) {
    if (!has(key)) {
      return null;
    }
    JsonNode node = root.get(key);
    double[] values = new double[node.size()];
    for (int i = 0; i < values.length; i++) {
      if (!node.get(i).isNumber()) {
        throw new ModelException(file + ": '" + key + "' must be a list of numbers");
      }
      values[i] = node.get(i).doubleValue();
    }
    return values;
  }

  /** A truth value, or a default. */
  public boolean flag(String key, boolean otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    if (!root.get(key).isBoolean()) {
      throw new ModelException(file + ": '" + key + "' must be true or false, is " + root.get(key));
    }
    return root.get(key).booleanValue();
  }

  /** A text, or a default. */
  public String text(String key, String otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    if (!root.get(key).isString()) {
      throw new ModelException(file + ": '" + key + "' must be a text, is " + root.get(key));
    }
    return root.get(key).stringValue();
  }

  /** A list of texts; empty if missing. */
  public List<String> texts(String key) {
    List<String> values = new ArrayList<>();
    if (has(key)) {
      root.get(key).forEach(node -> values.add(node.asString()));
    }
    return values;
  }

  /**
   * The names of {@code id2label} by id, or null if there are none. There are as many classes as names; one without a name
   * of its own, as when ids begin with 1, has the usual one.
   */
  public List<String> labels() {
    if (!has("id2label") || !root.get("id2label").isObject()) {
      return null;
    }
    JsonNode node = root.get("id2label");
    List<String> names = new ArrayList<>();
    for (int i = 0; i < node.size(); i++) {
      JsonNode name = node.get(Integer.toString(i));
      names.add(name == null ? "LABEL_" + i : name.asString());
    }
    List<String> others = node.propertyNames().stream().filter(key -> !isBelow(key, node.size())).toList();
    if (!others.isEmpty()) {
      LOG.log(System.Logger.Level.WARNING, file + ": 'id2label' has " + node.size() + " names, so ids go from 0 to "
          + (node.size() - 1) + "; unused: " + String.join(", ", others) + "; the names are " + String.join(", ", names));
    }
    return names;
  }

  private boolean isBelow(String id, int bound) {
    try {
      int value = Integer.parseInt(id);
      return value >= 0 && value < bound;
    } catch (NumberFormatException e) {
      throw new ModelException(file + ": 'id2label' maps ids to names; its key '" + id + "' is no whole number", e);
    }
  }

  /** An activation by the name that Hugging Face uses. */
  public Activation activation(String key, String otherwise) {
    String name = text(key, otherwise);
    return switch (name) {
      case "gelu", "gelu_python" -> Activation.GELU;
      case "gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_fast", "gelu_accurate" -> Activation.GELU_TANH;
      case "relu" -> Activation.RELU;
      case "silu", "swish" -> Activation.SILU;
      case "tanh" -> Activation.TANH;
      default -> throw new ModelException(file + ": '" + key + "' is '" + name
          + "'; known: gelu, gelu_python, gelu_new, gelu_pytorch_tanh, gelu_python_tanh, gelu_fast, gelu_accurate, relu, silu, "
              + "swish, tanh");
    };
  }

  /** Fails, naming a value that is not understood and those that are. */
  public ModelException unknown(String key, String value, Set<String> known) {
    return new ModelException(file + ": '" + key + "' is '" + value + "'; known: " + String.join(", ", new TreeSet<>(known)));
  }

  /** The file, as messages call it. */
  public String file() {
    return file;
  }
}
