package dev.hone.nn.family;

import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.core.io.TensorSource;
import dev.hone.core.quant.Int8Rows;
import dev.hone.core.quant.Nf4;
import dev.hone.core.quant.Quantized;
import dev.hone.nn.ModelException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Quantised weights as transformers and bitsandbytes store them. NF4: {@code L.weight} is bytes of two codes, beside it
 * {@code .absmax}, {@code .quant_map}, with double quantisation {@code .nested_absmax} and {@code .nested_quant_map}, and what is
 * no tensor as JSON in {@code .quant_state.bitsandbytes__nf4}. Rows of 8 bits: {@code L.weight} is I8, beside it {@code
 * L.SCB}, the largest magnitude of each row, and {@code L.weight_format}. {@code quantization_config} in {@code config.json}
 * says which.
 */
public final class BitsAndBytes {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String METHOD = "bitsandbytes";
  private static final String SECTION = "quantization_config";
  private static final String STATE = ".quant_state.bitsandbytes__";
  private static final String ABSMAX = ".absmax";
  private static final String MAP = ".quant_map";
  private static final String NESTED_ABSMAX = ".nested_absmax";
  private static final String NESTED_MAP = ".nested_quant_map";
  private static final int MAX_STATE = 1 << 16; // bytes

  private BitsAndBytes() {}

  /** Fails for a way to quantise that is not read. */
  public static void check(ConfigReader config) {
    if (config.has(SECTION)) {
      ConfigReader section = config.section(SECTION);
      String method = section.text("quant_method", METHOD);
      if (!method.equals(METHOD)) {
        throw section.unknown("quant_method", method, Set.of(METHOD));
      }
    }
  }

  /** Whether a weight is stored quantised. */
  static boolean holds(TensorSource source, String weight) {
    if (!source.contains(weight)) {
      return false;
    }
    return switch (source.dtype(weight)) {
      case U8 -> source.contains(weight + ABSMAX);
      case I8 -> source.contains(rows(weight));
      default -> false;
    };
  }

  /** The names of all tensors of a quantised weight. */
  static Set<String> parts(TensorSource source, String weight) {
    Set<String> names = new LinkedHashSet<>(List.of(weight));
    List<String> others = source.dtype(weight) == DType.I8 ? List.of(rows(weight), format(weight))
        : List.of(weight + ABSMAX, weight + MAP, weight + NESTED_ABSMAX, weight + NESTED_MAP, weight + STATE + "nf4");
    others.stream().filter(source::contains).forEach(names::add);
    return names;
  }

  private static String rows(String weight) {
    return layer(weight) + "SCB";
  }

  private static String format(String weight) {
    return layer(weight) + "weight_format";
  }

  private static String layer(String weight) {
    return weight.substring(0, weight.length() - "weight".length());
  }

  /** A quantised weight, [out, in], over the bytes of the file. */
  static Tensor read(TensorSource source, String weight) {
    try {
      return source.dtype(weight) == DType.I8 ? readRows(source, weight) : readNf4(source, weight);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw fault(source, weight, e.getMessage());
    }
  }

  private static Tensor readRows(TensorSource source, String weight) {
    Tensor codes = source.tensor(weight);
    Tensor absmax = typed(source, rows(weight), DType.F32);
    if (source.contains(format(weight)) && source.tensor(format(weight)).get(0) != 0) {
      throw fault(source, weight, "its weight_format is " + (int) source.tensor(format(weight)).get(0)
          + "; known: 0, codes row by row");
    }
    if (codes.shape().rank() != 2) {
      throw fault(source, weight, "it is " + codes.shape() + "; it must have two axes");
    }
    return new Int8Rows(codes.dim(1), codes.segment(), absmax.segment()).tensor(codes.shape());
  }

  private static Tensor readNf4(TensorSource source, String weight) {
    JsonNode state = state(source, weight);
    int block = state.path("blocksize").asInt(0);
    if (block != Nf4.BLOCK) {
      throw fault(source, weight, "its blocksize is " + block + "; known: " + Nf4.BLOCK);
    }
    float[] map = typed(source, weight + MAP, DType.F32).toFloatArray();
    if (!Arrays.equals(map, Nf4.codeBook())) {
      throw fault(source, weight, "its quant_map is not that of nf4");
    }
    int[] dims = new int[state.path("shape").size()];
    Arrays.setAll(dims, i -> state.path("shape").get(i).asInt(-1));
    Shape shape = Shape.of(dims);
    Nf4.Nested nested = null;
    if (source.contains(weight + NESTED_ABSMAX)) {
      int nestedBlock = state.path("nested_blocksize").asInt(0);
      if (nestedBlock != Nf4.NESTED_BLOCK || !state.path("nested_offset").isNumber()) {
        throw fault(source, weight, "its nested_blocksize is " + nestedBlock + "; known: " + Nf4.NESTED_BLOCK
            + ", with a nested_offset");
      }
      nested = new Nf4.Nested(typed(source, weight + NESTED_ABSMAX, DType.F32).segment(),
          typed(source, weight + NESTED_MAP, DType.F32).toFloatArray(), (float) state.path("nested_offset").doubleValue());
    }
    MemorySegment absmax = typed(source, weight + ABSMAX, nested == null ? DType.F32 : DType.U8).segment();
    return new Nf4(shape.size(), source.tensor(weight).segment(), absmax, nested).tensor(shape);
  }

