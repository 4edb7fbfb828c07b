package dev.hone.core.kernel.cpu;

import dev.hone.core.Device;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.loops.ActivationLoops;
import dev.hone.core.kernel.loops.GatherLoops;
import dev.hone.core.kernel.loops.LaneLoops;
import dev.hone.core.kernel.loops.MatMulLoops;
import dev.hone.core.kernel.loops.QuantLoops;
import dev.hone.core.memory.WeightLayout;
import dev.hone.core.parallel.Workers;

/**
 * Matrix products: checks the operands and picks the way that suits the sizes.
 *
 * <p>Implementation note. Which way is taken depends on K and N, the sizes of a weight, or the ways add in the same order: a row
 * has the same bits in any company. All sums over rows, and the ways that share weights, go on from C in order.
 */
public final class CpuMatMul implements MatMulKernels {
  /** Depth below which sums are too short to be worth packing A. */
  private static final int SHALLOW = 64;
  /** Most columns for which both operands are better read as they lie than packed. */
  private static final int FEW_DOTS = 24;
  /** Most rows for which a weight is better read as it lies than packed: stored [N, K], and [K, N]. */
  private static final int FEW_ROWS = 64;
  private static final int FEW_SUMS = 12;
  /** Most rows, and most columns, of a sum over rows for which the large operand is better read as it lies than packed. */
  private static final int THIN_ROWS = 12;
  private static final int THIN_COLUMNS = 16;
  /** Most rows that stream a weight [N, K]. */
  private static final int STREAMED = 16;

  private final GatherLoops stored;
  private final QuantLoops quantized;
  private final PackedProduct packed;
  private final ShallowProduct shallow;
  private final DotProduct dots;
  private final RowSumProduct rowSums;
  private final FewRowsProduct fewRows;
  private final LaneLoops lanes;
  private final LaidOutProduct laidOut;

  /** Products on these loops. */
  public CpuMatMul(MatMulLoops loops, LaneLoops lanes, GatherLoops stored, QuantLoops quantized, ActivationLoops activations) {
    this.stored = stored;
    this.quantized = quantized;
    this.lanes = lanes;
    ProductEpilogue epilogue = new ProductEpilogue(loops, activations);
    PanelStore store = new PanelStore();
    packed = new PackedProduct(loops, epilogue, store);
    shallow = new ShallowProduct(loops, epilogue, store);
    dots = new DotProduct(loops, epilogue, store);
    rowSums = new RowSumProduct(loops, epilogue, store);
    fewRows = new FewRowsProduct(loops, epilogue, store);
    laidOut = new LaidOutProduct(loops, lanes, epilogue, store);
  }

  @Override
  public long layoutBytes(Tensor weight, boolean transB) {
    boolean useful = weight.device() == Device.CPU && layout(weight, transB) == null && lanes.reads(weight.dtype())
        && LaidOut.fits(weight, transB)
        && weight.dim(transB ? 1 : 0) >= SHALLOW && weight.dim(transB ? 0 : 1) > FEW_DOTS; // other sums run in another order
    return useful ? LaidOut.bytes(weight, transB, lanes.width(weight.dtype())) : 0;
  }

  @Override
  public void layOut(Tensor weight, boolean transB) {
    if (layoutBytes(weight, transB) > 0) {
      weight.layout().set(LaidOut.of(weight, transB, lanes.width(weight.dtype()), stored));
    }
  }

  @Override
  public void layOutLater(Tensor weight, boolean transB, int reads) {
    if (layoutBytes(weight, transB) > 0) {
      weight.layout().awaitReads(reads);
    }
  }

  private LaidOut layout(Tensor weight, boolean transB) {
    return weight.layout() != null && weight.layout().get() instanceof LaidOut layout && layout.transB() == transB
        && layout.width() == lanes.width(weight.dtype()) ? layout : null;
  }

