package dev.hone.core.io;

import dev.hone.core.Device;
import dev.hone.core.HostArray;
import dev.hone.core.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/** The elements of a tensor as they lie in files, little-endian: what checksums are made of. */
public final class TensorBytes {
  private static final int FLOATS = 1 << 14; // of a piece
  private static final long MAPPED = 1 << 30; // bytes of a piece

  private TensorBytes() {}

  /**
   * Hands the bytes out in pieces, in their order.
   *
   * @param tensor on any device
   * @param taker of each piece, which is valid during the call
   */
  public static void each(Tensor tensor, Consumer<ByteBuffer> taker) {
    if (tensor.isReadOnly() || !tensor.dtype().isFloat()) {
      MemorySegment stored = tensor.to(Device.CPU).segment();
      long bytes = stored.byteSize();
      for (long from = 0; from < bytes; from += MAPPED) {
        taker.accept(stored.asSlice(from, Math.min(MAPPED, bytes - from)).asByteBuffer());
      }
      return;
    }
    ByteBuffer buffer = ByteBuffer.allocate(FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int length = tensor.shape().length();
    try (HostArray numbers = tensor.onHost(HostArray.Access.READ)) {
      for (int from = 0; from < length; from += FLOATS) {
        int n = Math.min(FLOATS, length - from);
        buffer.clear();
        buffer.asFloatBuffer().put(numbers.array(), numbers.offset() + from, n);
        taker.accept(buffer.limit(n * Float.BYTES));
      }
    }
  }
}
