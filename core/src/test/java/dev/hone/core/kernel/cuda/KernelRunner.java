package dev.hone.core.kernel.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The shortest way from Java arrays to a kernel of the emulated driver, for tests of single kernels. Arrays given to a launch are
 * copied to memory of their own size, and back where the test asks for them.
 */
@SuppressWarnings("restricted")
final class KernelRunner implements AutoCloseable {
  /** The folder of the kernels; another one for tests of the tests. */
  private final Path sources = Path.of(System.getProperty("hone.test.cuda.sources",
      "../core/src/main/resources/dev/hone/core/kernel/cuda"));

  private final Arena arena = Arena.ofConfined();
  private final SymbolLookup library = SymbolLookup.libraryLookup(EmulatedDriver.library(), Arena.global());
  private final Map<String, MethodHandle> functions = new HashMap<>();
  private final Map<String, MemorySegment> modules = new HashMap<>();
  private final List<Memory> held = new ArrayList<>();
  private final MemorySegment out = arena.allocate(64);

  KernelRunner() {
    check(call("cuInit", 0));
    check(call("cuDevicePrimaryCtxRetain", out, 0));
    check(call("cuCtxSetCurrent", out.get(ValueLayout.ADDRESS, 0)));
    reports();
  }

  /** An array in the memory of the GPU. */
  final class Memory {
    private final long address;
    private final Object array;

    private Memory(Object array, long bytes) {
      this.array = array;
      check(call("cuMemAlloc_v2", out, Math.max(1, bytes)));
      address = out.get(ValueLayout.JAVA_LONG, 0);
      held.add(this);
    }

    /** The address of an element. */
    long at(int element) {
      return address + element * (switch (array) {
        case float[] _, int[] _ -> 4L;
        case double[] _, long[] _ -> 8L;
        case short[] _ -> 2L;
        default -> 1L;
      });
    }

    /** What is there now. */
    float[] floats() {
      MemorySegment copy = MemorySegment.ofArray(((float[]) array).clone());
      try (Arena room = Arena.ofConfined()) {
        MemorySegment host = room.allocate(Math.max(1, copy.byteSize()), 8);
        check(call("cuMemcpyDtoH_v2", host, address, copy.byteSize()));
        copy.copyFrom(host.asSlice(0, copy.byteSize()));
      }
      return (float[]) copy.heapBase().orElseThrow();
    }

    int[] ints() {
      int[] target = new int[((int[]) array).length];
      try (Arena room = Arena.ofConfined()) {
        MemorySegment host = room.allocate(4L * target.length + 1, 8);
        check(call("cuMemcpyDtoH_v2", host, address, 4L * target.length));
        MemorySegment.ofArray(target).copyFrom(host.asSlice(0, 4L * target.length));
      }
      return target;
    }

    byte[] bytes() {
      byte[] target = new byte[array instanceof short[] halves ? 2 * halves.length : ((byte[]) array).length];
      try (Arena room = Arena.ofConfined()) {
        MemorySegment host = room.allocate(target.length + 1L, 8);
        check(call("cuMemcpyDtoH_v2", host, address, (long) target.length));
        MemorySegment.ofArray(target).copyFrom(host.asSlice(0, target.length));
      }
      return target;
    }

    double[] doubles() {
      double[] target = new double[((double[]) array).length];
      try (Arena room = Arena.ofConfined()) {
        MemorySegment host = room.allocate(8L * target.length + 1, 8);
        check(call("cuMemcpyDtoH_v2", host, address, 8L * target.length));
        MemorySegment.ofArray(target).copyFrom(host.asSlice(0, 8L * target.length));
      }
      return target;
    }
  }

  /** A copy of an array of a primitive type. */
  Memory put(Object array) {
    MemorySegment source = switch (array) {
      case float[] x -> MemorySegment.ofArray(x);
      case int[] x -> MemorySegment.ofArray(x);
      case double[] x -> MemorySegment.ofArray(x);
      case byte[] x -> MemorySegment.ofArray(x);
      case short[] x -> MemorySegment.ofArray(x);
      case long[] x -> MemorySegment.ofArray(x);
      default -> throw new IllegalArgumentException(array.getClass().toString());
    };
    Memory memory = new Memory(array, source.byteSize());
    if (source.byteSize() > 0) {
      try (Arena room = Arena.ofConfined()) {
        MemorySegment host = room.allocate(source.byteSize(), 8).copyFrom(source);
        check(call("cuMemcpyHtoD_v2", memory.address, host, source.byteSize()));
      }
    }
    return memory;
  }

  /** Room for floats, full of NaN. */
  Memory room(int floats) {
    return new Memory(new float[floats], 4L * floats);
  }

