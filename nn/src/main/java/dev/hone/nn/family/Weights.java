package dev.hone.nn.family;

import dev.hone.autograd.Parameter;
import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.TensorSource;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.quant.Quantized;
import dev.hone.core.random.Philox;
import dev.hone.nn.Embedding;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.Linear;
import dev.hone.nn.MappedPages;
import dev.hone.nn.ModelException;
import dev.hone.nn.RmsNorm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Hands out the tensors of a model by name and keeps account: at the end everything asked for must have been there in the
 * right shape, and tensors that nobody asked for are named. Without a source it makes new weights.
 *
 * <p>Parameters come out frozen; matrices in the file's type, mapped, and vectors as F32 in Java arrays. Matrices of linear
 * layers may be quantised on the way, one at a time, and are if the file has them so.
 */
public final class Weights {
  private static final int SHOWN = 5;
  private static final long MAX_PLACEHOLDERS = 1 << 23; // numbers of all of them together
  private static final int PIECE = 1 << 16;

  private static final System.Logger LOG = System.getLogger("dev.hone.nn");

  private final TensorSource source; // null: new weights
  private final UnaryOperator<String> fileName;
  private final Philox random;
  private final float deviation;
  private final Set<String> used = new HashSet<>();
  private final Set<String> made = new LinkedHashSet<>();
  private final List<String> missing = new ArrayList<>();
  private final List<String> misshapen = new ArrayList<>();
  private final Map<String, Tensor> converted = new HashMap<>(); // as the file has them
  private long placeholders;
  private long drawn; // numbers that were made
  private DType quantized; // what matrices of linear layers become; null leaves them

  private Weights(TensorSource source, UnaryOperator<String> fileName, long seed, float deviation) {
    this.source = source;
    this.fileName = fileName;
    this.random = new Philox(seed, 0);
    this.deviation = deviation;
  }

  /**
   * Weights from a file.
   *
   * @param fileName the name in the file for a parameter's name
   * @param seed for parameters that a file may lack, such as a new classification head
   * @param deviation standard deviation of those
   */
  public static Weights of(TensorSource source, UnaryOperator<String> fileName, long seed, float deviation) {
    return new Weights(source, fileName, seed, deviation);
  }

  /** New weights: matrices normal with this deviation, biases zero, norms one. */
  public static Weights random(long seed, float deviation) {
    return new Weights(null, name -> name, seed, deviation);
  }

  /** Quantises the matrices of linear layers that are asked for from here on; null leaves them as they are. */
  public Weights quantizing(DType type) {
    quantized = type;
    return this;
  }

  /** Whether there is a tensor for this parameter. */
  public boolean has(String name) {
    return source != null && source.contains(fileName.apply(name));
  }

  /** A matrix or vector that must be there. */
  public Parameter parameter(String name, int... dims) {
    return parameter(name, Init.NORMAL, dims);
  }

  /** Numbers that are computed with as they are, whatever their shape: F32 in a Java array. */
  public Parameter numbers(String name, int... dims) {
    Parameter stored = parameter(name, Init.ONE, dims);
    Tensor value = stored.value();
    if (value.dtype() != DType.F32) {
      converted.put(name, value);
    }
    return new Parameter(name, value.toF32().keep(), false);
  }

  /** How new values are made. */
  private enum Init { NORMAL, ZERO, ONE }

  private Parameter parameter(String name, Init init, int... dims) {
    Shape shape = Shape.of(dims);
    if (source == null) {
      return made(name, init, shape);
    }
    String file = fileName.apply(name);
    if (!source.contains(file)) {
      missing.add(file + " " + shape);
      return placeholder(name, shape);
    }
    boolean coded = BitsAndBytes.holds(source, file);
    if (coded) {
      used.addAll(BitsAndBytes.parts(source, file));
    } else {
      used.add(file);
    }
    Tensor stored = coded ? BitsAndBytes.read(source, file) : source.tensor(file);
    if (!stored.shape().equals(shape)) {
      misshapen.add(file + " is " + stored.shape() + ", the configuration makes it " + shape);
      return placeholder(name, shape);
    }
    if (!coded && !stored.dtype().isFloat() && !stored.isQuantized()) {
      misshapen.add(file + " is of " + stored.dtype() + ", weights are floats");
      return placeholder(name, shape);
    }
    if (shape.rank() >= 2 && stored.dtype() != DType.F64) {
      return new Parameter(name, stored, false);
    }
    if (stored.dtype() != DType.F32) {
      converted.put(name, stored);
    }
    return new Parameter(name, stored.toF32().keep(), false); // vectors are small and computed with; no kernel reads F64
  }

