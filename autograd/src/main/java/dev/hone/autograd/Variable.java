package dev.hone.autograd;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A value in a computation. If some input needs a gradient, it also knows how to send one back.
 *
 * <p>An operator is a method that computes a tensor and names one pull-back per input:
 *
 * {@snippet :
 * static Variable scale(Variable x, float factor) {
 *   Tensor y = Tensor.empty(x.shape());
 *   kernels.unary(AFFINE, factor, 0, x.value(), y);
 *   return Variable.of("scale", y).pullbackInto(x, (up, dx, accumulate) ->
 *       kernels.unaryBackward(AFFINE, factor, 0, null, up, accumulate, dx));
 * }
 * }
 *
 * <p>A pull-back runs only if its input needs a gradient, so a frozen weight never pays for its own. It captures tensors,
 * never variables, and as few as it can. {@link #backward()} walks the graph once, adds straight into
 * {@link Parameter#gradient()}, and gives back the memory of every value and gradient that it no longer needs: to look at an
 * intermediate value afterwards, {@link Tensor#keep()} it before.
 */
public sealed class Variable permits Parameter {
  private static final AtomicLong CREATED = new AtomicLong();

  private final Tensor value;
  private final String op;
  private final long order = CREATED.getAndIncrement();
  private List<Edge> edges; // null: a leaf, or a graph that backward() has consumed
  private List<Tensor> saved;
  private boolean consumed;
  private Tensor gradient;
  private boolean gradientOwned;
  private boolean leaf; // gets a gradient without having been computed

  Variable(String op, Tensor value) {
    this.op = op;
    this.value = value;
  }

  /** The gradient of one input from that of the result. May return its argument or a view of it. */
  @FunctionalInterface
  public interface Pullback {
    /** Returns the gradient by the input, given that by the result. */
    Tensor apply(Tensor upstream);
  }

  /** Like {@link Pullback}, written where it is wanted. */
  @FunctionalInterface
  public interface PullbackInto {
    /**
     * Computes the gradient by the input.
     *
     * @param upstream the gradient by the result
     * @param into receives the gradient by the input
     * @param accumulate whether to add to {@code into}; otherwise its contents are arbitrary
     */
    void apply(Tensor upstream, Tensor into, boolean accumulate);
  }

  /** The gradients of several inputs in one pass. */
  @FunctionalInterface
  public interface JointPullback {
    /** Computes the gradients that {@code targets} wants. */
    void apply(Tensor upstream, Targets targets);
  }

  /** Where a joint pull-back leaves the gradients of its inputs, by their position. */
  public static final class Targets {
    private final List<Variable> inputs;

    private Targets(List<Variable> inputs) {
      this.inputs = inputs;
    }

    /** Whether input {@code index} needs a gradient. */
    public boolean wants(int index) {
      Variable input = inputs.get(index);
      return input != null && input.requiresGradient();
    }

    /** Whether the buffer of an input holds something to add to. Ask before {@link #buffer}. */
    public boolean accumulates(int index) {
      return wants(index) && inputs.get(index).hasGradient();
    }

    /** The tensor for the gradient of an input, or null if none is wanted. */
    public Tensor buffer(int index) {
      return wants(index) ? inputs.get(index).gradientToWrite() : null;
    }

    /** Like {@link #buffer} for those who always add: zeros if nothing is there yet. */
    public Tensor sum(int index) {
      boolean fresh = wants(index) && !accumulates(index);
      Tensor buffer = buffer(index);
      return fresh ? buffer.fill(0) : buffer;
    }

    /** Gives a fresh tensor, which nobody else uses, as the gradient of an input. */
    public void add(int index, Tensor contribution) {
      if (wants(index)) {
        inputs.get(index).accept(contribution, true);
      } else {
        contribution.release();
      }
    }

    /** Gives one fresh tensor as the gradient of two inputs, without a copy unless one of them adds to it later. */
    public void share(Tensor contribution, int first, int second) {
      contribution.retain();
      inputs.get(first).accept(contribution, false);
      inputs.get(second).accept(contribution, false);
      contribution.release();
    }
  }

  /** One way back: a joint pull-back has several inputs, the others one. */
  private record Edge(List<Variable> inputs, JointPullback pullback) {}

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
  static Variable recomputed(Tensor value, boolean wantsGradient) {
    Variable input = constant(value);
    input.leaf = wantsGradient;
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
    }
    return false;
  }

  /** Adds the way back to one input. */
  public Variable pullback(Variable input, Pullback pullback) {
    return edge(List.of(input), (up, targets) -> {
      Tensor contribution = pullback.apply(up);
      input.accept(contribution, !contribution.sharesMemory(up));
    });
  }

  /** Adds the way back to one input, for kernels that add to what is there. */
  public Variable pullbackInto(Variable input, PullbackInto pullback) {
    return edge(List.of(input), (up, targets) -> {
      boolean accumulate = targets.accumulates(0);
      pullback.apply(up, targets.buffer(0), accumulate);
    });
  }

  /**
   * Adds the way back to several inputs at once; it runs if any of them needs a gradient.
   *
   * @param inputs null ones are allowed and want nothing
   */
  public Variable pullbacks(List<Variable> inputs, JointPullback pullback) {
    return edge(inputs, pullback);
  }

  /** Tensors that only the backward pass needs; their memory goes back with it. */
  public Variable saves(Tensor... tensors) {
    if (edges != null) {
      for (Tensor tensor : tensors) {
        if (tensor != null) {
          tensor.retain();
          saved = saved == null ? new ArrayList<>(2) : saved;
          saved.add(tensor);
        }
      }
    }
    return this;
  }

  private Variable edge(List<Variable> inputs, JointPullback pullback) {
    if (needsGradient(inputs.toArray(Variable[]::new))) {
      attach(new Edge(inputs, pullback));
    }
    return this;
  }

  private void attach(Edge edge) {
    if (edges == null) {
      edges = new ArrayList<>(2);
      value.retain();
    }
    edges.add(edge);
  }

  /** Adds a way back that runs whatever its inputs need: recomputation, whose parameters are not among them. */
  Variable always(List<Variable> inputs, JointPullback pullback) {
    attach(new Edge(inputs, pullback));
    return this;
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
    return edges != null || leaf;
  }

  /** The same value cut off from what it was computed from. */
  public Variable detach() {
    value().retain(); // the graph must not give this memory back while the constant is in use
    return constant(value());
  }

  /** Sends the gradient of this scalar back to all parameters it was computed from. */
  public void backward() {
    if (value.size() != 1) {
      throw new ShapeException("backward: the value " + shape() + " is not a single number; pass the upstream gradient");
    }
    backward(Tensor.full(1, value.shape().toArray()));
  }

  /**
   * Sends a gradient back to all parameters that this variable was computed from.
   *
   * @param upstream the gradient by this variable, of its shape
   */
  public void backward(Tensor upstream) {
    if (!upstream.shape().equals(shape())) {
      throw new ShapeException("backward: the value is " + shape() + ", the upstream gradient " + upstream.shape());
    }
    if (consumed) {
      throw new IllegalStateException("backward: this graph was already walked and its memory given back; compute it again");
    }
    if (!requiresGradient()) {
      throw new IllegalStateException("backward: nothing this value was computed from needs a gradient"
          + (GradMode.isEnabled() ? "" : " (GradMode is disabled)"));
    }
    value.retain(); // the caller reads the loss afterwards, and may use the upstream gradient again
    upstream.retain();
    walk(upstream);
  }

  /** {@link #backward(Tensor)} after its checks, for callers that look after the memory of both tensors. */
  void walk(Tensor upstream) {
    accept(upstream, false);
    for (Variable variable : inReverse()) {
      variable.sendBack();
    }
  }

  /** All variables of the graph, results before their inputs. */
  private List<Variable> inReverse() {
    List<Variable> found = new ArrayList<>();
    ArrayDeque<Variable> open = new ArrayDeque<>();
    Set<Variable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    open.push(this);
    seen.add(this);
    while (!open.isEmpty()) {
      Variable variable = open.pop();
      if (variable.edges == null) {
        continue;
      }
      found.add(variable);
      for (Edge edge : variable.edges) {
        for (Variable input : edge.inputs) {
          if (input != null && input.requiresGradient() && seen.add(input)) {
            open.push(input);
          }
        }
      }
    }
    found.sort(Comparator.comparingLong((Variable v) -> v.order).reversed()); // inputs are made before their results
    return found;
  }

  private void sendBack() {
    List<Edge> ways = edges;
    edges = null;
    consumed = true;
    if (gradient != null) {
      for (Edge way : ways) {
        try {
          way.pullback.apply(gradient, new Targets(way.inputs));
        } catch (ShapeException e) {
          throw new ShapeException("backward of " + op + " " + shape() + ": " + e.getMessage());
        }
      }
      gradient.release();
      gradient = null;
    }
    value.release();
    if (saved != null) {
      saved.forEach(Tensor::release);
      saved = null;
    }
  }

  boolean hasGradient() {
    return gradient != null;
  }

  /** What a {@link #recomputed} leaf collected, or null. */
  Tensor collected() {
    return gradient;
  }

  /** The buffer of this variable's gradient, made if there is none; never shared with another variable. */
  Tensor gradientToWrite() {
    if (gradient == null) {
      gradient = Tensor.empty(shape());
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

  @Override
  public String toString() {
    return op + " " + value;
  }
}
