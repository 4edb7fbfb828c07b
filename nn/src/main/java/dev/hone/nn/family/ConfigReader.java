package dev.hone.nn.family;

import dev.hone.core.Activation;
import dev.hone.core.HoneException;
import dev.hone.nn.ModelException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Typed access to a JSON object in a file, such as {@code config.json}, {@code generation_config.json} or PEFT's {@code
 * adapter_config.json}. A value that is missing, of the wrong kind or out of its range fails with the file, the key, the value
 * (shortened) and the rule. A key that is null is one that is not there, as in the libraries that write these files.
 */
public final class ConfigReader {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final long MAX_BYTES = 32L << 20; // a hundred thousand labels take a tenth
  private static final int SHOWN = 80;
  private static final int MAX_SIZE = 1 << 24;
  private static final int MAX_LAYERS = 10_000;

  private static final System.Logger LOG = System.getLogger("dev.hone.nn");

  private final String file;
  private final JsonNode root;
  private final BiFunction<String, Throwable, ? extends HoneException> failure;

  private ConfigReader(String file, JsonNode root, BiFunction<String, Throwable, ? extends HoneException> failure) {
    this.file = file;
    this.root = root;
    this.failure = failure;
  }

  /** Reads a file of a model; what is wrong with it is a {@link ModelException}. */
  public static ConfigReader read(Path file) {
    return read(file, ModelException::new);
  }