  /**
   * Launches a kernel and waits for it.
   *
   * @param grid blocks in x, y and z
   * @param arguments memory, null for no memory, and numbers of the types that the kernel takes
   */
  void launch(String family, String entry, int[] grid, int block, int shared, Object... arguments) {
    MemorySegment module = modules.computeIfAbsent(family, this::load);
    check(call("cuModuleGetFunction", out, module, arena.allocateFrom(entry)));
    MemorySegment function = out.get(ValueLayout.ADDRESS, 0);
    if (shared > 0) {
      check(call("cuFuncSetAttribute", function, 8, shared));
    }
    try (Arena room = Arena.ofConfined()) {
      MemorySegment values = room.allocate(8L * arguments.length + 8, 8);
      MemorySegment pointers = room.allocate(ValueLayout.ADDRESS, arguments.length + 1); // the last one stays null
      for (int i = 0; i < arguments.length; i++) {
        switch (arguments[i]) {
          case null -> values.setAtIndex(ValueLayout.JAVA_LONG, i, 0);
          case Memory memory -> values.setAtIndex(ValueLayout.JAVA_LONG, i, memory.address);
          case Long number -> values.setAtIndex(ValueLayout.JAVA_LONG, i, number);
          case Integer number -> values.set(ValueLayout.JAVA_INT, 8L * i, number);
          case Float number -> values.set(ValueLayout.JAVA_FLOAT, 8L * i, number);
          case Double number -> values.set(ValueLayout.JAVA_DOUBLE, 8L * i, number);
          case Boolean flag -> values.set(ValueLayout.JAVA_INT, 8L * i, flag ? 1 : 0);
          case Enum<?> constant -> values.set(ValueLayout.JAVA_INT, 8L * i, constant.ordinal());
          default -> throw new IllegalArgumentException(arguments[i].getClass().toString());
        }
        pointers.setAtIndex(ValueLayout.ADDRESS, i, values.asSlice(8L * i));
      }
      check(call("cuLaunchKernel", function, grid[0], grid.length > 1 ? grid[1] : 1, grid.length > 2 ? grid[2] : 1, block, 1, 1,
          shared, MemorySegment.NULL, pointers, MemorySegment.NULL));
      check(call("cuCtxSynchronize"));
    }
    String reports = reports();
    if (!reports.isEmpty()) {
      throw new AssertionError(entry + ": " + reports);
    }
  }

  /** A kernel with a thread for each of {@code threads} items, in blocks of 256. */
  void each(String family, String entry, long threads, Object... arguments) {
    launch(family, entry, new int[] {(int) ((threads + 255) / 256)}, 256, 0, arguments);
  }

  private MemorySegment load(String family) {
    try {
      String source = Files.readString(sources.resolve("prelude.cu")) + Files.readString(sources.resolve(family + ".cu"));
      check(call("nvrtcCreateProgram", out, arena.allocateFrom(source), MemorySegment.NULL, 0, MemorySegment.NULL,
          MemorySegment.NULL));
      MemorySegment program = out.get(ValueLayout.ADDRESS, 0);
      int code = call("nvrtcCompileProgram", program, 0, MemorySegment.NULL);
      if (code != 0) {
        check(call("nvrtcGetProgramLogSize", program, out));
        MemorySegment log = arena.allocate(out.get(ValueLayout.JAVA_LONG, 0));
        check(call("nvrtcGetProgramLog", program, log));
        throw new AssertionError(family + ".cu does not compile:\n" + log.getString(0));
      }
      check(call("nvrtcGetCUBINSize", program, out));
      MemorySegment image = arena.allocate(out.get(ValueLayout.JAVA_LONG, 0));
      check(call("nvrtcGetCUBIN", program, image));
      check(call("cuModuleLoadDataEx", out, image, 0, MemorySegment.NULL, MemorySegment.NULL));
      return out.get(ValueLayout.ADDRESS, 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Gives all memory back. */
  void release() {
    for (Memory memory : held) {
      check(call("cuMemFree_v2", memory.address));
    }
    held.clear();
    String reports = reports();
    if (!reports.isEmpty()) {
      throw new AssertionError(reports);
    }
  }

  /** What the driver has to say of mistakes since the last call. */
  String reports() {
    MemorySegment text = arena.allocate(1 << 14);
    call("honeEmulatedReports", text, text.byteSize());
    return text.getString(0, StandardCharsets.UTF_8);
  }

  private void check(int code) {
    if (code != 0) {
      throw new AssertionError("error " + code + " " + reports());
    }
  }

  /** Calls a function that returns an int; arguments say its type. */
  private int call(String name, Object... arguments) {
    MethodHandle handle = functions.computeIfAbsent(name + arguments.length, _ -> {
      List<MemoryLayout> layouts = new ArrayList<>();
      for (Object argument : arguments) {
        layouts.add(argument instanceof Integer ? ValueLayout.JAVA_INT : argument instanceof Long ? ValueLayout.JAVA_LONG
            : ValueLayout.ADDRESS);
      }
      return Linker.nativeLinker().downcallHandle(library.find(name).orElseThrow(), FunctionDescriptor.of(ValueLayout.JAVA_INT,
          layouts.toArray(MemoryLayout[]::new)));
    });
    try {
      return (int) handle.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new AssertionError(name, e);
    }
  }

  @Override
  public void close() {
    for (MemorySegment module : modules.values()) {
      check(call("cuModuleUnload", module));
    }
    release();
    check(call("cuDevicePrimaryCtxRelease_v2", 0));
    arena.close();
  }
}
