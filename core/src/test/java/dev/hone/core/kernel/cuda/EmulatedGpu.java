package dev.hone.core.kernel.cuda;

import dev.hone.core.Device;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The device {@code cuda} on the emulated driver, as tests of all modules get it. Every buffer is an allocation of its own, so
 * that
 * the driver watches each.
 */
public final class EmulatedGpu {
  private static final long TEXT = 1 << 20;

  private EmulatedGpu() {}

  /** The device; a test that asks for it is skipped where there is no g++. */
  public static synchronized Device device() {
    if (System.getProperty(CudaLibrary.DRIVER.property()) == null) {
      Path library = EmulatedDriver.library();
      for (CudaLibrary kind : CudaLibrary.values()) {
        System.setProperty(kind.property(), library.toString());
      }
      System.setProperty("hone.cuda.cache", library.getParent().resolve("kernels").toString());
      System.setProperty("hone.cuda.slabs", "false");
      System.setProperty(CublasLt.PRODUCTS, System.getProperty(CublasLt.PRODUCTS, "own"));
      System.setProperty(Precision.PROPERTY, System.getProperty(Precision.PROPERTY, "fp32"));
    }
    return Cuda.device();
  }

  /** Mistakes that the driver has seen since the last call, a line each; none is good. */
  public static String reports() {
    return text("honeEmulatedReports");
  }

  /** How often each kernel was launched. */
  public static Map<String, Long> launches() {
    Map<String, Long> launches = new TreeMap<>();
    text("honeEmulatedLaunches").lines().forEach(line -> launches.put(line.split(" ")[0], Long.parseLong(line.split(" ")[1])));
    return launches;
  }

  /**
   * In how many orders of blocks and threads launches run from now on, whose bits are compared: one is quick, for long runs of
   * kernels that others test; 0 is what suits.
   */
  public static void setOrders(int orders) {
    call("honeEmulatedOrders", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT), orders);
  }

  /** The most bytes on the first GPU at a time of what was allocated since the last call. */
  public static long mostBytes() {
    return (long) call("honeEmulatedMostBytes", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT), 0);
  }

  /** Makes the work that is done next end with an error, as the hardware does. */
  static void fail(int code) {
    call("honeEmulatedFault", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT), code);
  }

  /** How many GPUs there are from now on, and the memory of each. */
  static void setMachine(int gpus, long bytes) {
    call("honeEmulatedMachine", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG), gpus, bytes);
  }

  /** What has not been given back, a line each. */
  static String leaks() {
    return text("honeEmulatedLeaks");
  }

  /** The entries of all sources, which a machine that computes everything has launched. */
  public static Set<String> entries() {
    Set<String> entries = new TreeSet<>();
    for (String family : List.of("attention", "attention_tensor", "elementwise", "gather", "loss", "matmul", "memory", "norm",
        "optimizer", "quant", "reduce")) {
      entries.addAll(KernelSource.of(family).entries().keySet());
    }
    return entries;
  }

  private static String text(String function) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(TEXT);
      long length = (long) call(function, FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS,
          ValueLayout.JAVA_LONG), text, TEXT);
      return length == 0 ? "" : text.getString(0, StandardCharsets.UTF_8);
    }
  }

  @SuppressWarnings("restricted")
  private static Object call(String function, FunctionDescriptor descriptor, Object... arguments) {
    try {
      MemorySegment address = SymbolLookup.libraryLookup(EmulatedDriver.library(), Arena.global()).find(function).orElseThrow();
      return Linker.nativeLinker().downcallHandle(address, descriptor).invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new AssertionError(function, e);
    }
  }
}
