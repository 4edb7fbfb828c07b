package dev.hone.autograd;

import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;

/**
 * A leaf of the computation: a weight. It is trainable, and then F32 with a gradient of its own on the same device, or
 * frozen, and then in whatever type its file has, or quantised. Parameters and their gradients outlive every
 * {@link dev.hone.core.Scope}.
 */
public final class Parameter extends Variable {
  private static final int SMALLEST_POOLED = 256;
  private static final int LARGEST_POOLED = 1 << 23; // 32 MB

  private String name;
  private Tensor current;
  private boolean trainable;
  private Tensor gradient;
  private RowGradient rowGradient; // null if the gradient is whole
  private boolean pooled; // the gradient's memory
  private boolean filled;

  /**
   * A parameter.
   *
   * @param name for messages and files; may be set later by {@link #rename}
   * @param value made outside any scope, or kept
   * @param trainable whether it gets a gradient
   */
  public Parameter(String name, Tensor value, boolean trainable) {
    super("parameter", null); // the value may be replaced, so it is here
    this.name = name;
    this.current = value;
    setTrainable(trainable);
  }

  /** The name it has in files, such as {@code encoder.layer.0.output.dense.weight}. */
  public String name() {
    return name;
  }

  /** Gives the parameter the name it has in files. */
  public void rename(String newName) {
    name = newName;
  }

  @Override
  public Tensor value() {
    return current;
  }

  @Override
  public Shape shape() {
    return current.shape();
  }

  /** Replaces the value by another of the same shape, on the device of the present one; the gradient is dropped. */
  public void setValue(Tensor value) {
    if (!value.shape().equals(current.shape())) {
      throw new ShapeException("parameter " + name + ": " + current.shape() + " cannot become " + value.shape());
    }
    Tensor placed = value.to(current.device());
    current = trainable ? writable(placed) : placed;
    clearGradient();
    gradient = null;
  }

  /** Moves the value to a device; the gradient is dropped. */
  public void moveTo(Device device) {
    if (device != current.device()) {
      current = current.dtype() == DType.F32 ? Tensor.persistent(device, shape()).copyFrom(current) : current.to(device);
      clearGradient();
      gradient = null;
    }
  }

  /**
   * Puts another value of the same shape in place and returns the one that was there; the gradient stays, which {@link
   * #setValue} drops. What is read-only must not stay in a trainable parameter.
   */
  public Tensor exchange(Tensor value) {
    if (!value.shape().equals(current.shape())) {
      throw new ShapeException("parameter " + name + ": " + current.shape() + " cannot become " + value.shape());
    }
    Tensor before = current;
    current = value;
    return before;
  }

  @Override
  public boolean requiresGradient() {
    return trainable;
  }

  /**
   * Makes the parameter trainable (its value becomes F32) or frozen (its gradient is dropped).
   *
   * @throws IllegalArgumentException if it is to be trained and its value is quantised
   */
  public void setTrainable(boolean trainable) {
    if (trainable && current.isQuantized()) {
      throw new IllegalArgumentException(this + " is quantised and cannot be trained; put an adapter on it, or load the model "
          + "without quantising");
    }
    this.trainable = trainable;
    if (trainable) {
      current = writable(current);
    } else {
      clearGradient();
      gradient = null;
    }
  }

  /** Outside every scope: memory of the parameter's own. */
  private static Tensor writable(Tensor value) {
    return value.isReadOnly() ? Tensor.persistent(value.device(), value.shape()).copyFrom(value) : value.keep();
  }

  /**
   * The sum of the gradients since {@link #clearGradient()}, or null if there was none. Of the parameter's shape: a {@link
   * #rowGradient()} becomes whole.
   */
  public Tensor gradient() {
    return filled ? whole() : null;
  }

  /** The gradient if it is kept as some rows of a table, all others being zero; null if it is whole or there is none. */
  public RowGradient rowGradient() {
    return rowGradient;
  }

  /** Forgets the gradient: its memory serves the next pass forward, unless {@link Tensor#keep()} was called on it. */
  public void clearGradient() {
    filled = false;
    if (rowGradient != null) {
      rowGradient.release();
      rowGradient = null;
    }
    if (gradient != null && pooled) {
      gradient.release();
      gradient = null;
    }
  }

  /**
   * Whether gradient and activations share memory: gradients come when activations go. A very large one would find the pool
   * in pieces, and a small one is not worth it: these have arrays of their own, unless an operator made the gradient in
   * memory that it can give away.
   */
  public boolean isPooled() {
    return current.size() >= SMALLEST_POOLED && current.size() <= LARGEST_POOLED;
  }

  /** Whether there was a gradient since {@link #clearGradient()}. */
  @Override
  public boolean hasGradient() {
    return filled;
  }

  @Override
  Tensor gradientToWrite() {
    filled = true;
    return whole();
  }

  private Tensor whole() {
    if (gradient == null) {
      pooled = isPooled();
      gradient = pooled ? Tensor.lasting(current.device(), shape()) : Tensor.persistent(current.device(), shape());
    }
    if (rowGradient != null) {
      rowGradient.addTo(gradient.fill(0));
      rowGradient.release();
      rowGradient = null;
    }
    return gradient;
  }

  /** The gradient's tensor, all of whose numbers the caller writes in place of what was there. Of the parameter's shape. */
  public Tensor gradientToFill() {
    clearGradient();
    return gradientToWrite();
  }

  /** Adds to the gradient what was computed apart, such as that of other rows of the same step. Shape of the parameter. */
  public void addGradient(Tensor contribution) {
    accept(contribution, false);
  }

  /** Keeps rows as long as nobody wanted the gradient whole and they are less than half of it. */
  @Override
  void acceptRows(Tensor contribution, int[] rows, float scale) {
    if (gradient == null) {
      RowGradient sum = RowGradient.sum(shape(), rowGradient, contribution, rows, scale);
      if (sum != null) {
        rowGradient = sum;
        filled = true;
        return;
      }
    }
    super.acceptRows(contribution, rows, scale);
  }

  @Override
  void accept(Tensor contribution, boolean owned) {
    if (!contribution.shape().equals(shape())) {
      throw new ShapeException("gradient " + contribution.shape() + " of parameter " + name + " " + shape());
    }
    if (!filled && gradient == null && owned && shape().size() >= SMALLEST_POOLED && contribution.outlast()) {
      gradient = contribution;
      pooled = true;
      filled = true;
      return;
    }
    boolean add = filled;
    Tensor target = gradientToWrite();
    if (add) {
      MathOps.addInto(contribution, target);
    } else {
      target.copyFrom(contribution);
    }
    if (owned) {
      contribution.release();
    }
  }

  @Override
  public String toString() {
    return (name.isEmpty() ? "parameter" : name) + " " + current.dtype() + " " + shape() + (trainable ? "" : " (frozen)");
  }
}
