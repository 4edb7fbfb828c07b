package dev.hone.core.kernel.cuda;

import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_CREATE;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_GET_VERSION;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL_ALGO_GET_HEURISTIC;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL_DESC_CREATE;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL_DESC_SET_ATTRIBUTE;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL_PREFERENCE_CREATE;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL_PREFERENCE_DESTROY;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL_PREFERENCE_SET_ATTRIBUTE;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATRIX_LAYOUT_CREATE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Products by NVIDIA's cublasLt. It reads matrices column by column, so it is told of ours as transposed ones:
 * Cᵀ = op(B)ᵀ · op(A)ᵀ. Each form of product has one algorithm, found when it is first asked for: the same run has the same bits
 * on the same GPU and library.
 */
final class CublasLt {
  /** The property that says {@code own} for Hone's kernels where the library is there, too. */
  static final String PRODUCTS = "hone.cuda.products";

  private static final long WORKSPACE = 32L << 20;
  private static final int RESULT = 96; // bytes of a heuristic's result, which begins with the algorithm
  private static final int STATE = 72; // where in it is whether it holds

  private final NativeLibrary library;
  private final Gpu gpu;
  private final GpuBuffer workspace;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment out = arena.allocate(8, 8);
  private final MemorySegment factors = arena.allocate(8, 8);
  private final MemorySegment pointer = arena.allocate(8, 8);
  private final Map<Form, Optional<Plan>> plans = new ConcurrentHashMap<>();
  private final MemorySegment handle;

  /**
   * What a product is but for its numbers: C[m, n] = op(A) · op(B) of matrices without gaps.
   *
   * @param transA whether A is stored as [k, m]
   * @param transB whether B is stored as [n, k]
   * @param precision FP32 and TF32 take floats, BF16 takes halves
   * @param bias whether a row is added
   * @param alignment of all addresses, in bytes
   */
  record Form(int m, int n, int k, boolean transA, boolean transB, Precision precision, boolean bias, int alignment) {}

  private record Plan(MemorySegment description, MemorySegment a, MemorySegment b, MemorySegment c, MemorySegment algorithm) {}

  /** Products on a GPU. */
  CublasLt(NativeLibrary library, GpuMemory memory) {
    this.library = library;
    gpu = memory.gpu();
    handle = gpu.await(() -> {
      call(CUBLAS_LT_CREATE, out);
      return out.get(ValueLayout.ADDRESS, 0);
    });
    workspace = (GpuBuffer) memory.allocate(WORKSPACE);
  }

  /** The library in words. */
  static String words(NativeLibrary library) {
    long version = (long) library.call(CUBLAS_LT_GET_VERSION);
    long major = version / 10_000;
    return "cublasLt " + major + "." + version / 100 % 100 + "." + version % 100 + ", " + library.path();
  }

  /** The largest power of two, up to 256, that divides all addresses. */
  static int alignment(long... addresses) {
    long bits = 256;
    for (long address : addresses) {
      bits |= address;
    }
    return (int) Long.lowestOneBit(bits);
  }

  /** Whether it has an algorithm for a form; waits for the GPU when it is first asked. */
  boolean takes(Form form) {
    Optional<Plan> plan = plans.get(form);
    if (plan == null) {
      plan = Optional.ofNullable(gpu.await(() -> plan(form)));
      plans.put(form, plan);
    }
    return plan.isPresent();
  }

  /**
   * Queues D = scale · op(A) · op(B) + kept · C + bias, of a form that it {@link #takes}.
   *
   * @param bias address, or 0
   */
  void product(Form form, long a, long b, float scale, float kept, long c, long d, long bias) {
    Plan plan = plans.get(form).orElseThrow();
    long scratch = workspace.address(0);
    gpu.submit(() -> {
      gpu.during("cublasLtMatmul");
      if (bias != 0) {
        pointer.set(ValueLayout.JAVA_LONG, 0, bias);
        call(CUBLAS_LT_MATMUL_DESC_SET_ATTRIBUTE, plan.description, CudaConstant.CUBLASLT_MATMUL_DESC_BIAS_POINTER.value(),
            pointer, 8L);
      }
      factors.set(ValueLayout.JAVA_FLOAT, 0, scale);
      factors.set(ValueLayout.JAVA_FLOAT, 4, kept);
      call(CUBLAS_LT_MATMUL, handle, plan.description, factors, address(b), plan.a, address(a), plan.b, factors.asSlice(4),
          address(c), plan.c, address(d), plan.c, plan.algorithm, address(scratch), WORKSPACE, gpu.stream());
      if (gpu.synchronous()) {
        gpu.synchronize();
      }
    });
  }

