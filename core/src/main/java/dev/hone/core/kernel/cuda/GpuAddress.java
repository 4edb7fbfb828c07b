package dev.hone.core.kernel.cuda;

import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.core.Tensor;

/**
 * A place in the memory of a GPU as a number: kernels are given it, nothing on the host can reach through it.
 *
 * @param value the address
 */
record GpuAddress(long value) {
  /** Where the elements of a tensor begin that is computed with. */
  static GpuAddress floats(Gpu gpu, String what, Tensor tensor) {
    if (tensor.dtype() != DType.F32) {
      throw new IllegalStateException("cuda: " + what + " " + tensor.shape() + " is " + tensor.dtype()
          + "; convert it with toF32()");
    }
    return of(gpu, what, tensor);
  }

  /** Where the elements of a tensor begin, as they are stored. */
  static GpuAddress of(Gpu gpu, String what, Tensor tensor) {
    if (tensor.isQuantized() || tensor.device() == Device.CPU || !(tensor.buffer() instanceof GpuBuffer buffer)
        || buffer.memory().gpu() != gpu) {
      throw new IllegalStateException("cuda: " + what + ": operand " + tensor.dtype() + " " + tensor.shape()
          + " is on the device "
          + tensor.device() + (tensor.isQuantized() ? " and quantised" : "") + "; move it with to()");
    }
    return new GpuAddress(buffer.address((long) tensor.offset() * tensor.dtype().bytes()));
  }
}