  /** Whether the file has a tensor of this name whose values are not those of another parameter. */
  public boolean differs(String name, Parameter other) {
    if (!has(name)) {
      return false;
    }
    String file = fileName.apply(name);
    Tensor own = BitsAndBytes.holds(source, file) ? BitsAndBytes.read(source, file) : source.tensor(file);
    return !sameValues(own, other.value());
  }

  /** Whether two tensors hold the same numbers, in whatever type. */
  public static boolean sameValues(Tensor a, Tensor b) {
    if (!a.shape().equals(b.shape())) {
      return false;
    }
    float[] some = new float[PIECE];
    float[] others = new float[PIECE];
    for (long from = 0; from < a.size(); from += PIECE) {
      int count = (int) Math.min(PIECE, a.size() - from);
      a.read(from, count, some, 0);
      b.read(from, count, others, 0);
      if (!Arrays.equals(some, 0, count, others, 0, count)) {
        return false;
      }
    }
    return true;
  }

  /** Stands in for a faulty parameter until {@link #finish} reports all faults together. */
  private Parameter placeholder(String name, Shape shape) {
    placeholders += shape.size();
    if (placeholders > MAX_PLACEHOLDERS) {
      check(List.of());
    }
    return new Parameter(name, Tensor.of(new float[shape.length()], shape.toArray()), false);
  }

  /** A parameter that is made anew where the file has none: part of a new head. */
  private Parameter orMade(String name, Init init, int... dims) {
    String file = fileName.apply(name);
    return has(name) && (BitsAndBytes.holds(source, file) || source.shape(file).equals(Shape.of(dims)))
        ? parameter(name, init, dims)
        : made(name, init, Shape.of(dims));
  }

  private Parameter made(String name, Init init, Shape shape) {
    if (source != null && has(name)) {
      used.add(fileName.apply(name)); // of another shape, and replaced
    }
    made.add(name);
    drawn += shape.size();
    if (drawn > Runtime.getRuntime().maxMemory() / Float.BYTES) { // said before the heap is full
      throw new ModelException("new weights: up to " + name + " " + shape + " config.json asks for " + drawn
          + " numbers of 4 bytes, more than the heap of " + Runtime.getRuntime().maxMemory() / 1_000_000
          + " MB holds; make the model smaller, or give the JVM more (-Xmx)");
    }
    float[] values = new float[shape.length()];
    switch (init) {
      case NORMAL -> random.withStream(Philox.stream(name.hashCode())).fillNormal(values, 0, values.length, 0, deviation);
      case ONE -> Arrays.fill(values, 1);
      case ZERO -> { }
    }
    return new Parameter(name, Tensor.of(values, shape.toArray()), false);
  }

  /** A linear layer with weight [outputs, inputs]. */
  public Linear linear(String name, int inputs, int outputs, boolean bias) {
    return new Linear(quantized(parameter(name + ".weight", outputs, inputs), false),
        bias ? parameter(name + ".bias", Init.ZERO, outputs) : null, true);
  }

  /** A linear layer with weight [inputs, outputs], as GPT-2 stores it; a quantised one is [outputs, inputs] everywhere. */
  public Linear conv1d(String name, int inputs, int outputs) {
    String file = fileName.apply(name + ".weight");
    boolean coded = source != null
        && (BitsAndBytes.holds(source, file) || source.contains(file) && source.dtype(file).isQuantized());
    Parameter weight = coded ? parameter(name + ".weight", outputs, inputs)
        : quantized(parameter(name + ".weight", inputs, outputs), true);
    return new Linear(weight, parameter(name + ".bias", Init.ZERO, outputs), coded || quantized != null);
  }

