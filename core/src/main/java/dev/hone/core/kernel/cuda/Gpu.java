package dev.hone.core.kernel.cuda;

import static dev.hone.core.kernel.cuda.CudaFunction.CU_CTX_SET_CURRENT;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_DEVICE_GET;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_DEVICE_GET_ATTRIBUTE;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_DEVICE_GET_NAME;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_DEVICE_PRIMARY_CTX_RELEASE;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_DEVICE_PRIMARY_CTX_RETAIN;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_GET_ERROR_NAME;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_GET_ERROR_STRING;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_MEM_GET_INFO;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_STREAM_CREATE;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_STREAM_DESTROY;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_STREAM_SYNCHRONIZE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;

/**
 * A GPU: its primary context, the thread that makes all calls, and the stream that all work goes through in order. Methods that
 * call the driver run on that thread; others hand them to it.
 */
final class Gpu {
  private static final int OLDEST_MAJOR = 8; // tensor cores with BF16

  private final NativeLibrary driver;
  private final int ordinal;
  private final GpuThread thread;
  private final boolean synchronous = Boolean.getBoolean("hone.cuda.sync");
  private final Arena arena = Arena.ofShared();
  private final MemorySegment out = arena.allocate(16, 8); // of calls on the thread
  private Description description;
  private MemorySegment stream;
  private int handle;
  private String during = "";
  private volatile boolean dead;

  /**
   * What a GPU is.
   *
   * @param ordinal its number, from 0
   * @param major first part of its compute capability
   * @param minor second part
   * @param memory bytes of all its memory
   * @param processors multiprocessors
   * @param sharedMemory most bytes of shared memory that a block may ask for
   */
  record Description(int ordinal, String name, int major, int minor, long memory, int processors, int sharedMemory) {
    /** Its architecture as compilers name it, such as {@code sm_90}. */
    String architecture() {
      return "sm_" + major + minor;
    }
  }

  /** Takes a GPU; the driver was initialised. */
  Gpu(NativeLibrary driver, int ordinal) {
    this.driver = driver;
    this.ordinal = ordinal;
    thread = new GpuThread("cuda-" + ordinal);
    try {
      thread.await(() -> {
        open();
        return null;
      });
    } catch (RuntimeException e) {
      thread.stop();
      throw e;
    }
  }

  private void open() {
    call(CU_DEVICE_GET, out, ordinal);
    handle = out.get(ValueLayout.JAVA_INT, 0);
    call(CU_DEVICE_PRIMARY_CTX_RETAIN, out, handle);
    try {
      call(CU_CTX_SET_CURRENT, out.get(ValueLayout.ADDRESS, 0));
      description = describe(driver, ordinal, freeAndTotal()[1]);
      if (description.major() < OLDEST_MAJOR) {
        throw new CudaException("GPU " + ordinal + ", " + description.name() + ", has compute capability " + description.major()
            + "." + description.minor() + "; the kernels need 8.0 or later");
      }
      call(CU_STREAM_CREATE, out, CudaConstant.CU_STREAM_NON_BLOCKING.value());
      stream = out.get(ValueLayout.ADDRESS, 0);
    } catch (RuntimeException e) {
      driver.call(CU_DEVICE_PRIMARY_CTX_RELEASE, handle);
      throw e;
    }
  }

