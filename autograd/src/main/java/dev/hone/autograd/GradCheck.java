package dev.hone.autograd;

import dev.hone.core.Device;
import dev.hone.core.Scope;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * A test of an operator's gradients against differences of its values.
 *
 * {@snippet :
 * GradCheck.of(in -> MyOps.swish(in[0], in[1])).inputs(new int[] {3, 5}, new int[] {5}).seed(7).relTol(1e-3).verify();
 * }
 *
 * <p>{@link #verify} draws inputs and an upstream gradient, and compares every element of every gradient with
 * (L(x-2h) - 8 L(x-h) + 8 L(x+h) - L(x+2h)) / 12h, where L is the sum of upstream times result. It also runs the operator with
 * each input trainable alone, and twice in a row, where gradients have to add up. The operator has to be smooth within two steps
 * of the inputs: keep kinks such as that of |x| at 0 away with {@link #values} or {@link #range}.
 *
 * <p>Implementation note: values are float32, so differences carry rounding noise of about 1e-7 · |L| / h; the four-point
 * formula allows steps large enough to keep it near 1e-5 of the gradient, with a truncation error of h⁴ / 30 · L⁽⁵⁾.
 */
public final class GradCheck {
  /** The operator under test. It gives the same result whenever it gets the same inputs. */
  @FunctionalInterface
  public interface Op {
    /** Applies the operator to its inputs. */
    Variable apply(Variable[] inputs);
  }

  private static final double SAME = 1e-5; // relative to the largest: other orders of summation, not other formulas

  private final Op op;
  private String name; // null: that of the last operator
  private Shape[] shapes = {};
  private Tensor[] given;
  private Device device = Device.CPU;
  private long seed = 1;
  private float low = -1;
  private float high = 1;
  private double relTol = 1e-3;
  private float step = 0x1p-5f;

  private GradCheck(Op op) {
    this.op = op;
  }

  /** A check of this operator. */
  public static GradCheck of(Op op) {
    return new GradCheck(op);
  }

  /** The name for messages; that of the result's operator if not set. */
  public GradCheck named(String name) {
    this.name = name;
    return this;
  }

  /** The shapes of its inputs, which are drawn at random. */
  public GradCheck inputs(int[]... shapes) {
    this.shapes = Arrays.stream(shapes).map(Shape::of).toArray(Shape[]::new);
    return this;
  }

  /** The inputs themselves, instead of random ones. */
  public GradCheck values(Tensor... inputs) {
    given = inputs;
    return this;
  }

  /** Seed of the random inputs and of the upstream gradient; 1 if not set. */
  public GradCheck seed(long seed) {
    this.seed = seed;
    return this;
  }

  /** Bounds of random inputs; -1 and 1 if not set. */
  public GradCheck range(float low, float high) {
    this.low = low;
    this.high = high;
    return this;
  }

  /** The device to compute on; the CPU if not set. */
  public GradCheck on(Device device) {
    this.device = device;
    return this;
  }

  /** Allowed difference relative to the largest gradient of the same input; 1e-3 if not set. */
  public GradCheck relTol(double relTol) {
    this.relTol = relTol;
    return this;
  }

  /** The step h; 1/32 if not set. */
  public GradCheck step(float step) {
    this.step = step;
    return this;
  }

  /**
   * Runs the check.
   *
   * @throws AssertionError naming the operator, the input, the element and both values if they differ
   */
  public void verify() {
    float[][] inputs = given != null ? Arrays.stream(given).map(Tensor::toFloatArray).toArray(float[][]::new) : draw();
    if (given != null) {
      shapes = Arrays.stream(given).map(Tensor::shape).toArray(Shape[]::new);
    }
    float[] upstream;
    try (Scope _ = Scope.open()) {
      Variable y = op.apply(constants(inputs));
      name = name == null ? y.op() : name;
      upstream = new float[y.shape().length()];
      new Philox(seed, shapes.length).fillUniform(upstream, 0, upstream.length, -1, 1);
    }
    Parameter[] leaves = leaves(inputs, _ -> true);
    float[][] analytic = gradients(leaves, inputs, upstream);
    for (int i = 0; i < inputs.length; i++) {
      compareWithDifferences(i, analytic[i], inputs, upstream);
    }
    compareRepeated(leaves, inputs, upstream, analytic);
    for (int i = 0; i < inputs.length && inputs.length > 1; i++) {
      int only = i;
      float[][] alone = gradients(leaves(inputs, j -> j == only), inputs, upstream);
      compare(i, analytic[i], alone[i], 1, "with no other input trainable");
    }
  }

  private float[][] draw() {
    float[][] inputs = new float[shapes.length][];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = new float[shapes[i].length()];
      new Philox(seed, i).fillUniform(inputs[i], 0, inputs[i].length, low, high);
    }
    return inputs;
  }

  private void compareWithDifferences(int input, float[] analytic, float[][] inputs, float[] upstream) {
    double noise = 0x1p-22 * magnitude(inputs, upstream) / step;
    double largest = largest(analytic);
    for (int i = 0; i < analytic.length; i++) {
      double numeric = difference(inputs, input, i, upstream);
      double allowed = noise + relTol * Math.max(largest, Math.abs(numeric));
      if (!(Math.abs(numeric - analytic[i]) <= allowed)) {
        throw new AssertionError("GradCheck: " + name + ": gradient by input " + input + " " + shapes[input] + " at "
            + Arrays.toString(index(shapes[input], i)) + " is " + analytic[i] + ", central differences give " + (float) numeric
            + " (allowed difference " + (float) allowed + ", seed " + seed + ", step " + step + ")");
      }
    }
  }

  /** A buffer with old contents has to be overwritten by the first gradient, and added to by the second. */
  private void compareRepeated(Parameter[] leaves, float[][] inputs, float[] upstream, float[][] analytic) {
    for (Parameter leaf : leaves) {
      leaf.clearGradient();
    }
    float[][] again = gradients(leaves, inputs, upstream);
    float[][] twice = gradients(leaves, inputs, upstream);
    for (int i = 0; i < inputs.length; i++) {
      compare(i, analytic[i], again[i], 1, "when its buffer holds old numbers, which 'accumulate = false' must overwrite");
      compare(i, analytic[i], twice[i], 2, "after a second backward pass, which must add to the first");
    }
  }

  private void compare(int input, float[] expected, float[] actual, float factor, String when) {
    double allowed = SAME * Math.max(largest(expected), Float.MIN_NORMAL);
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(factor * expected[i] - actual[i]) <= factor * allowed)) {
        throw new AssertionError("GradCheck: " + name + ": gradient by input " + input + " " + shapes[input] + " at "
            + Arrays.toString(index(shapes[input], i)) + " is " + actual[i] + " instead of " + factor * expected[i] + " " + when);
      }
    }
  }

  private float[][] gradients(Parameter[] leaves, float[][] inputs, float[] upstream) {
    try (Scope _ = Scope.open()) {
      Variable y = op.apply(leaves.clone());
      float[] recorded = y.value().toFloatArray();
      float[] plain = op.apply(constants(inputs)).value().toFloatArray();
      if (!Arrays.equals(recorded, plain)) {
        throw new AssertionError("GradCheck: " + name + ": the value changes from call to call, or if a gradient is wanted");
      }
      if (y.requiresGradient()) {
        y.backward(tensor(upstream, y.shape()));
      }
    }
    float[][] gradients = new float[leaves.length][];
    for (int i = 0; i < leaves.length; i++) {
      Tensor gradient = leaves[i].gradient();
      gradients[i] = gradient == null ? new float[shapes[i].length()] : gradient.toFloatArray();
    }
    return gradients;
  }

  private Parameter[] leaves(float[][] inputs, IntPredicate trainable) {
    Parameter[] leaves = new Parameter[inputs.length];
    for (int i = 0; i < leaves.length; i++) {
      leaves[i] = new Parameter("input " + i, tensor(inputs[i], shapes[i]), trainable.test(i));
    }
    return leaves;
  }

  private Variable[] constants(float[][] inputs) {
    Variable[] constants = new Variable[inputs.length];
    for (int i = 0; i < constants.length; i++) {
      constants[i] = Variable.constant(tensor(inputs[i], shapes[i]));
    }
    return constants;
  }

  private Tensor tensor(float[] values, Shape shape) {
    return Tensor.of(values.clone(), shape.toArray()).to(device);
  }

  private double difference(float[][] inputs, int input, int element, float[] upstream) {
    float x = inputs[input][element];
    double sum = 0;
    double[] factors = {1, -8, 8, -1};
    float[] steps = {-2 * step, -step, step, 2 * step};
    for (int i = 0; i < steps.length; i++) {
      inputs[input][element] = x + steps[i];
      sum += factors[i] * dot(inputs, upstream, false);
    }
    inputs[input][element] = x;
    return sum / (12 * step);
  }

  private double magnitude(float[][] inputs, float[] upstream) {
    return dot(inputs, upstream, true);
  }

  private double dot(float[][] inputs, float[] upstream, boolean absolute) {
    try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open()) {
      float[] y = op.apply(constants(inputs)).value().toFloatArray();
      double sum = 0;
      for (int i = 0; i < y.length; i++) {
        double product = (double) y[i] * upstream[i];
        sum += absolute ? Math.abs(product) : product;
      }
      return sum;
    }
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static int[] index(Shape shape, int element) {
    int[] index = new int[shape.rank()];
    int rest = element;
    for (int axis = index.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape.dim(axis);
      rest /= shape.dim(axis);
    }
    return index;
  }
}
