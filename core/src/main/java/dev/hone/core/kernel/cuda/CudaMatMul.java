package dev.hone.core.kernel.cuda;

import dev.hone.core.Activation;
import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.cpu.CpuMatMul;
import dev.hone.core.kernel.cpu.ProductSizes;
import dev.hone.core.kernel.cuda.KernelLauncher.Grid;
import dev.hone.core.memory.DeviceCodes;
import dev.hone.core.quant.Quantized;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;

/**
 * Matrix products: by cublasLt where it was found, else in tiles, in the precision of the device; own ways for a few rows. A
 * quantised weight is widened to scratch memory before, which the next product uses again.
 */
final class CudaMatMul extends CudaFamily implements MatMulKernels {
  private static final int FEW = 8; // rows that stream a weight
  private static final int COLUMNS_BY_WARP = 8; // of a block that streams a weight [N, K]
  private static final int COLUMNS_BY_LANE = 32; // of one that streams a weight [K, N]
  private static final int MOST_MATRICES = 65535; // in one launch
  private static final int TYPE_F32 = 1;

  private final Precision precision;
  private final CublasLt library; // null: own kernels

  CudaMatMul(GpuMemory memory, Precision precision, CublasLt library) {
    super("matmul", memory);
    this.precision = precision;
    this.library = library;
  }

  /** The right operand as kernels read it. */
  private record Right(GpuAddress address, int type, Room room) implements AutoCloseable {
    @Override
    public void close() {
      if (room != null) {
        room.close();
      }
    }
  }

  private Right right(Tensor b) {
    if (!b.isQuantized()) {
      int type = switch (b.dtype()) {
        case F32, F16, BF16 -> CudaGather.type("matmul", b);
        default -> throw new IllegalArgumentException("matmul: rhs " + b.shape() + " is " + b.dtype()
            + "; products read F32, BF16, F16 and quantised weights, convert it with toF32()");
      };
      return new Right(GpuAddress.of(memory().gpu(), "rhs", b), type, null);
    }
    Room room = room(b.size() * Float.BYTES);
    widen(b, room);
    return new Right(new GpuAddress(room.buffer().address(0)), TYPE_F32, room);
  }

  private void widen(Tensor b, Room y) {
    DeviceCodes codes = b.deviceCodes();
    Quantized.Form form = (Quantized.Form) codes.form();
    long first = b.offset();
    long n = b.size();
    Grid grid = Grid.threads(n, BLOCK);
    Object[] parts = codes.parts().toArray();
    switch (b.dtype()) {
      case Q8_0 -> launchQuant("widen_q8", grid, parts[0], parts[1], first, y, n);
      case INT8_ROWS -> launchQuant("widen_int8_rows", grid, parts[0], parts[1], form.block(), first, y, n);
      case NF4 -> {
        float[] map = form.scaleMap();
        if (map == null) {
          launchQuant("widen_nf4", grid, parts[0], parts[1], null, null, 0f, first, y, n);
        } else {
          try (Room numbers = floats(map)) {
            launchQuant("widen_nf4", grid, parts[0], parts[1], parts[2], numbers, form.scaleOffset(), first, y, n);
          }
        }
      }
      default -> throw new IllegalArgumentException("matmul: rhs " + b.shape() + " is " + b.dtype()
          + ", which the device cuda does "
          + "not compute with; it takes NF4, Q8_0 and INT8_ROWS (--load-in-4bit, --load-in-8bit)");
    }
  }

  private void launchQuant(String entry, Grid grid, Object... arguments) {
    memory().launcher().launch("quant", "hone_" + entry, grid, arguments);
  }

  @Override
  public void matmul(Tensor a, boolean transA, Tensor b, boolean transB, boolean accumulate, Tensor c, Epilogue epilogue) {
    ProductSizes sizes = ProductSizes.of(a, transA, b, transB, accumulate, c, epilogue);
    if (library != null && byLibrary(sizes, a, transA, b, transB, accumulate, c, epilogue)) {
      return;
    }
    try (Right right = right(b)) {
      int lda = a.shape().columns();
      tiles(a, lda, transA, 0, right, b.shape().columns(), transB, 0, accumulate, c, 0, sizes, 1, epilogue);
    }
  }

  /** Has cublasLt do it, if it can; then the activation, which it does not have in all our forms. */
  private boolean byLibrary(ProductSizes sizes, Tensor a, boolean transA, Tensor b, boolean transB, boolean accumulate, Tensor c,
      Epilogue epilogue) {
    if (sizes.m() == 0 || sizes.n() == 0 || sizes.k() == 0) {
      return false;
    }
    try (Factor left = factor(a); Factor right = factor(b)) {
      Gpu gpu = memory().gpu();
      Tensor into = epilogue.preActivation() == null ? c : epilogue.preActivation();
      long from = GpuAddress.floats(gpu, "c", c).value();
      long to = GpuAddress.floats(gpu, "preActivation", into).value();
      long bias = epilogue.bias() == null ? 0 : GpuAddress.floats(gpu, "bias", epilogue.bias()).value();
      CublasLt.Operands operands = new CublasLt.Operands(left.address(), right.address(), from, to, bias, epilogue.scale(),
          accumulate ? 1 : 0);
      if (!library.product(new CublasLt.Form(sizes.m(), sizes.n(), sizes.k(), transA, transB, precision, bias != 0,
          operands.alignment()), operands)) {
        return false;
      }
      if (epilogue.activation() != Activation.NONE) {
        memory().launcher().launch("elementwise", "hone_activation", Grid.threads(c.size(), BLOCK), epilogue.activation(), into,
            c, c.size());
      } else if (into != c) {
        c.copyFrom(into);
      }
      Reference.reachabilityFence(epilogue); // of which the library knows addresses only
      return true;
    }
  }