  private static MemorySegment address(long value) {
    return MemorySegment.ofAddress(value);
  }

  /** On the GPU's thread; null if there is no algorithm. */
  private Plan plan(Form form) {
    int reduced = form.precision == Precision.TF32 ? CudaConstant.CUBLAS_COMPUTE_32F_FAST_TF32.value()
        : CudaConstant.CUBLAS_COMPUTE_32F.value();
    call(CUBLAS_LT_MATMUL_DESC_CREATE, out, reduced, CudaConstant.CUDA_R_32F.value());
    MemorySegment description = out.get(ValueLayout.ADDRESS, 0);
    set(description, CudaConstant.CUBLASLT_MATMUL_DESC_TRANSA, form.transB ? 1 : 0);
    set(description, CudaConstant.CUBLASLT_MATMUL_DESC_TRANSB, form.transA ? 1 : 0);
    if (form.bias) {
      set(description, CudaConstant.CUBLASLT_MATMUL_DESC_EPILOGUE, CudaConstant.CUBLASLT_EPILOGUE_BIAS.value());
    }
    int type = form.precision == Precision.BF16 ? CudaConstant.CUDA_R_16BF.value() : CudaConstant.CUDA_R_32F.value();
    MemorySegment a = form.transB ? layout(type, form.k, form.n) : layout(type, form.n, form.k);
    MemorySegment b = form.transA ? layout(type, form.m, form.k) : layout(type, form.k, form.m);
    MemorySegment c = layout(CudaConstant.CUDA_R_32F.value(), form.n, form.m);
    call(CUBLAS_LT_MATMUL_PREFERENCE_CREATE, out);
    MemorySegment preference = out.get(ValueLayout.ADDRESS, 0);
    try (Arena room = Arena.ofConfined()) {
      MemorySegment value = room.allocate(8, 8);
      value.set(ValueLayout.JAVA_LONG, 0, WORKSPACE);
      call(CUBLAS_LT_MATMUL_PREFERENCE_SET_ATTRIBUTE, preference,
          CudaConstant.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES.value(), value, 8L);
      value.set(ValueLayout.JAVA_INT, 0, form.alignment);
      for (int matrix = 0; matrix < 4; matrix++) { // of A, B, C and D, whose numbers follow each other
        call(CUBLAS_LT_MATMUL_PREFERENCE_SET_ATTRIBUTE, preference,
            CudaConstant.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES.value() + matrix, value, 4L);
      }
      MemorySegment result = arena.allocate(RESULT, 8);
      int code = (int) library.call(CUBLAS_LT_MATMUL_ALGO_GET_HEURISTIC, handle, description, a, b, c, c, preference, 1, result,
          value);
      boolean found = code == 0 && value.get(ValueLayout.JAVA_INT, 0) > 0 && result.get(ValueLayout.JAVA_INT, STATE) == 0;
      return found ? new Plan(description, a, b, c, result) : null;
    } finally {
      call(CUBLAS_LT_MATMUL_PREFERENCE_DESTROY, preference);
    }
  }

  private MemorySegment layout(int type, long rows, long columns) {
    call(CUBLAS_LT_MATRIX_LAYOUT_CREATE, out, type, rows, columns, rows);
    return out.get(ValueLayout.ADDRESS, 0);
  }

  private void set(MemorySegment description, CudaConstant attribute, int number) {
    pointer.set(ValueLayout.JAVA_INT, 0, number);
    call(CUBLAS_LT_MATMUL_DESC_SET_ATTRIBUTE, description, attribute.value(), pointer, 4L);
  }

  private void call(CudaFunction function, Object... arguments) {
    int code = (int) library.call(function, arguments);
    if (code != 0) {
      throw new CudaException(function.symbol() + ": status " + code + " of cublasLt (" + library.path() + "); -D" + PRODUCTS
          + "=own computes without it");
    }
  }
}