  private static JsonNode state(TensorSource source, String weight) {
    String name = weight + STATE + "nf4";
    if (!source.contains(name)) {
      String other = source.names().stream().filter(key -> key.startsWith(weight + STATE)).findFirst().orElse(null);
      throw fault(source, weight, other == null ? "it has no " + STATE.substring(1) + "nf4"
          : "it is " + other.substring((weight + STATE).length()) + "; known: nf4");
    }
    Tensor bytes = typed(source, name, DType.U8);
    if (bytes.size() > MAX_STATE) {
      throw fault(source, weight, name + " has " + bytes.size() + " bytes");
    }
    try {
      byte[] text = bytes.segment().toArray(ValueLayout.JAVA_BYTE);
      return JSON.readTree(new String(text, StandardCharsets.UTF_8));
    } catch (JacksonException e) {
      throw fault(source, weight, name + " is not JSON");
    }
  }

  private static Tensor typed(TensorSource source, String name, DType type) {
    if (!source.contains(name) || source.dtype(name) != type) {
      throw new ModelException(source.origin() + ": " + name + " is "
          + (source.contains(name) ? source.dtype(name) + "; it must be " + type : "missing"));
    }
    return source.tensor(name);
  }

  private static ModelException fault(TensorSource source, String weight, String what) {
    return new ModelException(source.origin() + ": the quantised " + weight + " cannot be read: " + what);
  }

  /**
   * Adds the tensors of a quantised weight to a file.
   *
   * @param name ends with {@code weight}
   * @param dtype what bitsandbytes is to widen it to, such as {@code bfloat16}
   */
  public static void write(SafetensorsWriter writer, String name, Tensor value, String dtype) {
    Shape shape = value.shape();
    switch (Quantized.in(value.to(Device.CPU))) {
      case Int8Rows rows -> {
        writer.add(name, Tensor.of(rows.codes(), DType.I8, shape));
        writer.add(rows(name), Tensor.of(rows.absmax(), DType.F32, Shape.of(shape.dim(0))));
        writer.add(format(name), Tensor.of(MemorySegment.ofArray(new byte[1]), DType.U8, Shape.of()));
      }
      case Nf4 nf4 -> {
        int blocks = (int) ((nf4.size() + Nf4.BLOCK - 1) / Nf4.BLOCK);
        ObjectNode state = JSON.createObjectNode().put("quant_type", "nf4").put("blocksize", Nf4.BLOCK).put("dtype", dtype);
        Arrays.stream(shape.toArray()).forEach(state.putArray("shape")::add);
        writer.add(name, Tensor.of(nf4.codes(), DType.U8, Shape.of((int) nf4.codes().byteSize(), 1)));
        writer.add(name + ABSMAX, Tensor.of(nf4.absmax(), nf4.nested() == null ? DType.F32 : DType.U8, Shape.of(blocks)));
        writer.add(name + MAP, Tensor.of(Nf4.codeBook(), 16));
        if (nf4.nested() != null) {
          state.put("nested_blocksize", Nf4.NESTED_BLOCK).put("nested_dtype", "float32")
              .put("nested_offset", (double) nf4.nested().offset());
          writer.add(name + NESTED_ABSMAX, Tensor.of(nf4.nested().absmax(), DType.F32,
              Shape.of((int) (nf4.nested().absmax().byteSize() / 4))));
          writer.add(name + NESTED_MAP, Tensor.of(nf4.nested().map(), 256));
        }
        byte[] text = JSON.writeValueAsString(state).getBytes(StandardCharsets.UTF_8);
        writer.add(name + STATE + "nf4", Tensor.of(MemorySegment.ofArray(text), DType.U8, Shape.of(text.length)));
      }
      default -> throw new ModelException(name + " is " + value.dtype() + ", which has no layout in files; quantise to nf4 or "
          + "int8, or say as which type to store it");
    }
  }

  /**
   * Says in the tree of {@code config.json} how the weights are quantised.
   *
   * @param type of the quantised weights; null if there are none
   * @param others the linear layers that are not quantised
   */
  public static void configure(ObjectNode tree, DType type, List<String> others, String dtype) {
    tree.remove(SECTION);
    if (type == null) {
      return;
    }
    boolean four = type == DType.NF4;
    ObjectNode section = tree.putObject(SECTION);
    section.put("quant_method", METHOD).put("load_in_4bit", four).put("load_in_8bit", !four);
    section.put("bnb_4bit_quant_type", "nf4").put("bnb_4bit_use_double_quant", four).put("bnb_4bit_compute_dtype", dtype)
        .put("bnb_4bit_quant_storage", "uint8");
    section.put("llm_int8_threshold", 6.0).put("llm_int8_has_fp16_weight", false)
        .put("llm_int8_enable_fp32_cpu_offload", false);
    others.forEach(section.putArray("llm_int8_skip_modules")::add);
  }
}
