package dev.hone.core;

import dev.hone.core.kernel.Kernels;
import dev.hone.core.memory.DeviceBuffer;
import dev.hone.core.memory.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * A device for tests that needs no hardware: its memory is outside the heap, so that whoever reaches for an array fails, and
 * its kernels compute through the scalar ones of the CPU on copies. What runs on it runs on any device.
 */
public final class MirrorDevice {
  private static final AtomicLong LIVE = new AtomicLong();
  private static final AtomicLong COPIES_BACK = new AtomicLong();
  private static final Map<String, LongAdder> CALLS = new ConcurrentHashMap<>();

  /** The device. */
  public static final Device DEVICE = Device.register("mirror", Buffer::new);

  static {
    Kernels.register(DEVICE, MirrorKernels.counting(method -> CALLS.computeIfAbsent(method, _ -> new LongAdder()).increment()));
  }

  private MirrorDevice() {}

  /** How often each kernel ran, by family and method, such as {@code matmul.stream}. A copy. */
  public static Map<String, Long> calls() {
    Map<String, Long> calls = new TreeMap<>();
    CALLS.forEach((method, count) -> calls.put(method, count.sum()));
    return calls;
  }

  /** How many kernels ran. */
  public static long kernelsRun() {
    return CALLS.values().stream().mapToLong(LongAdder::sum).sum();
  }

  /** Bytes of buffers that are neither freed nor garbage known to be so. */
  public static long liveBytes() {
    return LIVE.get();
  }

  /** How often something was copied to the host, kernels apart. */
  public static long copiesToHost() {
    return COPIES_BACK.get();
  }

  /** Off the heap. */
  static final class Buffer implements DeviceBuffer {
    private MemorySegment bytes; // null once freed

    Buffer(long size) {
      bytes = Arena.ofAuto().allocate(Math.max(size, 1), 64).asSlice(0, size);
      fill(0, size / Float.BYTES, Float.NaN); // whoever reads what nobody wrote is to notice
      LIVE.addAndGet(size);
    }

    MemorySegment bytes() {
      if (bytes == null) {
        throw new IllegalStateException("mirror: memory is used after it was freed");
      }
      return bytes;
    }

    @Override
    public void write(long at, MemorySegment source) {
      MemorySegment.copy(source, 0, bytes(), at, source.byteSize());
    }

    @Override
    public void read(long at, MemorySegment target) {
      COPIES_BACK.incrementAndGet();
      MemorySegment.copy(bytes(), at, target, 0, target.byteSize());
    }

    @Override
    public void copy(long at, DeviceBuffer source, long sourceAt, long count) {
      MemorySegment.copy(((Buffer) source).bytes(), sourceAt, bytes(), at, count);
    }

    @Override
    public void fill(long at, long count, float value) {
      for (long i = 0; i < count; i++) {
        bytes().set(ValueLayout.JAVA_FLOAT, at + i * Float.BYTES, value);
      }
    }

    @Override
    public void free() {
      LIVE.addAndGet(-bytes().byteSize());
      bytes = null;
    }
  }
}
