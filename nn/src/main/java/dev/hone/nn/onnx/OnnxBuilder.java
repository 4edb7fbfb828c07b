package dev.hone.nn.onnx;

import dev.hone.core.Tensor;
import dev.hone.core.io.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * A graph of ONNX operators that is put together and written: opset 17, version 8 of the format, which ONNX Runtime reads from
 * 1.12 on. Values are strings, the names of what operators take and give. Weights are written one by one from where they lie.
 */
public final class OnnxBuilder {
  /** Above this many bytes of weights they go to a file of their own, since a protobuf message has at most 2 GiB. */
  public static final long MAX_INLINE = 1_900_000_000L;
  private static final int OPSET = 17;
  private static final int FORMAT = 8;
  /** ONNX's number for floats of 32 bits, which a Cast is told. */
  public static final int FLOAT = 1;
  private static final int INT8 = 3;
  private static final int INT64 = 7;
  private static final int PAGE = 4096; // data of a file of its own begins at multiples, so that it can be mapped

  private record Weight(String name, long[] dims, int type, ProtobufWriter.Content content) {}

  private final boolean quantized;
  private final List<ProtobufWriter> nodes = new ArrayList<>();
  private final List<ProtobufWriter> inputs = new ArrayList<>();
  private final List<ProtobufWriter> outputs = new ArrayList<>();
  private final List<Weight> weights = new ArrayList<>();
  private final Map<String, String> constants = new HashMap<>();
  private final Map<String, Integer> used = new HashMap<>();
  private final Map<Tensor, String> matrices = new IdentityHashMap<>(); // layers may share theirs

  /**
   * An empty graph.
   *
   * @param quantized whether matrices are held in 8 bits with a scale a column (tables: a row); sums stay in 32-bit floats
   */
  public OnnxBuilder(boolean quantized) {
    this.quantized = quantized;
  }

  /** An input of 64-bit integers; axes by name, such as {@code batch}. */
  public String input(String name, String... axes) {
    inputs.add(value(name, INT64, axes));
    return name;
  }

  /** Makes a value an output of floats, under a name; axes by name, or numbers. */
  public void output(String value, String name, String... axes) {
    nodes.add(node("Identity", name, List.of(value), name, Map.of()));
    outputs.add(value(name, FLOAT, axes));
  }

  private static ProtobufWriter value(String name, int type, String... axes) {
    ProtobufWriter shape = new ProtobufWriter();
    for (String axis : axes) {
      boolean number = Character.isDigit(axis.charAt(0));
      shape.message(1, number ? new ProtobufWriter().number(1, Long.parseLong(axis)) : new ProtobufWriter().text(2, axis));
    }
    ProtobufWriter tensor = new ProtobufWriter().number(1, type).message(2, shape);
    return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
  }

  /** What an operator without attributes makes of its inputs. */
  public String node(String op, String... inputs) {
    return node(op, Map.of(), inputs);
  }

  /**
   * What an operator makes of its inputs.
   *
   * @param attributes numbers: Integer, Long, Float, long[]
   */
  public String node(String op, Map<String, ?> attributes, String... inputs) {
    String name = unique("/" + op);
    nodes.add(node(op, name, List.of(inputs), name, attributes));
    return name;
  }

  private static ProtobufWriter node(String op, String name, List<String> inputs, String output, Map<String, ?> attributes) {
    ProtobufWriter node = new ProtobufWriter();
    inputs.forEach(input -> node.text(1, input));
    node.text(2, output).text(3, name).text(4, op);
    attributes.forEach((key, value) -> {
      ProtobufWriter attribute = new ProtobufWriter().text(1, key);
      switch (value) {
        case Integer i -> attribute.number(3, i).number(20, 2);
        case Long i -> attribute.number(3, i).number(20, 2);
        case Float f -> attribute.real(2, f).number(20, 1);
        case long[] all -> {
          for (long i : all) {
            attribute.number(8, i);
          }
          attribute.number(20, 7);
        }
        default -> throw new IllegalArgumentException("OnnxBuilder: attribute " + key + " is a " + value.getClass());
      }
      node.message(5, attribute);
    });
    return node;
  }

  private String unique(String base) {
    int n = used.merge(base, 1, Integer::sum);
    return n == 1 ? base : base + "_" + (n - 1);
  }

