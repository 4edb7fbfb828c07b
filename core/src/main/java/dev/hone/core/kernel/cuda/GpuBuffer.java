package dev.hone.core.kernel.cuda;

import static dev.hone.core.kernel.cuda.CudaFunction.CU_MEMCPY_D_TO_D_ASYNC;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_MEMSET_D8_ASYNC;

import dev.hone.core.memory.DeviceBuffer;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.util.Objects;

/** Memory of a GPU. Its address is a number that only kernels and copies are given: nothing on the host can reach through it. */
final class GpuBuffer implements DeviceBuffer {
  private final GpuMemory memory;
  private final Slabs.Block block;
  private final int generation;
  private final long bytes;
  private final Cleaner.Cleanable cleanable;

  GpuBuffer(GpuMemory memory, Slabs.Block block, long bytes) {
    this.memory = memory;
    this.block = block;
    this.bytes = bytes;
    int own = block.generation();
    generation = own;
    cleanable = GpuMemory.whenGarbage(this, () -> {
      if (block.generation() == own) { // not freed by hand
        memory.give(block, own);
      }
    });
  }

  /** The address of a byte; fails if the memory was given back. */
  long address(long at) {
    return block.address(generation) + at;
  }

  /** The memory it is in. */
  GpuMemory memory() {
    return memory;
  }

  private long address(long at, long count) {
    Objects.checkFromIndexSize(at, count, bytes);
    return address(at);
  }

  @Override
  public void write(long at, MemorySegment source) {
    memory.staging().upload(source, address(at, source.byteSize()));
  }

  @Override
  public void read(long at, MemorySegment target) {
    memory.staging().download(address(at, target.byteSize()), target);
  }

  @Override
  public void copy(long at, DeviceBuffer source, long sourceAt, long count) {
    long from = ((GpuBuffer) source).address(sourceAt, count);
    long to = address(at, count);
    Gpu gpu = memory.gpu();
    if (count > 0 && from != to) {
      gpu.submit(() -> gpu.call(CU_MEMCPY_D_TO_D_ASYNC, to, from, count, gpu.stream()));
    }
  }

  @Override
  public void fill(long at, long count, float value) {
    long to = address(at, count * Float.BYTES);
    Gpu gpu = memory.gpu();
    if (count == 0) {
      return;
    }
    if (Float.floatToRawIntBits(value) == 0) {
      gpu.submit(() -> gpu.call(CU_MEMSET_D8_ASYNC, to, (byte) 0, count * Float.BYTES, gpu.stream()));
    } else {
      memory.launcher().fill(to, count, value);
    }
  }

  @Override
  public void free() {
    memory.give(block, generation); // fails if it was given back already
    cleanable.clean();
  }
}
