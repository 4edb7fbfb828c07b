package dev.hone.core.kernel.cuda;

import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_CREATE;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_DESTROY;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_GET_VERSION;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL_ALGO_GET_HEURISTIC;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL_DESC_CREATE;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL_DESC_DESTROY;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL_DESC_SET_ATTRIBUTE;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL_PREFERENCE_CREATE;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL_PREFERENCE_DESTROY;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATMUL_PREFERENCE_SET_ATTRIBUTE;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATRIX_LAYOUT_CREATE;
import static dev.hone.core.kernel.cuda.CudaFunction.CUBLAS_LT_MATRIX_LAYOUT_DESTROY;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;

/**
 * Products by NVIDIA's cublasLt. It reads matrices column by column, so it is told of ours as transposed ones:
 * Cᵀ = op(B)ᵀ · op(A)ᵀ. Each form of product has one algorithm, which the library names for it alone: the same run has the same
 * bits on the same GPU and library.
 */
final class CublasLt implements AutoCloseable {
  /** The property that says {@code own} for Hone's kernels where the library is there, too. */
  static final String PRODUCTS = "hone.cuda.products";

  private static final long WORKSPACE = 32L << 20;
  private static final int LINE = 256; // bytes; the most that an address is said to be aligned to
  private static final int RESULT = 96; // bytes of a heuristic's result, which begins with the algorithm
  private static final int STATE = 72; // where in it is whether it holds
  private static final int MOST_PLANS = 4096; // ragged batches have ever new forms

  private final NativeLibrary library;
  private final Gpu gpu;
  private final GpuBuffer workspace;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment out = arena.allocate(8, 8);
  private final MemorySegment factors = arena.allocate(8, 8);
  private final MemorySegment pointer = arena.allocate(8, 8);
  private final LinkedHashMap<Form, Plan> plans = new LinkedHashMap<>(64, 0.75f, true); // the least used first; guarded by itself
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

  /** Addresses of a product, the bias 0 if there is none, and its factors: D = scale · A · B + kept · C + bias. */
  record Operands(long a, long b, long c, long d, long bias, float scale, float kept) {
    /** The largest power of two, up to 256, that divides all addresses. */
    int alignment() {
      return (int) Long.lowestOneBit(LINE | a | b | c | d | bias);
    }
  }

  /** How a form is computed; without an algorithm it is not. */
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

  /** Queues a product; false if the library has no algorithm for its form, which is asked of it once. */
  boolean product(Form form, Operands operands) {
    synchronized (plans) {
      Plan plan = plans.get(form);
      if (plan == null) {
        plan = gpu.await(() -> plan(form));
        plans.put(form, plan);
        if (plans.size() > MOST_PLANS) {
          Plan eldest = plans.pollFirstEntry().getValue();
          if (eldest.algorithm != null) {
            gpu.submit(() -> destroy(eldest)); // after the products that it was queued for
          }
        }
      }
      if (plan.algorithm == null) {
        return false;
      }
      Plan found = plan;
      gpu.submit(() -> run(found, operands));
      return true;
    }
  }

  private void run(Plan plan, Operands x) {
    gpu.during("cublasLtMatmul");
    if (x.bias != 0) {
      setBias(plan.description, x.bias);
    }
    factors.set(ValueLayout.JAVA_FLOAT, 0, x.scale);
    factors.set(ValueLayout.JAVA_FLOAT, 4, x.kept);
    call(CUBLAS_LT_MATMUL, handle, plan.description, factors, address(x.b), plan.a, address(x.a), plan.b, factors.asSlice(4),
        address(x.c), plan.c, address(x.d), plan.c, plan.algorithm, address(workspace.address(0)), WORKSPACE, gpu.stream());
    if (gpu.synchronous()) {
      gpu.synchronize();
    }
  }

  private static MemorySegment address(long value) {
    return MemorySegment.ofAddress(value);
  }

  /** On the GPU's thread. */
  private Plan plan(Form form) {
    int reduced = form.precision == Precision.TF32 ? CudaConstant.CUBLAS_COMPUTE_32F_FAST_TF32.value()
        : CudaConstant.CUBLAS_COMPUTE_32F.value();
    call(CUBLAS_LT_MATMUL_DESC_CREATE, out, reduced, CudaConstant.CUDA_R_32F.value());
    MemorySegment description = out.get(ValueLayout.ADDRESS, 0);
    set(description, CudaConstant.CUBLASLT_MATMUL_DESC_TRANSA, form.transB ? 1 : 0);
    set(description, CudaConstant.CUBLASLT_MATMUL_DESC_TRANSB, form.transA ? 1 : 0);
    if (form.bias) {
      set(description, CudaConstant.CUBLASLT_MATMUL_DESC_EPILOGUE, CudaConstant.CUBLASLT_EPILOGUE_BIAS.value());
      setBias(description, workspace.address(form.alignment % LINE)); // the library wants one, as aligned as those to come
    }
    int type = form.precision == Precision.BF16 ? CudaConstant.CUDA_R_16BF.value() : CudaConstant.CUDA_R_32F.value();
    MemorySegment a = form.transB ? layout(type, form.k, form.n) : layout(type, form.n, form.k);
    MemorySegment b = form.transA ? layout(type, form.m, form.k) : layout(type, form.k, form.m);
    MemorySegment c = layout(CudaConstant.CUDA_R_32F.value(), form.n, form.m);
    Plan plan = new Plan(description, a, b, c, algorithm(form, description, a, b, c));
    if (plan.algorithm == null) {
      destroy(plan);
    }
    return plan;
  }

