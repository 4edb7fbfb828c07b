package dev.hone.core.kernel.cuda;

import static dev.hone.core.kernel.cuda.CudaFunction.CU_FUNC_SET_ATTRIBUTE;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_LAUNCH_KERNEL;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_MODULE_GET_FUNCTION;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_MODULE_LOAD_DATA_EX;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_MODULE_UNLOAD;

import dev.hone.core.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Loads kernels of a GPU when they are first launched, and launches them. */
final class KernelLauncher {
  private static final int MAX_ARGUMENTS = 64;
  private static final int LOG = 8192;
  private static final int FILL_BLOCK = 256;

  private final Gpu gpu;
  private final KernelCompiler compiler;
  private final Map<String, KernelSource> sources = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> launches = new ConcurrentHashMap<>();

  // of the GPU's thread alone:
  private final Map<String, MemorySegment> modules = new HashMap<>();
  private final Map<String, MemorySegment> functions = new HashMap<>();
  private final Map<String, Integer> shared = new HashMap<>();
  private final MemorySegment values;
  private final MemorySegment pointers;

  KernelLauncher(Gpu gpu, KernelCompiler compiler) {
    this.gpu = gpu;
    this.compiler = compiler;
    Arena arena = Arena.ofAuto();
    values = arena.allocate(MAX_ARGUMENTS * Long.BYTES, Long.BYTES);
    pointers = arena.allocate(ValueLayout.ADDRESS, MAX_ARGUMENTS + 1);
  }

  /** How kernels are compiled. */
  KernelCompiler compiler() {
    return compiler;
  }

  /**
   * How a kernel is spread over the GPU.
   *
   * @param x blocks
   * @param y blocks
   * @param z blocks
   * @param block threads of a block
   * @param shared bytes of dynamic shared memory
   */
  record Grid(long x, int y, int z, int block, int shared) {
    /** One thread for each of {@code count} items. */
    static Grid threads(long count, int block) {
      return new Grid((count + block - 1) / block, 1, 1, block, 0);
    }

    /** A number of blocks. */
    static Grid blocks(long count, int block) {
      return new Grid(count, 1, 1, block, 0);
    }
  }