  /** What a GPU is, asked of the driver on any thread. */
  static Description describe(NativeLibrary driver, int ordinal, long memory) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(256, 8);
      check(driver, (int) driver.call(CU_DEVICE_GET, out, ordinal), CU_DEVICE_GET, "");
      int device = out.get(ValueLayout.JAVA_INT, 0);
      check(driver, (int) driver.call(CU_DEVICE_GET_NAME, out, 256, device), CU_DEVICE_GET_NAME, "");
      String name = out.getString(0);
      return new Description(ordinal, name,
          attribute(driver, out, device, CudaConstant.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
          attribute(driver, out, device, CudaConstant.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR), memory,
          attribute(driver, out, device, CudaConstant.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
          attribute(driver, out, device, CudaConstant.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
    }
  }

  private static int attribute(NativeLibrary driver, MemorySegment out, int device, CudaConstant attribute) {
    check(driver, (int) driver.call(CU_DEVICE_GET_ATTRIBUTE, out, attribute.value(), device), CU_DEVICE_GET_ATTRIBUTE, "");
    return out.get(ValueLayout.JAVA_INT, 0);
  }

  /** What it is. */
  Description description() {
    return description;
  }

  /** The stream of all work. */
  MemorySegment stream() {
    return stream;
  }

  /** Room for what calls on the thread return. */
  MemorySegment out() {
    return out;
  }

  /** Whether every launch is waited for, which finds the kernel that failed. */
  boolean synchronous() {
    return synchronous;
  }

  /** Queues work for the thread. */
  void submit(Runnable work) {
    thread.submit(work);
  }

  /** Has work done on the thread and waits for it. */
  <T> T await(Supplier<T> work) {
    return thread.await(work);
  }

  /** Like {@link #await}, also after a failure. */
  <T> T forced(Supplier<T> work) {
    return thread.forced(work);
  }

  /** Says what is launched: asynchronous failures come at some later call, which names the last kernel before it. */
  void during(String kernel) {
    during = kernel;
  }

  /** Calls the driver on its thread; everything but success is an exception. */
  void call(CudaFunction function, Object... arguments) {
    check(function, (int) driver.call(function, arguments));
  }

  private void check(CudaFunction function, int code) {
    if (isSticky(code)) {
      dead = true;
      CudaException failure = new CudaException(message(driver, code, function, during) + "; the context of GPU " + ordinal
          + " is dead, start again (checkpoints that were written are whole). -Dhone.cuda.sync=true finds the kernel");
      thread.fail(failure);
      throw failure;
    }
    check(driver, code, function, during);
  }

  /** Whether a context is of no use any more: after most errors of kernels, and those of the hardware. */
  private static boolean isSticky(int code) {
    return code >= CudaConstant.CUDA_ERROR_ILLEGAL_ADDRESS.value() && code <= CudaConstant.CUDA_ERROR_TENSOR_MEMORY_LEAK.value()
        && code != CudaConstant.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES.value()
        || code == CudaConstant.CUDA_ERROR_ECC_UNCORRECTABLE.value()
        || code == CudaConstant.CUDA_ERROR_NVLINK_UNCORRECTABLE.value() || code == CudaConstant.CUDA_ERROR_CONTAINED.value();
  }

  /** Whether an error has left the context of no use: what was allocated there is gone. */
  boolean isDead() {
    return dead;
  }

  /** Calls the driver on its thread; false if there is no memory. */
  boolean callForMemory(CudaFunction function, Object... arguments) {
    int code = (int) driver.call(function, arguments);
    boolean had = code != CudaConstant.CUDA_ERROR_OUT_OF_MEMORY.value();
    if (had) {
      check(function, code);
    }
    return had;
  }

  static void check(NativeLibrary driver, int code, CudaFunction function, String during) {
    if (code != 0) {
      throw new CudaException(message(driver, code, function, during));
    }
  }

  private static String message(NativeLibrary driver, int code, CudaFunction function, String during) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pointer = arena.allocate(ValueLayout.ADDRESS);
      String name = text(driver, CU_GET_ERROR_NAME, code, pointer);
      String words = text(driver, CU_GET_ERROR_STRING, code, pointer);
      return function.symbol() + ": " + (name.isEmpty() ? "error " + code : name + " (" + code + "), " + words)
          + (during.isEmpty() ? "" : "; the last kernel was " + during);
    }
  }

  private static String text(NativeLibrary driver, CudaFunction function, int code, MemorySegment pointer) {
    return (int) driver.call(function, code, pointer) != 0 ? "" : NativeLibrary.text(pointer.get(ValueLayout.ADDRESS, 0));
  }

  /** Waits on the thread until all that was launched is done. */
  void synchronize() {
    call(CU_STREAM_SYNCHRONIZE, stream);
  }

  /** Bytes of its memory that are free, and all; on the thread. */
  long[] freeAndTotal() {
    call(CU_MEM_GET_INFO, out, out.asSlice(8));
    return new long[] {out.get(ValueLayout.JAVA_LONG, 0), out.get(ValueLayout.JAVA_LONG, 8)};
  }

  /** Gives the stream and the context back and ends the thread; all memory must have been given back. */
  void close() {
    forced(() -> {
      driver.call(CU_STREAM_DESTROY, stream);
      driver.call(CU_DEVICE_PRIMARY_CTX_RELEASE, handle);
      return null;
    });
    thread.stop();
  }
}