  /** A constant of floats, without axes if it is one. */
  public String floats(float... values) {
    return constants.computeIfAbsent("f" + Arrays.toString(values), _ -> vector("constant", values, values.length > 1));
  }

  /** A row of constants. */
  public String row(String name, float[] values) {
    return vector(name, values, true);
  }

  private String vector(String base, float[] values, boolean axis) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return weight(unique(base), axis ? new long[] {values.length} : new long[0], FLOAT, bytes);
  }

  /** A constant of integers, a row of them. */
  public String longs(long... values) {
    return constants.computeIfAbsent("i" + Arrays.toString(values), _ -> integers(values, new long[] {values.length}));
  }

  /** A constant integer without axes. */
  public String integer(long value) {
    return constants.computeIfAbsent("s" + value, _ -> integers(new long[] {value}, new long[0]));
  }

  private String integers(long[] values, long[] dims) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    return weight(unique("constant"), dims, INT64, bytes);
  }

  private String weight(String name, long[] dims, int type, ByteBuffer bytes) {
    weights.add(new Weight(name, dims, type, new ProtobufWriter.Content() {
      @Override
      public long size() {
        return bytes.capacity();
      }

      @Override
      public void write(ProtobufWriter.Sink out) throws IOException {
        out.write(bytes.duplicate());
      }
    }));
    return name;
  }

  /** x · Wᵀ + b. */
  public String linear(String x, String name, Tensor weight, boolean outputsFirst, Tensor bias) {
    int out = weight.dim(outputsFirst ? 0 : 1);
    int in = weight.dim(outputsFirst ? 1 : 0);
    String matrix = matrices.get(weight);
    if (matrix == null && quantized) {
      Rows rows = Rows.of(weight, outputsFirst); // [out, in]
      String codes = weight(name + ".codes", new long[] {in, out}, INT8, rows.columns());
      matrix = node("DequantizeLinear", Map.of("axis", 1), codes, row(name + ".scale", rows.scales));
    } else if (matrix == null) {
      matrix = name + ".weight";
      weights.add(new Weight(matrix, new long[] {in, out}, FLOAT, Floats.of(weight, outputsFirst)));
    }
    matrices.put(weight, matrix);
    String y = node("MatMul", x, matrix);
    return bias == null ? y : node("Add", y, row(name + ".bias", bias.toFloatArray()));
  }

  /** Rows of a table by number. */
  public String rows(String name, Tensor table, String numbers) {
    long[] dims = {table.dim(0), table.dim(1)};
    if (!quantized) {
      return table(name, table, numbers);
    }
    Rows rows = Rows.of(table, true);
    String codes = weight(name + ".codes", dims, INT8, ByteBuffer.wrap(rows.codes));
    String picked = node("Cast", Map.of("to", FLOAT), node("Gather", Map.of("axis", 0), codes, numbers));
    String scales = node("Gather", Map.of("axis", 0), row(name + ".scale", rows.scales), numbers);
    return node("Mul", picked, node("Unsqueeze", scales, longs(-1)));
  }

  /** Rows of a table of constants by number, in 32 bits; one of this name is there once. */
  public String table(String name, Tensor table, String numbers) {
    if (used.merge(name, 1, Integer::sum) == 1) {
      weights.add(new Weight(name, new long[] {table.dim(0), table.dim(1)}, FLOAT, Floats.of(table, false)));
    }
    return node("Gather", Map.of("axis", 0), name, numbers);
  }

  /** Layer normalisation over the last axis. */
  public String layerNorm(String x, String name, Tensor weight, Tensor bias, float eps) {
    String scale = row(name + ".weight", weight.toFloatArray());
    Map<String, ?> attributes = Map.of("axis", -1, "epsilon", eps);
    return bias == null ? node("LayerNormalization", attributes, x, scale)
        : node("LayerNormalization", attributes, x, scale, row(name + ".bias", bias.toFloatArray()));
  }

  /** A tensor's numbers in 32 bits, turned round if asked for. */
  private record Floats(Tensor tensor, boolean transpose) implements ProtobufWriter.Content {
    static Floats of(Tensor tensor, boolean transpose) {
      return new Floats(tensor, transpose);
    }

    @Override
    public long size() {
      return 4 * tensor.size();
    }

    @Override
    public void write(ProtobufWriter.Sink out) throws IOException {
      float[] values = transpose ? OnnxWeights.transpose(tensor).toFloatArray() : tensor.toFloatArray();
      ByteBuffer bytes = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < values.length; ) {
        bytes.clear();
        for (; i < values.length && bytes.hasRemaining(); i++) {
          bytes.putFloat(values[i]);
        }
        out.write(bytes.flip());
      }
    }
  }

  /** A matrix in 8 bits: numbers from -127 to 127 and a scale for each row, its largest magnitude / 127. */
  private record Rows(byte[] codes, float[] scales) {
    static Rows of(Tensor tensor, boolean rowsFirst) {
      Tensor matrix = rowsFirst ? tensor : OnnxWeights.transpose(tensor);
      int n = matrix.dim(0);
      int width = matrix.dim(1);
      float[] values = matrix.toFloatArray();
      byte[] codes = new byte[values.length];
      float[] scales = new float[n];
      for (int row = 0; row < n; row++) {
        float largest = 0;
        for (int i = 0; i < width; i++) {
          largest = Math.max(largest, Math.abs(values[row * width + i]));
        }
        scales[row] = largest == 0 ? 1 : largest / 127;
        for (int i = 0; i < width; i++) {
          codes[row * width + i] = (byte) Math.clamp(Math.rint(values[row * width + i] / scales[row]), -127, 127);
        }
      }
      return new Rows(codes, scales);
    }

    ByteBuffer columns() {
      int n = scales.length;
      int width = codes.length / n;
      byte[] turned = new byte[codes.length];
      for (int row = 0; row < n; row++) {
        for (int i = 0; i < width; i++) {
          turned[i * n + row] = codes[row * width + i];
        }
      }
      return ByteBuffer.wrap(turned);
    }
  }

  /**
   * Writes the model, and where its weights have more than {@link #MAX_INLINE} bytes a file {@code NAME.data} beside it.
   *
   * @param version of the library, which the file names as its producer
   */
  public void write(Path file, String version) throws IOException {
    write(file, version, MAX_INLINE);
  }

  void write(Path file, String version, long maxInline) throws IOException {
    boolean external = weights.stream().mapToLong(weight -> weight.content.size()).sum() > maxInline;
    Path data = file.resolveSibling(file.getFileName() + ".data");
    ProtobufWriter graph = new ProtobufWriter();
    nodes.forEach(node -> graph.message(1, node));
    graph.text(2, "hone");
    long at = 0;
    for (Weight weight : weights) {
      at = aligned(at);
      graph.message(5, tensor(weight, external ? data : null, at));
      at += weight.content.size();
    }
    inputs.forEach(input -> graph.message(11, input));
    outputs.forEach(output -> graph.message(12, output));
    ProtobufWriter model = new ProtobufWriter().number(1, FORMAT).text(2, "Hone").text(3, version)
        .message(8, new ProtobufWriter().text(1, "").number(2, OPSET)).message(7, graph);
    if (external) {
      try (AtomicFile out = AtomicFile.create(data)) {
        long end = 0;
        for (Weight weight : weights) {
          out.write(ByteBuffer.allocate((int) (aligned(end) - end)));
          weight.content.write(out::write);
          end = aligned(end) + weight.content.size();
        }
        out.commit();
      }
    }
    try (AtomicFile out = AtomicFile.create(file)) {
      model.write(out::write);
      out.commit();
    }
  }

  private static long aligned(long at) {
    return (at + PAGE - 1) / PAGE * PAGE;
  }

  private static ProtobufWriter tensor(Weight weight, Path data, long at) {
    ProtobufWriter tensor = new ProtobufWriter();
    for (long dim : weight.dims) {
      tensor.number(1, dim);
    }
    tensor.number(2, weight.type).text(8, weight.name);
    if (data == null) {
      return tensor.content(9, weight.content);
    }
    entry(tensor, "location", data.getFileName().toString());
    entry(tensor, "offset", Long.toString(at));
    entry(tensor, "length", Long.toString(weight.content.size()));
    return tensor.number(14, 1);
  }

  private static void entry(ProtobufWriter tensor, String key, String value) {
    tensor.message(13, new ProtobufWriter().text(1, key).text(2, value));
  }
}
