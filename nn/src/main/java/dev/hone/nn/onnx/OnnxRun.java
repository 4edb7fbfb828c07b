package dev.hone.nn.onnx;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.io.TensorFileException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/**
 * Computes a graph of the operators that {@link OnnxBuilder} writes, one by one, in 64 bits: slow and plain. It is how a file
 * that was written is checked against the model, and no way to use models.
 */
final class OnnxRun {
  /** A value: all numbers in 64 bits, integers too. */
  record Value(int[] dims, double[] data) {
    static Value of(int[] dims, long... data) {
      return new Value(dims, Arrays.stream(data).asDoubleStream().toArray());
    }

    int rank() {
      return dims.length;
    }

    int dim(int axis) {
      return dims[axis < 0 ? axis + dims.length : axis];
    }
  }

  private final Path file;
  private final OnnxGraph graph;
  private final Map<String, Value> values = new HashMap<>();

  private OnnxRun(Path file, OnnxGraph graph) {
    this.file = file;
    this.graph = graph;
  }

  /** The first output of a graph for these inputs. */
  static Value run(Path file, OnnxGraph graph, Map<String, Value> inputs) throws TensorFileException {
    OnnxRun run = new OnnxRun(file, graph);
    run.values.putAll(inputs);
    for (OnnxGraph.Node node : graph.nodes()) {
      run.values.put(node.outputs().getFirst(), run.compute(node));
    }
    return run.value(graph.outputs().getFirst());
  }

  private Value value(String name) throws TensorFileException {
    Value known = values.get(name);
    OnnxTensor stored = graph.initializers().get(name);
    if (known == null && (stored == null || stored.tensor() == null)) {
      throw new TensorFileException(file + ": nothing gives the value " + TensorFileException.quote(name)
          + (stored == null ? "" : ": " + stored.problem()));
    }
    return known != null ? known : of(stored.tensor());
  }

  private static Value of(Tensor tensor) {
    int[] dims = IntStream.range(0, tensor.shape().rank()).map(tensor::dim).toArray();
    if (tensor.dtype() == DType.I64) {
      return Value.of(dims, tensor.toLongArray());
    }
    double[] data = new double[Math.toIntExact(tensor.size())];
    if (tensor.dtype() == DType.I8) {
      for (int i = 0; i < data.length; i++) {
        data[i] = tensor.segment().get(ValueLayout.JAVA_BYTE, i);
      }
    } else {
      float[] floats = tensor.toFloatArray();
      Arrays.setAll(data, i -> floats[i]);
    }
    return new Value(dims, data);
  }

  private Value compute(OnnxGraph.Node node) throws TensorFileException {
    OnnxTensor table = node.op().equals("Gather") ? graph.initializers().get(node.inputs().getFirst()) : null;
    if (table != null && table.tensor() != null && table.tensor().shape().rank() == 2) {
      return rows(table.tensor(), value(node.inputs().get(1)));
    }
    Value[] in = new Value[node.inputs().size()];
    for (int i = 0; i < in.length; i++) {
      in[i] = value(node.inputs().get(i));
    }
    return switch (node.op()) {
      case "Identity" -> in[0];
      case "Cast" -> in[0];
      case "Add" -> each(in[0], in[1], Double::sum);
      case "Sub" -> each(in[0], in[1], (a, b) -> a - b);
      case "Mul" -> each(in[0], in[1], (a, b) -> a * b);
      case "Div" -> each(in[0], in[1], (a, b) -> a / b);
      case "Less" -> each(in[0], in[1], (a, b) -> a < b ? 1 : 0);
      case "Abs" -> each(in[0], Math::abs);
      case "Sqrt" -> each(in[0], Math::sqrt);
      case "Relu" -> each(in[0], x -> Math.max(x, 0));
      case "Tanh" -> each(in[0], Math::tanh);
      case "Sigmoid" -> each(in[0], x -> 1 / (1 + Math.exp(-x)));
      case "Erf" -> each(in[0], OnnxRun::erf);
      case "Shape" -> new Value(new int[] {in[0].rank()}, Arrays.stream(in[0].dims).asDoubleStream().toArray());
      case "Range" -> range(in[0].data[0], in[1].data[0], in[2].data[0]);
      case "Unsqueeze" -> unsqueeze(in[0], in[1]);
      case "Reshape" -> reshape(in[0], in[1]);
      case "CumSum" -> cumulated(in[0]);
      case "Gather" -> gather(in[0], in[1], (int) node.number("axis", 0));
      case "Transpose" -> transpose(in[0], (long[]) node.attributes().get("perm"));
      case "MatMul" -> product(in[0], in[1]);
      case "Slice" -> slice(in[0], (int) in[1].data[0], (int) in[2].data[0]);
      case "Concat" -> concat(in[0], in[1]);
      case "ReduceSum" -> sum(in[0], (int) in[1].data[0], node.number("keepdims", 1) == 1);
      case "ReduceMean" -> mean(in[0]);
      case "Softmax" -> softmax(in[0]);
      case "LayerNormalization" -> layerNorm(in, ((Float) node.attributes().get("epsilon")).doubleValue());
      case "DequantizeLinear" -> each(in[0], in[1], (a, b) -> a * b); // a scale for each column
      default -> throw new TensorFileException(file + ": the operator " + TensorFileException.quote(node.op())
          + " is not checked");
    };
  }