  /**
   * Reads a file.
   *
   * @param failure makes the exception from its message and its cause, which may be null
   */
  public static ConfigReader read(Path file, BiFunction<String, Throwable, ? extends HoneException> failure) {
    try {
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        throw failure.apply(file + ": " + size + " bytes; a configuration may have " + MAX_BYTES, null);
      }
      JsonNode tree = JSON.readTree(Files.readString(file));
      if (!tree.isObject()) {
        throw failure.apply(file + ": expected a JSON object, is " + shown(tree), null);
      }
      return new ConfigReader(file.toString(), tree, failure);
    } catch (JacksonException e) {
      throw failure.apply(file + ": cannot be read as JSON: " + shortened(e.getOriginalMessage()) + at(e), e);
    } catch (CharacterCodingException e) {
      throw failure.apply(file + ": cannot be read as JSON: it is not UTF-8", e);
    } catch (IOException e) {
      throw failure.apply(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static String at(JacksonException e) {
    return e.getLocation() == null ? ""
        : " (line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr() + ")";
  }

  /** The whole tree, for writing it back. A copy. */
  public ObjectNode tree() {
    return (ObjectNode) root.deepCopy();
  }

  /** This configuration with another value for a key. */
  public ConfigReader with(String key, int value) {
    ObjectNode tree = tree();
    tree.put(key, value);
    return new ConfigReader(file, tree, failure);
  }

  /** Other settings in place of these; messages name the same file. */
  public ConfigReader with(ObjectNode tree) {
    return new ConfigReader(file, tree, failure);
  }

  /** These settings without one of them. */
  public ConfigReader without(String key) {
    ObjectNode tree = tree();
    tree.remove(key);
    return new ConfigReader(file, tree, failure);
  }

  /** Whether a key is there and not null. */
  public boolean has(String key) {
    return root.hasNonNull(key);
  }

  /** Whether a key is there, if only with null: some have another meaning then. */
  public boolean names(String key) {
    return root.has(key);
  }

  /** Whether a key is there and says something: not null, not false, not empty. */
  public boolean isSet(String key) {
    return has(key) && !(root.get(key).isContainer() && root.get(key).isEmpty())
        && !(root.get(key).isBoolean() && !root.get(key).booleanValue());
  }

  /** The value of a key as a message shows it. */
  public String shown(String key) {
    return shown(root.path(key));
  }

  /** A section, or an empty one. */
  public ConfigReader section(String key) {
    JsonNode node = has(key) ? checked(key, "an object", root.get(key), JsonNode::isObject) : JSON.createObjectNode();
    return new ConfigReader(file + ": " + key, node, failure);
  }

  /** A number of rows, columns or heads that must be there, from 1. */
  public int size(String key) {
    return required(key, 1, MAX_SIZE);
  }

  /** A number of rows, columns or heads, or a default. */
  public int size(String key, int otherwise) {
    return integer(key, otherwise, 1, MAX_SIZE);
  }

  /** A number of layers that must be there: each costs memory before any weight of it is seen. */
  public int layers(String key) {
    return required(key, 1, MAX_LAYERS);
  }

  /** A whole number within a range that must be there. */
  public int required(String key, int least, int most) {
    if (!has(key)) {
      throw fault("'" + key + "' is missing");
    }
    return integer(key, 0, least, most);
  }

  /** A whole number, or a default. */
  public int integer(String key, int otherwise) {
    return integer(key, otherwise, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /** A whole number within a range, or a default, which need not be in it. */
  public int integer(String key, int otherwise, int least, int most) {
    return has(key) ? whole(key, root.get(key), least, most) : otherwise;
  }

  private int whole(String key, JsonNode node, int least, int most) {
    String rule = "a whole number" + (least == Integer.MIN_VALUE ? ""
        : most == Integer.MAX_VALUE ? " of at least " + least : " from " + least + " to " + most);
    double value = checked(key, rule, node, JsonNode::isNumber).numberValue().doubleValue(); // exact in the range of an int
    checked(key, rule, node, _ -> value == Math.rint(value) && value >= least && value <= most);
    return (int) value;
  }

  /** Whole numbers within a range: a list or one alone; empty if there are none. */
  public List<Integer> integers(String key, int least, int most) {
    return elements(key, "a list of whole numbers").stream().map(node -> whole(key, node, least, most)).toList();
  }

  /** Pairs of whole numbers. */
  public List<List<Integer>> pairs(String key, int least, int most) {
    return elements(key, "a list of pairs of whole numbers").stream().map(node -> {
      checked(key, "a list of pairs of whole numbers", node, pair -> pair.isArray() && pair.size() == 2);
      return List.of(whole(key, node.get(0), least, most), whole(key, node.get(1), least, most));
    }).toList();
  }

  /** A number, or a default. It is finite, also as a float. */
  public double number(String key, double otherwise) {
    return number(key, otherwise, Range.FINITE);
  }

  /** A number within a range, or a default, which need not be in it. */
  public double number(String key, double otherwise, Range range) {
    return has(key) ? decimal(key, root.get(key), range) : otherwise;
  }

  private double decimal(String key, JsonNode node, Range range) {
    // numberValue: beyond the range of a double it is infinite, where the node's own conversion throws
    return checked(key, "a number " + range, node, each -> each.isNumber() && range.holds(each.numberValue().doubleValue()))
        .numberValue().doubleValue();
  }

  /** A list of numbers within a range, or null. */
  public double[] numbers(String key, Range range) {
    if (!has(key)) {
      return null;
    }
    JsonNode node = checked(key, "a list of numbers", root.get(key), JsonNode::isArray);
    double[] values = new double[node.size()];
    Arrays.setAll(values, i -> decimal(key, node.get(i), range));
    return values;
  }

  /** An object of numbers within a range; empty if there is none. */
  public Map<String, Double> numbersByName(String key, Range range) {
    Map<String, Double> values = new LinkedHashMap<>();
    if (has(key)) {
      checked(key, "an object of numbers", root.get(key), JsonNode::isObject).properties()
          .forEach(entry -> values.put(entry.getKey(), decimal(key, entry.getValue(), range)));
    }
    return values;
  }

  /** An object of whole numbers within a range; empty if there is none. */
  public Map<String, Integer> integersByName(String key, int least, int most) {
    Map<String, Integer> values = new LinkedHashMap<>();
    if (has(key)) {
      checked(key, "an object of whole numbers", root.get(key), JsonNode::isObject).properties()
          .forEach(entry -> values.put(entry.getKey(), whole(key, entry.getValue(), least, most)));
    }
    return values;
  }

  /** A truth value, or a default. */
  public boolean flag(String key, boolean otherwise) {
    return has(key) ? checked(key, "true or false", root.get(key), JsonNode::isBoolean).booleanValue() : otherwise;
  }

  /** A text, or a default. */
  public String text(String key, String otherwise) {
    return has(key) ? checked(key, "a text", root.get(key), JsonNode::isString).stringValue() : otherwise;
  }

  /** Texts: a list or one alone; empty if there are none. */
  public List<String> texts(String key) {
    return elements(key, "a list of texts").stream()
        .map(node -> checked(key, "a list of texts", node, JsonNode::isString).stringValue()).toList();
  }

  /** Whether a key holds an object. */
  public boolean isObject(String key) {
    return root.path(key).isObject();
  }

  /** Whether a key holds one text, not a list of them. */
  public boolean isText(String key) {
    return root.path(key).isString();
  }

  /** One of the constants by its name in small letters, or a default; a default of null makes it one that must be there. */
  public <E extends Enum<E>> E word(String key, E[] known, E otherwise) {
    String word = text(key, otherwise == null ? "" : otherwise.name().toLowerCase(Locale.ROOT));
    for (E constant : known) {
      if (constant.name().toLowerCase(Locale.ROOT).equals(word)) {
        return constant;
      }
    }
    throw unknown(key, word, Arrays.stream(known).map(constant -> constant.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.toSet()));
  }

  private List<JsonNode> elements(String key, String rule) {
    if (!has(key)) {
      return List.of();
    }
    JsonNode node = root.get(key);
    if (!node.isContainer()) {
      return List.of(node);
    }
    List<JsonNode> elements = new ArrayList<>();
    checked(key, rule, node, JsonNode::isArray).forEach(elements::add);
    return elements;
  }

  /**
   * The names of {@code id2label} by id, or null if there are none. There are as many classes as names; one without a name
   * of its own, as when ids begin with 1, has the usual one.
   */
  public List<String> labels() {
    if (!has("id2label")) {
      return null;
    }
    JsonNode node = checked("id2label", "an object", root.get("id2label"), JsonNode::isObject);
    if (node.isEmpty()) {
      return null;
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < node.size(); i++) {
      JsonNode name = node.get(Integer.toString(i));
      names.add(name == null ? "LABEL_" + i
          : checked("id2label", "an object of texts", name, each -> each.isValueNode() && !each.isNull()).asString());
    }
    List<String> others = node.propertyNames().stream().filter(key -> !isBelow(key, node.size())).toList();
    if (!others.isEmpty()) {
      LOG.log(System.Logger.Level.WARNING, shortened(file + ": 'id2label' has " + node.size() + " names, so ids go from 0 to "
          + (node.size() - 1) + "; unused: " + String.join(", ", others) + "; the names are " + String.join(", ", names)));
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
      default -> throw fault("'" + key + "' is '" + shortened(name)
          + "'; known: gelu, gelu_python, gelu_new, gelu_pytorch_tanh, gelu_python_tanh, gelu_fast, gelu_accurate, relu, silu, "
              + "swish, tanh");
    };
  }

  /** Fails, naming a value that is not understood and those that are. */
  public HoneException unknown(String key, String value, Set<String> known) {
    return fault("'" + key + "' is '" + shortened(value) + "'; known: " + String.join(", ", new TreeSet<>(known)));
  }

  /** The exception for what is wrong with the file, whose name is put before it. */
  public HoneException fault(String problem) {
    return failure.apply(file + ": " + problem, null);
  }

  /** Fails unless one size is a multiple of another; the keys are for the message. */
  public void requireMultiple(String key, int size, String divisorKey, int divisor) {
    if (size % divisor != 0) {
      throw fault("'" + key + "' " + size + " must be a multiple of '" + divisorKey + "' " + divisor);
    }
  }

  /** Fails if heads together are wider than any model: their product must not overflow. */
  public void requireWidth(String key, int heads, int headDim) {
    if ((long) heads * headDim > MAX_SIZE) {
      throw fault("'" + key + "' " + heads + " times a width of " + headDim + " must be at most " + MAX_SIZE);
    }
  }

  private JsonNode checked(String key, String rule, JsonNode node, Predicate<JsonNode> holds) {
    if (!holds.test(node)) {
      throw fault("'" + key + "' must be " + rule + ", is " + shown(node));
    }
    return node;
  }

  private static String shown(JsonNode node) {
    return node.isMissingNode() ? "missing" : shortened(node.toString());
  }

  /** A text as a message shows it: not longer than a line. */
  public static String shortened(String text) {
    String plain = text.replaceAll("\\p{Cntrl}+", " ");
    return plain.length() <= SHOWN ? plain
        : plain.substring(0, plain.offsetByCodePoints(0, SHOWN / 2)) + "… (" + plain.length() + " characters)";
  }

  /** The file, as messages call it. */
  public String file() {
    return file;
  }
}