  /** A matrix as cublasLt reads it, perhaps in a room of its own. */
  private record Factor(long address, Tensor tensor, List<Room> rooms) implements AutoCloseable {
    @Override
    public void close() {
      rooms.forEach(Room::close);
      Reference.reachabilityFence(tensor);
    }
  }

  private Factor factor(Tensor x) {
    boolean halves = precision == Precision.BF16;
    if (!x.isQuantized() && x.dtype() == (halves ? DType.BF16 : DType.F32)) {
      return new Factor(GpuAddress.of(memory().gpu(), "matmul", x).value(), x, List.of());
    }
    List<Room> rooms = new ArrayList<>();
    Object source = x;
    int type = TYPE_F32;
    if (x.isQuantized()) {
      rooms.add(room(x.size() * Float.BYTES));
      widen(x, rooms.getFirst());
      source = rooms.getFirst();
    } else {
      type = CudaGather.type("matmul", x);
    }
    if (halves || !x.isQuantized()) {
      rooms.add(room(x.size() * (halves ? Short.BYTES : Float.BYTES)));
      memory().launcher().launch("gather", halves ? "hone_narrow" : "hone_widen", Grid.threads(x.size(), BLOCK), source, type,
          rooms.getLast(), x.size());
    }
    return new Factor(rooms.getLast().buffer().address(0), x, rooms);
  }

  @Override
  public long scratchBytes(Tensor weight) { // of what factor() and right() make
    boolean halves = library != null && precision == Precision.BF16;
    boolean asItIs = library == null || weight.dtype() == (halves ? DType.BF16 : DType.F32);
    int bytes = weight.isQuantized() ? Float.BYTES + (halves ? Short.BYTES : 0) : asItIs ? 0 : halves ? Short.BYTES : Float.BYTES;
    return weight.size() * bytes;
  }

  private void tiles(Object a, int lda, boolean transA, long aBatch, Right b, int ldb, boolean transB, long bBatch,
      boolean accumulate, Object c, long cBatch, ProductSizes sizes, int matrices, Epilogue epilogue) {
    int tile = precision.tile();
    Grid grid = new Grid((sizes.n() + tile - 1) / tile, (sizes.m() + tile - 1) / tile, matrices, BLOCK, 0);
    launch(precision.entry(), grid, a, lda, transA, aBatch, b.address(), b.type(), ldb, transB, bBatch, c, sizes.n(), cBatch,
        sizes.m(), sizes.n(), sizes.k(), accumulate, epilogue.scale(), epilogue.bias(), epilogue.activation(),
        epilogue.preActivation());
  }

  @Override
  public void stream(Tensor a, Tensor b, boolean transB, Tensor c, Epilogue epilogue) {
    ProductSizes sizes = ProductSizes.of(a, false, b, transB, false, c, epilogue);
    if (sizes.m() > FEW || epilogue.preActivation() != null) {
      matmul(a, false, b, transB, false, c, epilogue);
      return;
    }
    try (Right right = right(b)) {
      int columns = transB ? COLUMNS_BY_WARP : COLUMNS_BY_LANE;
      launch(transB ? "matmul_few" : "matmul_few_columns", new Grid((sizes.n() + columns - 1) / columns, Math.min(1,
          sizes.m()), 1,
          BLOCK, 0), a, a.shape().columns(), right.address(), right.type(), b.shape().columns(), c, sizes.n(), sizes.m(),
              sizes.n(),
          sizes.k(), epilogue.scale(), epilogue.bias(), epilogue.activation());
    }
  }

  @Override
  public void batched(Tensor a, boolean transA, Tensor b, boolean transB, boolean accumulate, Tensor c) {
    int count = CpuMatMul.batch(a, b, c);
    for (int from = 0; from < count; from += MOST_MATRICES) {
      int to = Math.min(count, from + MOST_MATRICES);
      Tensor firstA = a.slice(from, to);
      Tensor firstB = b.slice(from, to);
      Tensor firstC = c.slice(from, to);
      ProductSizes sizes = ProductSizes.of(one(firstA), transA, one(firstB), transB, accumulate, one(firstC), Epilogue.NONE);
      try (Right right = right(firstB)) {
        tiles(firstA, a.dim(2), transA, (long) a.dim(1) * a.dim(2), right, b.dim(2), transB, (long) b.dim(1) * b.dim(2),
            accumulate,
            firstC, (long) c.dim(1) * c.dim(2), sizes, to - from, Epilogue.NONE);
      }
    }
  }

  private static Tensor one(Tensor tensor) {
    return tensor.slice(0, 1).reshape(tensor.dim(1), tensor.dim(2));
  }
}
