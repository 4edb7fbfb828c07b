package dev.hone.autograd;

import dev.hone.core.Scope;
import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A value in a computation. If some input needs a gradient, it also knows how to send one back.
 *
 * <p>An operator is a method that computes a tensor and names one pull-back per input:
 *
 * {@snippet :
 * static Variable square(Variable x) {
 *   float[] in = x.value().toFloatArray();
 *   float[] y = new float[in.length];
 *   for (int i = 0; i < y.length; i++) {
 *     y[i] = in[i] * in[i];
 *   }
 *   return Variable.of("square", Tensor.of(y, x.shape().toArray())).pullback(x, up -> {
 *     float[] dx = up.toFloatArray();
 *     for (int i = 0; i < dx.length; i++) {
 *       dx[i] *= 2 * in[i];
 *     }
 *     return Tensor.of(dx, up.shape().toArray());
 *   });
 * }
 * }
 *
 * <p>A pull-back runs only if its input needs a gradient, so a frozen weight never pays for its own. It captures tensors,
 * never variables (but for one it may {@link #recall}), and as few as it can; {@link #saves} names them, and without it
 * inputs and result are all kept, and all that their {@link Block} made. {@link GradCheck} tests it. {@link #backward()} walks
 * the graph once, adds straight into {@link Parameter#gradient()}, and gives back the memory of every value and gradient that
 * it no longer needs: to look at an intermediate value afterwards, {@link Tensor#keep()} it before.
 */
public sealed class Variable permits Parameter {
  private static final AtomicLong CREATED = new AtomicLong();

  private final Tensor value;
  private final String op;
  private final long number = CREATED.getAndIncrement();
  private List<Edge> edges; // null: a leaf, or a graph that backward() has consumed
  private List<Tensor> saved;
  private List<Tensor> tolerated; // of those saved: what may be rounded
  private boolean savesKnown; // whether saves() has said what the pull-backs use
  private boolean held; // whether this variable itself keeps its value: outside of blocks
  private Supplier<Tensor> recipe; // computes the value again
  private boolean consumed;
  private Tensor gradient;
  private boolean gradientOwned;
  private boolean wanted; // a leaf whose gradient is wanted

  Variable(String op, Tensor value) {
    this.op = op;
    this.value = value;
  }

  /** One way back. */
  record Edge(List<Variable> inputs, Pullback.Joint pullback) {}

  /** The result of an operator; the pull-backs follow. */
  public static Variable of(String op, Tensor value) {
    return new Variable(op, value);
  }

  /** A value that needs no gradient. */
  public static Variable constant(Tensor value) {
    return new Variable("constant", value);
  }

  /** A leaf whose gradient is wanted, such as an input that is being examined; see also {@link Parameter}. */
  public static Parameter leaf(Tensor value) {
    return new Parameter("", value, true);
  }

  /** A leaf inside a recomputed part; unlike a parameter it leaves its memory to the scope. */
  static Variable recomputed(Tensor value, boolean wanted) {
    Variable input = constant(value);
    input.wanted = wanted;
    return input;
  }

  /** Whether an operator on these inputs (null ones are left out) has to save what its backward pass needs. */
  public static boolean needsGradient(Variable... inputs) {
    if (GradMode.isEnabled()) {
      for (Variable input : inputs) {
        if (input != null && input.requiresGradient()) {
          return true;
        }
      }
    } else {
      GradMode.note(inputs);
    }
    return false;
  }

  /** Adds the way back to one input; returns this. */
  public Variable pullback(Variable input, Pullback pullback) {
    return pullbacks(List.of(input), (up, targets) -> {
      Tensor contribution = pullback.apply(up);
      input.accept(contribution, !contribution.sharesMemory(up));
    });
  }

  /** Adds the way back to one input, for kernels that add to what is there; returns this. */
  public Variable pullbackInto(Variable input, Pullback.Into pullback) {
    return pullbacks(List.of(input), (up, targets) -> {
      boolean accumulate = targets.accumulates(0);
      pullback.apply(up, targets.buffer(0), accumulate);
    });
  }

  /**
   * Adds the way back to several inputs at once, which runs if any of them needs a gradient; returns this.
   *
   * @param inputs null ones are allowed and want nothing
   */
  public Variable pullbacks(List<Variable> inputs, Pullback.Joint pullback) {
    if (needsGradient(inputs.toArray(Variable[]::new))) {
      always(inputs, pullback);
    }
    return this;
  }

  /** Adds a way back that runs whatever its inputs need: recomputation, whose parameters are not among them. */
  Variable always(List<Variable> inputs, Pullback.Joint pullback) {
    if (edges == null) {
      edges = new ArrayList<>(2);
      hold();
      save(value);
      Block.silent(1);
    }
    for (Variable input : inputs) {
      if (input != null) {
        save(input.value());
      }
    }
    edges.add(new Edge(inputs, pullback));
    return this;
  }

  private void hold() {
    held = !value.isRetained();
    if (held) {
      value.retain();
    }
  }

  /** Leaves the value to a block, which gives it back at its end unless somebody saves it. */
  void moveInto(Scope block) {
    if (value().moveInto(block) && held) {
      held = false;
      value.release();
    }
  }

  /** Takes the value out of the block that computed it. */
  void moveOut() {
    value().moveOut();
    if (edges != null && !held) {
      hold();
    }
  }

  /**
   * Names the tensors that the pull-backs use, of inputs, of the result and of what was made for them alone. They stay until
   * the backward pass was here; others go with the {@link Block} that they were made in. After the pull-backs; returns this.
   *
   * @param tensors null ones are left out
   */
  public Variable saves(Tensor... tensors) {
    if (edges != null) {
      List<Tensor> before = saved; // what was kept as long as nothing was known
      saved = null;
      for (Tensor tensor : tensors) {
        save(tensor);
      }
      release(before);
      if (!savesKnown) {
        savesKnown = true;
        Block.silent(-1);
      }
    }
    return this;
  }

  /**
   * Names those of the tensors that this operator {@linkplain #saves saves} whose rounding to BF16 its gradient stands, where
   * {@link SavedPrecision} asks for it: no statistics, such as a log-sum-exp, that belong to the exact numbers of others. After
   * {@link #saves}; returns this.
   *
   * @param tensors null ones are left out
   */
  public Variable roundable(Tensor... tensors) {
    if (saved != null && SavedPrecision.isBf16()) {
      tolerated = new ArrayList<>(2);
      for (Tensor tensor : tensors) {
        if (tensor != null && saved.contains(tensor)) {
          tensor.tolerateRounding(1);
          tolerated.add(tensor);
        }
      }
    }
    return this;
  }

  /** Only what somebody has retained can go before its scope ends: a block, the operator that made it, or an owner for good. */
  private void save(Tensor tensor) {
    if (tensor != null && tensor.isRetained()) {
      tensor.retain();
      saved = saved == null ? new ArrayList<>(2) : saved;
      saved.add(tensor);
    }
  }

  private static void release(List<Tensor> saved) {
    if (saved != null) {
      saved.forEach(Tensor::release);
    }
  }

  /**
   * Says how pull-backs of others get the value again once it is gone, from tensors that this operator saves. For what is large
   * and quickly computed; returns this.
   */
  public Variable recomputedBy(Supplier<Tensor> values) {
    recipe = edges == null ? null : values;
    return this;
  }

  /** What the operators on this value name in {@link #saves} if their pull-backs use {@link #recall}. */
  public Tensor recallable() {
    return recipe != null ? null : value();
  }

  /** Gives the value to a pull-back of others, computed again if it is gone and its operator knows how. */
  public void recall(Consumer<Tensor> use) {
    if (recipe == null || value.isValid()) {
      use.accept(value());
    } else {
      Tensor again = recipe.get();
      use.accept(again);
      again.release();
    }
  }

  /** The value. */
  public Tensor value() {
    return value;
  }

  /** The shape of the value. */
  public Shape shape() {
    return value.shape();
  }

  /** Whether a gradient flows to this variable. */
  public boolean requiresGradient() {
    return edges != null || wanted || consumed; // a consumed graph counts, so that walking it again is an error
  }

  /** This value, cut off from what it was computed from. */
  public Variable detach() {
    value().retain(); // the graph must not give this memory back while the constant is in use
    return constant(value());
  }

  /** Sends the gradient of this scalar back to all parameters it was computed from. */
  public void backward() {
    checkScalar();
    backward(value().emptyLike(shape()).fill(1));
  }

  /**
   * Like {@link #backward()}, and says of each parameter when nothing that is still to come adds to its gradient: it may be used
   * while others are computed.
   *
   * @param whole told on this thread, once of each parameter that this value was computed from; may change its gradient alone
   */
  public void backward(Consumer<Parameter> whole) {
    checkScalar();
    Tensor upstream = begin(value().emptyLike(shape()).fill(1));
    BackwardWalk.run(this, upstream, whole);
  }

  private void checkScalar() {
    if (shape().size() != 1) {
      throw new ShapeException("backward: the value " + shape() + " is not a single number; pass the upstream gradient");
    }
  }

  /**
   * Sends a gradient back to all parameters that this variable was computed from.
   *
   * @param upstream the gradient by this variable, of its shape
   */
  public void backward(Tensor upstream) {
    BackwardWalk.run(this, begin(upstream));
  }

  /** What is checked and kept before the walk. */
  private Tensor begin(Tensor upstream) {
    if (!upstream.shape().equals(shape())) {
      throw new ShapeException("backward: the value is " + shape() + ", the upstream gradient " + upstream.shape());
    }
    if (!requiresGradient()) {
      throw new IllegalStateException("backward: nothing this value was computed from needs a gradient"
          + (GradMode.isEnabled() ? "" : " (GradMode is disabled)"));
    }
    value().retain(); // the caller reads the loss afterwards, and may use the upstream gradient again
    upstream.retain();
    return upstream;
  }

  boolean isLeaf() {
    return edges == null && !consumed;
  }

  boolean isConsumed() {
    return consumed;
  }

  List<Edge> edges() {
    return edges;
  }

  String op() {
    return op;
  }

  /** Results have higher numbers than their inputs. */
  long number() {
    return number;
  }

  /** Passes the gradient on to the inputs and gives back the memory that served this variable alone. */
  void sendBack() {
    List<Edge> ways = edges;
    edges = null;
    consumed = true;
    if (gradient != null) {
      if (Scope.isOpen()) {
        try (Scope _ = Scope.block()) { // gradients stay, as those whom they belong to retain them; all else goes
          sendBack(ways);
        }
      } else {
        sendBack(ways);
      }
      gradient.release();
      gradient = null;
    }
    if (held) {
      held = false;
      value.release();
    }
    if (tolerated != null) {
      tolerated.forEach(tensor -> tensor.tolerateRounding(-1));
      tolerated = null;
    }
    release(saved);
    saved = null;
  }

  private void sendBack(List<Edge> ways) {
    for (Edge way : ways) {
      try {
        way.pullback.apply(gradient, new InputGradients(way.inputs));
      } catch (ShapeException e) {
        ShapeException named = new ShapeException("backward of " + op + " " + shape() + ": " + e.getMessage());
        named.initCause(e);
        throw named;
      }
    }
  }

  boolean hasGradient() {
    return gradient != null;
  }

  /** The buffer of this variable's gradient, made if there is none; never shared with another variable. */
  Tensor gradientToWrite() {
    if (gradient == null) {
      gradient = value().emptyLike(shape());
      gradient.retain();
    } else if (!gradientOwned) {
      Tensor own = gradient.copy();
      own.retain();
      gradient.release();
      gradient = own;
    }
    gradientOwned = true;
    return gradient;
  }

  /** Takes a contribution to the gradient. {@code owned}: nobody else reads or writes that tensor. */
  void accept(Tensor contribution, boolean owned) {
    if (!contribution.shape().equals(shape())) {
      throw new ShapeException("gradient " + contribution.shape() + " of a value " + shape());
    }
    if (gradient == null) {
      contribution.retain();
      gradient = contribution;
      gradientOwned = owned;
      return;
    }
    MathOps.addInto(contribution, gradientToWrite());
    if (owned) {
      contribution.release();
    }
  }

  /** Takes a contribution to some rows of the gradient: row {@code rows[i]} gets {@code scale} times row i; -1 is left out. */
  void acceptRows(Tensor contribution, int[] rows, float scale) {
    boolean fresh = !hasGradient();
    Tensor target = gradientToWrite();
    if (fresh) {
      target.fill(0);
    }
    GatherOps.addRows(contribution, rows, scale, target);
  }

  // Shortcuts for what reads better in a chain; everything else is in the ...Ops classes.

  /** {@link MathOps#add(Variable, Variable)}. */
  public Variable add(Variable other) {
    return MathOps.add(this, other);
  }

  /** {@link MathOps#sub}. */
  public Variable sub(Variable other) {
    return MathOps.sub(this, other);
  }

  /** {@link MathOps#mul(Variable, Variable)}. */
  public Variable mul(Variable other) {
    return MathOps.mul(this, other);
  }

  /** {@link MathOps#mul(Variable, float)}. */
  public Variable mul(float factor) {
    return MathOps.mul(this, factor);
  }

  /** {@link MathOps#div}. */
  public Variable div(Variable other) {
    return MathOps.div(this, other);
  }

  /** {@link MatMulOps#matmul}. */
  public Variable matmul(Variable right) {
    return MatMulOps.matmul(this, right);
  }

  /** {@link ShapeOps#reshape}. */
  public Variable reshape(int... dims) {
    return ShapeOps.reshape(this, dims);
  }

  /** {@link ShapeOps#transpose}. */
  public Variable transpose(int a, int b) {
    return ShapeOps.transpose(this, a, b);
  }

  /** {@link ReduceOps#sum} without the axes that are summed over; no axes mean all. */
  public Variable sum(int... axes) {
    return ReduceOps.sum(this, false, axes);
  }

  /** {@link ReduceOps#mean} without the axes that are averaged over; no axes mean all. */
  public Variable mean(int... axes) {
    return ReduceOps.mean(this, false, axes);
  }

  @Override
  public String toString() {
    return op + " " + value;
  }
}