  /**
   * Launches an entry of a family. Nothing happens if the grid is empty.
   *
   * @param arguments tensors and buffers for pointers, null for absent ones; numbers of the very types that the source declares;
   *     booleans for ints
   */
  void launch(String family, String entry, Grid grid, Object... arguments) {
    KernelSource source = sources.computeIfAbsent(family, KernelSource::of);
    List<KernelSource.Parameter> parameters = source.entries().get(entry);
    if (parameters == null) {
      throw new IllegalStateException("kernels " + family + " have no entry " + entry + "; there are "
          + source.entries().keySet());
    }
    if (parameters.size() != arguments.length) {
      throw new IllegalStateException(entry + " takes " + parameters.size() + " arguments, " + parameters + ", not "
          + arguments.length);
    }
    if (grid.x() == 0 || grid.y() == 0 || grid.z() == 0) {
      return;
    }
    if (grid.x() > Integer.MAX_VALUE || grid.y() > 65535 || grid.z() > 65535) {
      throw new IllegalArgumentException(entry + ": a grid of " + grid + " is more than a GPU takes; use a smaller batch");
    }
    if (grid.shared() > gpu.description().sharedMemory()) {
      throw new IllegalArgumentException(entry + ": a block needs " + grid.shared() + " bytes of shared memory, "
          + gpu.description().name() + " gives at most " + gpu.description().sharedMemory() + "; --device cpu computes it");
    }
    long[] slots = new long[arguments.length];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = slot(entry, parameters.get(i), arguments[i]);
    }
    launches.computeIfAbsent(entry, _ -> new LongAdder()).increment();
    if (gpu.synchronous()) {
      gpu.await(() -> {
        run(source, entry, grid, slots);
        gpu.synchronize();
        return null;
      });
    } else {
      gpu.submit(() -> run(source, entry, grid, slots));
    }
    Reference.reachabilityFence(arguments); // garbage may be given back once its last reader is queued
  }

  private long slot(String entry, KernelSource.Parameter parameter, Object argument) {
    return switch (parameter.kind()) {
      case FLOATS, POINTER -> switch (argument) {
        case null -> 0;
        case Tensor tensor -> address(entry, parameter, tensor);
        case GpuBuffer buffer -> buffer.address(0);
        case GpuAddress address -> address.value();
        case CudaFamily.Room room -> room.buffer().address(0);
        default -> throw wrong(entry, parameter, argument);
      };
      case INT -> switch (argument) {
        case Integer number -> number & 0xFFFFFFFFL;
        case Boolean flag -> flag ? 1 : 0;
        case Enum<?> constant -> constant.ordinal();
        case null, default -> throw wrong(entry, parameter, argument);
      };
      case LONG -> argument instanceof Long number ? number : argument instanceof Integer number ? (long) number
          : fail(entry, parameter, argument);
      case FLOAT -> argument instanceof Float number ? Float.floatToRawIntBits(number) & 0xFFFFFFFFL
          : fail(entry, parameter, argument);
      case DOUBLE -> argument instanceof Double number ? Double.doubleToRawLongBits(number) : fail(entry, parameter, argument);
    };
  }

  /** Where a tensor's elements begin; refuses what another device has. */
  private long address(String entry, KernelSource.Parameter parameter, Tensor tensor) {
    String what = entry + ", " + parameter.name();
    return (parameter.kind() == KernelSource.Kind.FLOATS ? GpuAddress.floats(gpu, what, tensor)
        : GpuAddress.of(gpu, what, tensor)).value();
  }

  private static long fail(String entry, KernelSource.Parameter parameter, Object argument) {
    throw wrong(entry, parameter, argument);
  }

  private static IllegalStateException wrong(String entry, KernelSource.Parameter parameter, Object argument) {
    return new IllegalStateException(entry + ": " + parameter.name() + " is a " + parameter.kind() + ", not "
        + (argument == null ? null : argument.getClass().getSimpleName()));
  }

  private void run(KernelSource source, String entry, Grid grid, long[] slots) {
    gpu.during(entry);
    MemorySegment function = functions.get(entry);
    if (function == null) {
      function = load(source, entry);
    }
    if (grid.shared() > shared.getOrDefault(entry, 0)) { // without asking there are 48 KiB less what the entry has of its own
      gpu.call(CU_FUNC_SET_ATTRIBUTE, function, CudaConstant.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES.value(),
          grid.shared());
      shared.put(entry, grid.shared());
    }
    for (int i = 0; i < slots.length; i++) {
      values.setAtIndex(ValueLayout.JAVA_LONG, i, slots[i]);
      pointers.setAtIndex(ValueLayout.ADDRESS, i, values.asSlice((long) i * Long.BYTES));
    }
    pointers.setAtIndex(ValueLayout.ADDRESS, slots.length, MemorySegment.NULL); // tools that watch launches count them
    gpu.call(CU_LAUNCH_KERNEL, function, (int) grid.x(), grid.y(), grid.z(), grid.block(), 1, 1, grid.shared(), gpu.stream(),
        pointers, MemorySegment.NULL);
  }

  private MemorySegment load(KernelSource source, String entry) {
    MemorySegment module = modules.get(source.family());
    try (Arena arena = Arena.ofConfined()) {
      if (module == null) {
        module = module(source, arena);
        modules.put(source.family(), module);
      }
      gpu.call(CU_MODULE_GET_FUNCTION, gpu.out(), module, arena.allocateFrom(entry));
    }
    MemorySegment function = gpu.out().get(ValueLayout.ADDRESS, 0);
    functions.put(entry, function);
    return function;
  }

  /** The kernels of a family, of the first of the compiler's images that the driver takes. */
  private MemorySegment module(KernelSource source, Arena arena) {
    String architecture = gpu.description().architecture();
    for (int refused = 0; ; refused++) {
      byte[] image = compiler.image(source, architecture, refused);
      try {
        return module(source, image, arena);
      } catch (CudaException e) {
        if (gpu.isDead() || refused + 1 == compiler.images()) {
          throw e;
        }
        System.getLogger("dev.hone").log(System.Logger.Level.WARNING, e.getMessage() + "; another image is tried");
      }
    }
  }

  private MemorySegment module(KernelSource source, byte[] image, Arena arena) {
    MemorySegment bytes = arena.allocate(image.length + 1L, 64); // PTX is text that ends with a zero
    MemorySegment.copy(image, 0, bytes, ValueLayout.JAVA_BYTE, 0, image.length);
    MemorySegment log = arena.allocate(LOG);
    MemorySegment options = arena.allocateFrom(ValueLayout.JAVA_INT, CudaConstant.CU_JIT_ERROR_LOG_BUFFER.value(),
        CudaConstant.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES.value());
    MemorySegment settings = arena.allocate(ValueLayout.ADDRESS, 2);
    settings.setAtIndex(ValueLayout.ADDRESS, 0, log);
    settings.setAtIndex(ValueLayout.ADDRESS, 1, MemorySegment.ofAddress(LOG - 1)); // the number itself, not where it is
    try {
      gpu.call(CU_MODULE_LOAD_DATA_EX, gpu.out(), bytes, 2, options, settings);
    } catch (CudaException e) {
      throw new CudaException("kernels " + source.family() + " for " + gpu.description().architecture() + " cannot be loaded: "
          + e.getMessage() + " " + log.getString(0).strip(), e);
    }
    return gpu.out().get(ValueLayout.ADDRESS, 0);
  }

  /** Sets floats at an address. */
  void fill(long address, long count, float value) {
    launch("memory", "hone_fill", Grid.threads(count, FILL_BLOCK), new GpuAddress(address), count, value);
  }

  /** How often each entry was launched. A copy. */
  Map<String, Long> launches() {
    Map<String, Long> counts = new TreeMap<>();
    launches.forEach((entry, count) -> counts.put(entry, count.sum()));
    return counts;
  }

  /** Gives the modules back; on any thread, after all launches. */
  void close() {
    gpu.forced(() -> {
      modules.values().forEach(module -> gpu.call(CU_MODULE_UNLOAD, module));
      modules.clear();
      functions.clear();
      return null;
    });
  }
}
