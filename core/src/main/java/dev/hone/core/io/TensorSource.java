package dev.hone.core.io;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import java.util.Map;
import java.util.Set;

/**
 * Named tensors from somewhere: one file, a sharded model, another format. Everything about the tensors was checked when the
 * source was opened; their elements are read when they are used.
 *
 * <p>A source needs no closing: mapped files stay mapped as long as the source or one of its tensors is reachable.
 */
public interface TensorSource {
  /** The names, in the order of the file. Unmodifiable. */
  Set<String> names();

  /**
   * The shape of a tensor.
   *
   * @throws MissingTensorException if there is none of this name
   */
  Shape shape(String name);

  /**
   * How the elements of a tensor are stored.
   *
   * @throws MissingTensorException if there is none of this name
   */
  DType dtype(String name);

  /**
   * A tensor as it is stored, usually over mapped memory; {@link Tensor#toF32()} makes it one to compute with.
   *
   * @throws MissingTensorException if there is none of this name
   */
  Tensor tensor(String name);

  /** What the file says about itself, such as {@code format=pt}; empty if nothing. */
  Map<String, String> metadata();

  /** Where the tensors come from, as messages call it: a path. */
  String origin();

  /** Whether there is a tensor of this name. */
  default boolean contains(String name) {
    return names().contains(name);
  }
}
