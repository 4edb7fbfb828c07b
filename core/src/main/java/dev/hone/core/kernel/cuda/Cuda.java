package dev.hone.core.kernel.cuda;

import static dev.hone.core.kernel.cuda.CudaFunction.CU_DEVICE_GET_COUNT;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_DRIVER_GET_VERSION;
import static dev.hone.core.kernel.cuda.CudaFunction.CU_INIT;

import dev.hone.core.Device;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What NVIDIA GPUs and libraries this machine has, found out once, and the way to compute on them. */
public final class Cuda {
  private static final int OLDEST_DRIVER = 11000; // CUDA 11.0, whose PTX the kernels are lowered to

  private final NativeLibrary driver; // null unless the status is READY
  private final KernelCompiler compiler;
  private final NativeLibrary products; // null: own kernels
  private final Report report;

  private Cuda(NativeLibrary driver, KernelCompiler compiler, NativeLibrary products, Report report) {
    this.driver = driver;
    this.products = products;
    this.compiler = compiler;
    this.report = report;
  }

  /** Whether there is a GPU to compute on, or what is missing. */
  public enum Status {
    /** There is one. */
    READY,
    /** No driver was found. */
    NO_DRIVER,
    /** The JVM was told to forbid native access. */
    NATIVE_ACCESS_DENIED,
    /** The driver is older than CUDA 11.0. */
    DRIVER_TOO_OLD,
    /** The driver sees no GPU. */
    NO_DEVICE,
    /** The driver reports an error. */
    DRIVER_FAILED
  }

  /**
   * What was found.
   *
   * @param status whether there is a GPU
   * @param reason in one line for people
   * @param tried what was looked for in vain, with reasons
   * @param facts driver, GPUs and libraries in lines of a name and what there is
   */
  public record Report(Status status, String reason, List<String> tried, List<String> facts) {
    /** Whether there is a GPU to compute on. */
    public boolean ready() {
      return status == Status.READY;
    }

    /** The reason with all that was tried. */
    public String whole() {
      return tried.isEmpty() ? reason : reason + "; tried:\n  " + String.join("\n  ", tried);
    }
  }

  /**
   * What GPUs that are opened from now on compute products in, where {@code -Dhone.cuda.precision} says nothing: {@code bf16} if
   * this is not called.
   *
   * @param name {@code fp32}, {@code tf32} or {@code bf16}
   */
  public static void setPrecision(String name) {
    Precision.otherwise(name);
  }

  private static final class Holder {
    static final Cuda FOUND = find();
  }

  /**
   * What this machine has. Where nothing hints at a driver none is looked for, so that the JVM has no reason to warn of native
   * access, and no time is lost.
   */
  public static Report probe() {
    return CudaLibrary.driverLikely() ? Holder.FOUND.report : new Report(Status.NO_DRIVER,
        "there is no NVIDIA driver on this machine", List.of(), List.of());
  }

  /** What this machine has, with all places tried, also where nothing hints at a driver. */
  public static Report probeThoroughly() {
    return Holder.FOUND.report;
  }

  /**
   * The first GPU, as {@code Device.named("cuda")}.
   *
   * @throws CudaException with all that was tried, if there is none
   */
  public static Device device() {
    return Device.named(CudaProvider.NAME);
  }

  /** Bytes that a GPU which was opened has given to this JVM: to tensors, and what lies between them. */
  public static long memoryTaken(Device device) {
    GpuMemory memory = CudaProvider.memory(device.name());
    if (memory == null) {
      throw new IllegalArgumentException(device + " is no GPU");
    }
    return memory.slabBytes();
  }

  private static Cuda find() {
    NativeLibrary.Search search = NativeLibrary.find(CudaLibrary.DRIVER);
    NativeLibrary driver = search.library();
    if (driver == null) {
      return absent(search.denied() ? Status.NATIVE_ACCESS_DENIED : Status.NO_DRIVER,
          search.denied() ? "the JVM forbids native access" : "no NVIDIA driver was found", search.tried());
    }
    try {
      return found(driver, search.tried());
    } catch (CudaException e) {
      return absent(Status.DRIVER_FAILED, "the NVIDIA driver " + driver.path() + " does not work: " + e.getMessage(),
          search.tried());
    }
  }

  private static Cuda absent(Status status, String reason, List<String> tried) {
    return new Cuda(null, null, null, new Report(status, reason, tried, List.of()));
  }