  @Override
  public void matmul(Tensor a, boolean transA, Tensor b, boolean transB, boolean accumulate, Tensor c, Epilogue epilogue) {
    Product product = Product.of(a, transA, b, transB, accumulate, c, epilogue, stored, quantized);
    if (product.m() > 0 && product.n() > 0) {
      run(product, b);
    }
  }

  private void run(Product product, Tensor b) {
    LaidOut layout = product.transA() || !b.isReadOnly() ? null : layout(b, product.transB());
    if (layout != null) {
      laidOut.run(product, layout);
    } else {
      run(product);
    }
  }

  private void run(Product product) {
    if (product.transA()) {
      overRows(product);
    } else if (product.k() < SHALLOW) {
      shallow.run(product);
    } else if (product.n() <= FEW_DOTS) {
      dots.fewColumns(product);
    } else if (product.transB() && product.m() <= FEW_ROWS) {
      fewRows.run(product);
    } else if (!product.transB() && product.m() <= FEW_SUMS) {
      rowSums.fewRows(product);
    } else {
      packed.run(product);
    }
  }

  private void overRows(Product product) {
    if (product.transB() || product.epilogue().scale() != 1) {
      packed.run(product);
    } else if (product.m() <= THIN_ROWS) {
      rowSums.fewRows(product);
    } else if (product.n() <= THIN_COLUMNS && product.b().array() != null) {
      rowSums.fewColumns(product, product.b().array(), product.b().offset());
    } else {
      packed.run(product);
    }
  }

  @Override
  public void stream(Tensor a, Tensor b, boolean transB, Tensor c, Epilogue epilogue) {
    Product product = Product.of(a, false, b, transB, false, c, epilogue, stored, quantized);
    if (product.m() == 0 || product.n() == 0) {
      return;
    }
    WeightLayout.Slot slot = b.isReadOnly() ? b.layout() : null;
    if (slot != null && slot.isDue()) {
      layOut(b, transB);
    }
    if (slot != null && (slot.isAwaited() || layout(b, transB) != null)) {
      run(product, b);
    } else if (product.k() >= SHALLOW && transB && product.m() <= STREAMED) {
      dots.fewRows(product);
    } else if (product.k() >= SHALLOW && product.n() > FEW_DOTS && product.m() == 1) {
      rowSums.oneRow(product);
    } else {
      run(product);
    }
  }

  @Override
  public void batched(Tensor a, boolean transA, Tensor b, boolean transB, boolean accumulate, Tensor c) {
    int count = batch(a, b, c);
    // One product a thread: only what is too large for that is worth sharing among threads.
    if (count < Workers.threads()) {
      for (int i = 0; i < count; i++) {
        one(i, a, transA, b, transB, accumulate, c);
      }
    } else {
      Workers.run(count, i -> one(i, a, transA, b, transB, accumulate, c));
    }
  }

  private void one(int i, Tensor a, boolean transA, Tensor b, boolean transB, boolean accumulate, Tensor c) {
    matmul(item(a, i), transA, item(b, i), transB, accumulate, item(c, i));
  }

  private static Tensor item(Tensor tensor, int i) {
    return tensor.slice(i, i + 1).reshape(tensor.dim(1), tensor.dim(2));
  }

  /** Checks operands of independent products; returns how many there are. */
  public static int batch(Tensor a, Tensor b, Tensor c) {
    if (a.shape().rank() != 3 || b.shape().rank() != 3 || c.shape().rank() != 3) {
      throw new ShapeException("batched matmul: lhs " + a.shape() + ", rhs " + b.shape() + ", result " + c.shape()
          + "; each must have three axes, the first of them the batch");
    }
    if (a.dim(0) != b.dim(0) || a.dim(0) != c.dim(0)) {
      throw new ShapeException("batched matmul: lhs " + a.shape() + ", rhs " + b.shape() + ", result " + c.shape()
          + "; the first axes must be equal");
    }
    return a.dim(0);
  }
}