  private static Value each(Value x, DoubleUnaryOperator operator) {
    return new Value(x.dims, Arrays.stream(x.data).map(operator).toArray());
  }

  /** With axes of length 1, and missing leading ones, repeated. */
  private static Value each(Value a, Value b, DoubleBinaryOperator operator) {
    int rank = Math.max(a.rank(), b.rank());
    int[] dims = new int[rank];
    int[] stepsA = new int[rank];
    int[] stepsB = new int[rank];
    for (int axis = rank - 1, sizeA = 1, sizeB = 1; axis >= 0; axis--) {
      int dimA = axis - rank + a.rank() < 0 ? 1 : a.dims[axis - rank + a.rank()];
      int dimB = axis - rank + b.rank() < 0 ? 1 : b.dims[axis - rank + b.rank()];
      dims[axis] = dimA == 1 ? dimB : dimA;
      stepsA[axis] = dimA == 1 ? 0 : sizeA;
      stepsB[axis] = dimB == 1 ? 0 : sizeB;
      sizeA *= dimA;
      sizeB *= dimB;
    }
    double[] out = new double[size(dims)];
    int[] at = new int[rank];
    for (int i = 0, placeA = 0, placeB = 0; i < out.length; i++) {
      out[i] = operator.applyAsDouble(a.data[placeA], b.data[placeB]);
      for (int axis = rank - 1; axis >= 0; axis--) {
        placeA += stepsA[axis];
        placeB += stepsB[axis];
        if (++at[axis] < dims[axis]) {
          break;
        }
        placeA -= at[axis] * stepsA[axis];
        placeB -= at[axis] * stepsB[axis];
        at[axis] = 0;
      }
    }
    return new Value(dims, out);
  }

  private static int size(int[] dims) {
    return Math.toIntExact(Arrays.stream(dims).asLongStream().reduce(1, Math::multiplyExact));
  }

  private static Value range(double from, double to, double step) {
    double[] out = IntStream.range(0, (int) Math.ceil((to - from) / step)).mapToDouble(i -> from + i * step).toArray();
    return new Value(new int[] {out.length}, out);
  }

  private static Value unsqueeze(Value x, Value axes) {
    int rank = x.rank() + axes.data.length;
    int[] dims = new int[rank];
    for (double axis : axes.data) {
      dims[(int) axis < 0 ? (int) axis + rank : (int) axis] = 1;
    }
    for (int axis = 0, next = 0; axis < rank; axis++) {
      dims[axis] = dims[axis] == 1 ? 1 : x.dims[next++];
    }
    return new Value(dims, x.data);
  }

  /** 0 keeps an axis as it is. */
  private static Value reshape(Value x, Value shape) {
    int[] dims = IntStream.range(0, shape.data.length).map(i -> shape.data[i] == 0 ? x.dims[i] : (int) shape.data[i]).toArray();
    return new Value(dims, x.data);
  }

  /** Along the last axis. */
  private static Value cumulated(Value x) {
    double[] out = x.data.clone();
    int width = x.dim(-1);
    for (int i = 0; i < out.length; i++) {
      out[i] += i % width == 0 ? 0 : out[i - 1];
    }
    return new Value(x.dims, out);
  }

  private static Value gather(Value x, Value numbers, int axis) {
    int outer = size(Arrays.copyOf(x.dims, axis));
    int rows = x.dims[axis];
    int inner = size(Arrays.copyOfRange(x.dims, axis + 1, x.rank()));
    int[] dims = IntStream.concat(IntStream.concat(Arrays.stream(x.dims, 0, axis), Arrays.stream(numbers.dims)),
        Arrays.stream(x.dims, axis + 1, x.rank())).toArray();
    double[] out = new double[outer * numbers.data.length * inner];
    for (int o = 0, to = 0; o < outer; o++) {
      for (double number : numbers.data) {
        System.arraycopy(x.data, (o * rows + (int) number) * inner, out, to, inner);
        to += inner;
      }
    }
    return new Value(dims, out);
  }

  /** Rows of a table that is too large to be made numbers of 64 bits. */
  private static Value rows(Tensor table, Value numbers) {
    int width = table.dim(1);
    double[] out = new double[numbers.data.length * width];
    for (int i = 0; i < numbers.data.length; i++) {
      int row = (int) numbers.data[i];
      System.arraycopy(of(table.slice(row, row + 1)).data, 0, out, i * width, width);
    }
    return new Value(IntStream.concat(Arrays.stream(numbers.dims), IntStream.of(width)).toArray(), out);
  }