  /** Null if there is none. */
  private MemorySegment algorithm(Form form, MemorySegment description, MemorySegment a, MemorySegment b, MemorySegment c) {
    call(CUBLAS_LT_MATMUL_PREFERENCE_CREATE, out);
    MemorySegment preference = out.get(ValueLayout.ADDRESS, 0);
    try {
      pointer.set(ValueLayout.JAVA_LONG, 0, WORKSPACE);
      call(CUBLAS_LT_MATMUL_PREFERENCE_SET_ATTRIBUTE, preference,
          CudaConstant.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES.value(), pointer, 8L);
      pointer.set(ValueLayout.JAVA_INT, 0, form.alignment);
      for (int matrix = 0; matrix < 4; matrix++) { // of A, B, C and D, whose numbers follow each other
        call(CUBLAS_LT_MATMUL_PREFERENCE_SET_ATTRIBUTE, preference,
            CudaConstant.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES.value() + matrix, pointer, 4L);
      }
      MemorySegment result = Arena.ofAuto().allocate(RESULT, 8);
      int code = (int) library.call(CUBLAS_LT_MATMUL_ALGO_GET_HEURISTIC, handle, description, a, b, c, c, preference, 1, result,
          pointer);
      boolean found = code == 0 && pointer.get(ValueLayout.JAVA_INT, 0) > 0 && result.get(ValueLayout.JAVA_INT, STATE) == 0;
      return found ? result : null;
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

  private void setBias(MemorySegment description, long address) {
    pointer.set(ValueLayout.JAVA_LONG, 0, address);
    call(CUBLAS_LT_MATMUL_DESC_SET_ATTRIBUTE, description, CudaConstant.CUBLASLT_MATMUL_DESC_BIAS_POINTER.value(), pointer, 8L);
  }

  private void destroy(Plan plan) {
    call(CUBLAS_LT_MATMUL_DESC_DESTROY, plan.description);
    call(CUBLAS_LT_MATRIX_LAYOUT_DESTROY, plan.a);
    call(CUBLAS_LT_MATRIX_LAYOUT_DESTROY, plan.b);
    call(CUBLAS_LT_MATRIX_LAYOUT_DESTROY, plan.c);
  }

  private void call(CudaFunction function, Object... arguments) {
    int code = (int) library.call(function, arguments);
    if (code != 0) {
      throw new CudaException(function.symbol() + ": status " + code + " of cublasLt (" + library.path() + "); -D" + PRODUCTS
          + "=own computes without it");
    }
  }

  /**
   * Computes a small product and waits for it: a library that loads may still have no kernels for this GPU.
   *
   * @throws CudaException if it cannot, or if the numbers are not right
   */
  void check(GpuMemory memory) {
    int n = 64;
    Form form = new Form(n, n, n, false, true, Precision.BF16, false, LINE);
    short[] ones = new short[n * n];
    Arrays.fill(ones, (short) 0x3f80);
    float[] sums = new float[n * n];
    GpuBuffer a = (GpuBuffer) memory.allocate((long) n * n * Short.BYTES);
    GpuBuffer c = (GpuBuffer) memory.allocate((long) n * n * Float.BYTES);
    try {
      a.write(0, MemorySegment.ofArray(ones));
      gpu.await(() -> { // which tells the failure here, and leaves the GPU's thread as it is
        Plan plan = plan(form);
        if (plan.algorithm == null) {
          throw new CudaException("cublasLt (" + library.path() + ") has no algorithm for products in BF16");
        }
        try {
          run(plan, new Operands(a.address(0), a.address(0), c.address(0), c.address(0), 0, 1, 0));
          gpu.synchronize();
        } finally {
          destroy(plan);
        }
        return null;
      });
      c.read(0, MemorySegment.ofArray(sums));
    } finally {
      a.free();
      c.free();
    }
    for (float sum : sums) {
      if (sum != n) {
        throw new CudaException("cublasLt (" + library.path() + ") multiplies wrongly: " + sum + " where " + n + " is right");
      }
    }
  }

  /** Gives all back. */
  @Override
  public void close() {
    gpu.await(() -> {
      plans.values().stream().filter(plan -> plan.algorithm != null).forEach(this::destroy);
      plans.clear();
      call(CUBLAS_LT_DESTROY, handle);
      return null;
    });
    workspace.free();
  }
}
