package dev.hone.core.kernel.cuda;

import static dev.hone.core.kernel.cuda.CudaFunction.CU_MEMCPY_D_TO_H_ASYNC;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_MEMCPY_H_TO_D_ASYNC;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_MEM_FREE_HOST;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_MEM_HOST_ALLOC;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Page-locked memory that copies between host and GPU pass through, so that they need not wait: what goes up is put behind what
 * went up before, and the stream is waited for only when the memory begins again.
 */
final class Staging {
  private static final long UP = 16L << 20;
  private static final long DOWN = 4L << 20;
  private static final long LINE = 64;

  private final Gpu gpu;
  private final Object downLock = new Object();
  private MemorySegment up; // null until needed; guarded by this
  private long used;
  private MemorySegment down; // guarded by downLock

  Staging(Gpu gpu) {
    this.gpu = gpu;
  }

  private MemorySegment room(long bytes) {
    return gpu.await(() -> {
      gpu.call(CU_MEM_HOST_ALLOC, gpu.out(), bytes, 0);
      return NativeLibrary.memory(gpu.out().get(ValueLayout.JAVA_LONG, 0), bytes);
    });
  }

  /** Copies bytes of the host, which may be changed once this has returned. */
  synchronized void upload(MemorySegment source, long address) {
    if (up == null) {
      up = room(UP);
    }
    for (long at = 0; at < source.byteSize(); ) {
      if (used == UP) {
        gpu.await(() -> {
          gpu.synchronize();
          return null;
        });
        used = 0;
      }
      long count = Math.min(source.byteSize() - at, UP - used);
      MemorySegment piece = up.asSlice(used, count);
      MemorySegment.copy(source, at, piece, 0, count);
      long target = address + at;
      gpu.submit(() -> gpu.call(CU_MEMCPY_H_TO_D_ASYNC, target, piece, count, gpu.stream()));
      at += count;
      used = Math.min(UP, (used + count + LINE - 1) / LINE * LINE);
    }
  }

  /** Copies bytes of the GPU to the host and waits for them. */
  void download(long address, MemorySegment target) {
    synchronized (downLock) {
      if (down == null) {
        down = room(DOWN);
      }
      for (long at = 0; at < target.byteSize(); at += DOWN) {
        long from = address + at;
        long count = Math.min(target.byteSize() - at, DOWN);
        gpu.await(() -> {
          gpu.call(CU_MEMCPY_D_TO_H_ASYNC, down, from, count, gpu.stream());
          gpu.synchronize();
          return null;
        });
        MemorySegment.copy(down, 0, target, at, count);
      }
    }
  }

  /** Gives the memory back. */
  void close() {
    synchronized (this) {
      free(up);
      up = null;
    }
    synchronized (downLock) {
      free(down);
      down = null;
    }
  }

  private void free(MemorySegment memory) {
    if (memory != null) {
      gpu.forced(() -> {
        gpu.synchronize();
        gpu.call(CU_MEM_FREE_HOST, memory);
        return null;
      });
    }
  }
}
