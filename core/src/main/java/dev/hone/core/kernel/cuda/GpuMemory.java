package dev.hone.core.kernel.cuda;

import static dev.hone.core.kernel.cuda.CudaFunction.CU_MEM_ALLOC;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_MEM_FREE;

import dev.hone.core.memory.DeviceBuffer;
import dev.hone.core.memory.DeviceMemory;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Cleaner;
import java.util.Locale;

/** The memory of a GPU: blocks of slabs, given back when a buffer is freed or garbage. */
final class GpuMemory implements DeviceMemory {
  private static final Cleaner CLEANER = Cleaner.create(Thread.ofPlatform().name("hone-cuda-cleaner").daemon().factory());
  private static final int PATIENCE = 3; // collections that may bring forgotten buffers back
  private static final int MILLIS = 20;

  private final Gpu gpu;
  private final Staging staging;
  private final KernelLauncher launcher;
  private final Slabs slabs; // guarded by itself
  private boolean closed; // guarded by slabs

  GpuMemory(Gpu gpu, KernelLauncher launcher) {
    this.gpu = gpu;
    this.launcher = launcher;
    staging = new Staging(gpu);
    slabs = new Slabs(new Slabs.Source() {
      @Override
      public long allocate(long bytes) {
        return gpu.await(() -> gpu.callForMemory(CU_MEM_ALLOC, gpu.out(), bytes) ? gpu.out().get(ValueLayout.JAVA_LONG, 0) : 0L);
      }

      @Override
      public void free(long address) {
        gpu.forced(() -> {
          if (!gpu.isDead()) { // else it is gone with its context
            gpu.synchronize(); // the driver does not promise to wait for what still reads it
            gpu.call(CU_MEM_FREE, address);
          }
          return null;
        });
      }
    }, Boolean.parseBoolean(System.getProperty("hone.cuda.slabs", "true")));
  }

  @Override
  public DeviceBuffer allocate(long bytes) {
    return new GpuBuffer(this, block(bytes), bytes);
  }

  private Slabs.Block block(long bytes) {
    for (int tries = 0; ; tries++) {
      synchronized (slabs) {
        Slabs.Block block = slabs.take(bytes);
        if (block != null) {
          return block;
        }
      }
      if (tries == PATIENCE) {
        long[] memory = gpu.await(gpu::freeAndTotal);
        synchronized (slabs) {
          throw new OutOfMemoryError(String.format(Locale.ROOT, "%.1f of its %.1f MB are free, %.1f MB are in use by tensors "
              + "here, %.1f MB more lie between them", memory[0] / 1e6, memory[1] / 1e6, slabs.liveBytes() / 1e6,
              (slabs.slabBytes() - slabs.liveBytes()) / 1e6));
        }
      }
      System.gc(); // buffers that were forgotten come back through the cleaner
      try {
        Thread.sleep(MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Calls the action when an object is garbage. */
  static Cleaner.Cleanable whenGarbage(Object object, Runnable action) {
    return CLEANER.register(object, action);
  }

  /** Takes a block back. */
  void give(Slabs.Block block, int generation) {
    synchronized (slabs) {
      if (!closed) {
        slabs.give(block, generation);
      }
    }
  }

  /** What copies between host and GPU pass through. */
  Staging staging() {
    return staging;
  }

  /** What launches kernels of this GPU. */
  KernelLauncher launcher() {
    return launcher;
  }

  Gpu gpu() {
    return gpu;
  }

  @Override
  public long mostBytes() {
    return gpu.await(gpu::freeAndTotal)[0] + slabBytes();
  }

  @Override
  public long liveBytes() {
    synchronized (slabs) {
      return slabs.liveBytes();
    }
  }

  /** Bytes that the driver has given. */
  long slabBytes() {
    synchronized (slabs) {
      return slabs.slabBytes();
    }
  }

  /** Gives slabs back that nobody uses. */
  void trim() {
    synchronized (slabs) {
      slabs.trim();
    }
  }

  /** Gives all back; buffers that are in use are gone. */
  void close() {
    staging.close();
    synchronized (slabs) {
      slabs.trim();
      closed = true;
    }
  }
}