  /** The parameter in fewer bits, if that is wanted; pages of its file that were read for it are let go. */
  private Parameter quantized(Parameter parameter, boolean turned) {
    Tensor value = parameter.value();
    if (quantized == null || value.dtype() == quantized) {
      return parameter;
    }
    if (value.isQuantized()) {
      throw new ModelException(source.origin() + ": " + parameter.name() + " is quantised already, to " + value.dtype()
          + "; it cannot become " + quantized);
    }
    Tensor matrix = value;
    if (turned) {
      matrix = value.emptyLike(value.dim(1), value.dim(0));
      Kernels.of(value).gather().permute(value.toF32(), new int[] {1, 0}, matrix);
    }
    Tensor codes = Quantized.of(matrix, quantized).tensor(matrix.shape());
    MappedPages.letGo(value);
    return new Parameter(parameter.name(), codes, false);
  }

  /** A linear layer of a head: made anew where the file has none of this shape. */
  public Linear headLinear(String name, int inputs, int outputs, boolean bias) {
    return new Linear(orMade(name + ".weight", Init.NORMAL, outputs, inputs),
        bias ? orMade(name + ".bias", Init.ZERO, outputs) : null, true);
  }

  /** A layer norm of a head: made anew where the file has none of this shape. */
  public LayerNorm headNorm(String name, int columns, boolean bias, float eps) {
    return new LayerNorm(orMade(name + ".weight", Init.ONE, columns), bias ? orMade(name + ".bias", Init.ZERO, columns) : null,
        eps);
  }

  /** A table of rows. */
  public Embedding embedding(String name, int rows, int columns) {
    return new Embedding(parameter(name + ".weight", rows, columns));
  }

  /** A layer norm with or without bias. */
  public LayerNorm layerNorm(String name, int columns, boolean bias, float eps) {
    return new LayerNorm(parameter(name + ".weight", Init.ONE, columns),
        bias ? parameter(name + ".bias", Init.ZERO, columns) : null, eps);
  }

  /** An RMS norm; {@code offset} is 1 where the file holds the difference to 1. */
  public RmsNorm rmsNorm(String name, int columns, float offset, float eps) {
    return new RmsNorm(parameter(name + ".weight", offset == 0 ? Init.ONE : Init.ZERO, columns), offset, eps);
  }

  /** The names of the parameters that were made because the file had none. */
  public Set<String> madeAnew() {
    return made;
  }

  /** The tensors of the file that nobody asked for, by the names that the file has for them. */
  public Map<String, Tensor> others(Predicate<String> wanted) {
    Map<String, Tensor> others = new LinkedHashMap<>();
    if (source != null) {
      source.names().stream().filter(name -> !used.contains(name) && wanted.test(name))
          .forEach(name -> others.put(name, source.tensor(name)));
    }
    return others;
  }

  /** What the file has of those parameters that are held in another type, by their names. */
  public Map<String, Tensor> converted() {
    return converted;
  }

  /**
   * Checks the account. Tensors that nobody asked for are no fault, as they are none to transformers, but are named.
   *
   * @param ignored names in the file that need not be mentioned: buffers, the heads of other tasks
   */
  public void finish(Predicate<String> ignored) {
    if (source == null) {
      return;
    }
    List<String> unexpected = source.names().stream().filter(name -> !used.contains(name) && !ignored.test(name)).toList();
    check(unexpected);
    if (!unexpected.isEmpty()) {
      StringBuilder line = new StringBuilder(source.origin() + ": ");
      append(line, unexpected.size() == 1 ? "1 tensor has no place in this model and is ignored"
          : unexpected.size() + " tensors have no place in this model and are ignored", unexpected);
      LOG.log(System.Logger.Level.WARNING, line.toString());
    }
  }

  private void check(List<String> unexpected) {
    if (missing.isEmpty() && misshapen.isEmpty()) {
      return;
    }
    StringBuilder faults = new StringBuilder();
    append(faults, "missing", missing);
    append(faults.append(separator(faults, unexpected)), "unexpected", unexpected);
    append(faults.append(separator(faults, misshapen)), "misshapen", misshapen);
    throw new ModelException(source.origin() + ": the weights do not fit config.json: " + faults);
  }

  private static String separator(StringBuilder before, List<String> names) {
    return before.isEmpty() || names.isEmpty() ? "" : "; ";
  }

  private static void append(StringBuilder faults, String kind, List<String> names) {
    if (names.isEmpty()) {
      return;
    }
    faults.append(kind).append(": ").append(String.join(", ", names.subList(0, Math.min(SHOWN, names.size()))));
    if (names.size() > SHOWN) {
      faults.append(" and ").append(names.size() - SHOWN).append(" more");
    }
  }
}