  private static Cuda found(NativeLibrary driver, List<String> tried) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      int code = (int) driver.call(CU_INIT, 0);
      if (code == CudaConstant.CUDA_ERROR_NO_DEVICE.value()) {
        return absent(Status.NO_DEVICE, "the NVIDIA driver " + driver.path() + " sees no GPU", tried);
      }
      Gpu.check(driver, code, CU_INIT, "");
      Gpu.check(driver, (int) driver.call(CU_DRIVER_GET_VERSION, out), CU_DRIVER_GET_VERSION, "");
      int version = out.get(ValueLayout.JAVA_INT, 0);
      if (version < OLDEST_DRIVER) {
        return absent(Status.DRIVER_TOO_OLD, "the NVIDIA driver " + driver.path() + " is of CUDA "
            + KernelCompiler.version(version)
            + "; 11.0 or later is needed", tried);
      }
      Gpu.check(driver, (int) driver.call(CU_DEVICE_GET_COUNT, out), CU_DEVICE_GET_COUNT, "");
      int count = out.get(ValueLayout.JAVA_INT, 0);
      if (count == 0) {
        return absent(Status.NO_DEVICE, "the NVIDIA driver " + driver.path() + " sees no GPU", tried);
      }
      return ready(driver, version, count, tried);
    }
  }

  private static Cuda ready(NativeLibrary driver, int version, int count, List<String> tried) {
    int major = version / 1000;
    NativeLibrary.Search nvrtc = NativeLibrary.find(CudaLibrary.NVRTC, major);
    KernelCompiler compiler = new KernelCompiler(working(nvrtc), version);
    List<String> facts = new ArrayList<>();
    facts.add("driver    CUDA " + KernelCompiler.version(version) + ", " + driver.path());
    for (int i = 0; i < count; i++) {
      Gpu.Description gpu = Gpu.describe(driver, i, 0);
      facts.add("gpu " + i + "     " + String.format(Locale.ROOT, "%s, compute capability %d.%d, %d multiprocessors", gpu.name(),
          gpu.major(), gpu.minor(), gpu.processors()));
    }
    facts.add("compiler  " + compiler.way());
    boolean own = System.getProperty(CublasLt.PRODUCTS, "").equals("own");
    NativeLibrary products = own ? null : NativeLibrary.find(CudaLibrary.CUBLAS_LT, major).library();
    facts.add("products  " + (products != null ? CublasLt.words(products) : "own kernels (" + (own ? "-D" + CublasLt.PRODUCTS
        + "=own" : "cublasLt is not there") + ")") + ", in " + Precision.chosen().name().toLowerCase(Locale.ROOT));
    return new Cuda(driver, compiler, products, new Report(Status.READY, "there is an NVIDIA GPU", tried, facts));
  }

  /** NVRTC if it compiles: one that does not find its builtins loads all the same. */
  private static Nvrtc working(NativeLibrary.Search search) {
    if (search.library() == null) {
      return null;
    }
    Nvrtc nvrtc = new Nvrtc(search.library());
    try {
      String probe = "extern \"C\" __global__ void hone_probe(int* x) { x[0] = 1; }";
      return nvrtc.compile("probe.cu", probe, List.of("--gpu-architecture=sm_80")) == null ? null : nvrtc;
    } catch (CudaException e) {
      System.getLogger("dev.hone").log(System.Logger.Level.WARNING, "NVRTC (" + search.library().path() + ") does not compile: "
          + e.getMessage());
      return null;
    }
  }

  /** What computes products on a GPU; null: own kernels. */
  static CublasLt products(GpuMemory memory) {
    NativeLibrary library = Holder.FOUND.products;
    if (library == null) {
      return null;
    }
    try {
      CublasLt products = new CublasLt(library, memory);
      products.check(memory);
      return products;
    } catch (CudaException e) { // of another driver, perhaps
      System.getLogger("dev.hone").log(System.Logger.Level.WARNING, "products are computed by own kernels: " + e.getMessage());
      return null;
    }
  }

  /** The memory of a GPU, which is taken for it. */
  static GpuMemory open(int ordinal) {
    Cuda cuda = Holder.FOUND;
    if (!cuda.report.ready()) {
      throw new CudaException("the device cuda cannot be had: " + cuda.report.whole());
    }
    Gpu gpu = new Gpu(cuda.driver, ordinal);
    return new GpuMemory(gpu, new KernelLauncher(gpu, cuda.compiler));
  }
}