  private static Value transpose(Value x, long[] order) {
    int rank = x.rank();
    int[] steps = new int[rank];
    for (int axis = rank - 1, step = 1; axis >= 0; axis--) {
      steps[axis] = step;
      step *= x.dims[axis];
    }
    int[] dims = Arrays.stream(order).mapToInt(axis -> x.dims[(int) axis]).toArray();
    double[] out = new double[x.data.length];
    int[] at = new int[rank];
    for (int i = 0; i < out.length; i++) {
      int place = 0;
      for (int axis = 0; axis < rank; axis++) {
        place += at[axis] * steps[(int) order[axis]];
      }
      out[i] = x.data[place];
      for (int axis = rank - 1; axis >= 0 && ++at[axis] == dims[axis]; axis--) {
        at[axis] = 0;
      }
    }
    return new Value(dims, out);
  }

  /** Of the last two axes; b has as many as a, or two. */
  private static Value product(Value a, Value b) {
    int rows = a.dim(-2);
    int inner = a.dim(-1);
    int columns = b.dim(-1);
    int[] dims = a.dims.clone();
    dims[dims.length - 1] = columns;
    double[] out = new double[size(dims)];
    for (int row = 0; row < out.length / columns; row++) {
      int matrix = b.rank() == 2 ? 0 : row / rows * inner * columns;
      for (int k = 0; k < inner; k++) {
        double factor = a.data[row * inner + k];
        for (int c = 0; c < columns; c++) {
          out[row * columns + c] += factor * b.data[matrix + k * columns + c];
        }
      }
    }
    return new Value(dims, out);
  }

  /** Columns of the last axis. */
  private static Value slice(Value x, int from, int to) {
    int width = x.dim(-1);
    int[] dims = x.dims.clone();
    dims[dims.length - 1] = to - from;
    double[] out = new double[size(dims)];
    for (int row = 0; row < x.data.length / width; row++) {
      System.arraycopy(x.data, row * width + from, out, row * (to - from), to - from);
    }
    return new Value(dims, out);
  }

  /** Along the last axis. */
  private static Value concat(Value a, Value b) {
    int left = a.dim(-1);
    int right = b.dim(-1);
    int[] dims = a.dims.clone();
    dims[dims.length - 1] = left + right;
    double[] out = new double[size(dims)];
    for (int row = 0; row < a.data.length / left; row++) {
      System.arraycopy(a.data, row * left, out, row * (left + right), left);
      System.arraycopy(b.data, row * right, out, row * (left + right) + left, right);
    }
    return new Value(dims, out);
  }

  /** Over one axis. */
  private static Value sum(Value x, int axis, boolean kept) {
    int outer = size(Arrays.copyOf(x.dims, axis));
    int inner = size(Arrays.copyOfRange(x.dims, axis + 1, x.rank()));
    double[] out = new double[outer * inner];
    for (int i = 0; i < x.data.length; i++) {
      out[i / (inner * x.dims[axis]) * inner + i % inner] += x.data[i];
    }
    int[] one = x.dims.clone();
    one[axis] = 1;
    return new Value(kept ? one : IntStream.range(0, x.rank()).filter(i -> i != axis).map(i -> x.dims[i]).toArray(), out);
  }

  /** Over the last axis, which stays with length 1. */
  private static Value mean(Value x) {
    int width = x.dim(-1);
    int[] dims = x.dims.clone();
    dims[dims.length - 1] = 1;
    double[] out = new double[size(dims)];
    Arrays.setAll(out, row -> Arrays.stream(x.data, row * width, (row + 1) * width).average().orElseThrow());
    return new Value(dims, out);
  }

  private static Value softmax(Value x) {
    double[] out = x.data.clone();
    int width = x.dim(-1);
    for (int from = 0; from < out.length; from += width) {
      double most = Arrays.stream(out, from, from + width).max().orElseThrow();
      double sum = 0;
      for (int i = from; i < from + width; i++) {
        out[i] = Math.exp(out[i] - most);
        sum += out[i];
      }
      for (int i = from; i < from + width; i++) {
        out[i] /= sum;
      }
    }
    return new Value(x.dims, out);
  }

  private static Value layerNorm(Value[] in, double eps) {
    double[] out = in[0].data.clone();
    int width = in[0].dim(-1);
    for (int from = 0; from < out.length; from += width) {
      double mean = Arrays.stream(out, from, from + width).average().orElseThrow();
      double variance = Arrays.stream(out, from, from + width).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
      for (int i = 0; i < width; i++) {
        out[from + i] = (out[from + i] - mean) / Math.sqrt(variance + eps) * in[1].data[i] + (in.length > 2 ? in[2].data[i] : 0);
      }
    }
    return new Value(in[0].dims, out);
  }

  /** The error function: its series near 0, a continued fraction of what is missing to 1 elsewhere. */
  static double erf(double x) {
    double size = Math.abs(x);
    if (size > 6) {
      return Math.signum(x);
    }
    if (size < 2.5) {
      double term = x;
      double sum = x;
      for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
        term *= -x * x / n;
        sum += term / (2 * n + 1);
      }
      return 2 / Math.sqrt(Math.PI) * sum;
    }
    double fraction = size;
    for (int n = 60; n > 0; n--) {
      fraction = size + n / 2.0 / fraction;
    }
    return Math.signum(x) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / fraction);
  }
}
