package dev.hone.core.kernel.cuda;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.GatherKernels;
import dev.hone.core.kernel.cpu.CpuGather;
import dev.hone.core.kernel.cpu.Operands;
import dev.hone.core.kernel.cpu.Permutation;
import dev.hone.core.kernel.cuda.KernelLauncher.Grid;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Moving rows and axes. */
final class CudaGather extends CudaFamily implements GatherKernels {
  private static final int COLUMNS = 128; // of a block that adds rows

  CudaGather(GpuMemory memory) {
    super("gather", memory);
  }

  /** The number by which kernels know a float type. */
  static int type(String op, Tensor table) {
    return switch (table.dtype()) {
      case F64 -> 0;
      case F32 -> 1;
      case F16 -> 2;
      case BF16 -> 3;
      default -> throw new IllegalArgumentException(op + ": the table is " + table.dtype() + "; it must be of a float type");
    };
  }

  @Override
  public void rows(Tensor table, int[] rows, float scale, Tensor y) {
    int c = CpuGather.check("rows", "table", table, rows, "y", y);
    try (Room room = ints(rows)) {
      launch("rows", Grid.threads(y.size(), BLOCK), table, type("rows", table), room, scale, y, c, y.size());
    }
  }

  @Override
  public void addRows(Tensor dy, int[] rows, float scale, Tensor dTable) {
    addRows(dy, rows, scale, null, dTable);
  }

  @Override
  public void addRows(Tensor dy, int[] rows, Tensor scale, Tensor dTable) {
    Operands.size("addRows", "scale", scale, 1, "one for all");
    addRows(dy, rows, 1, scale, dTable);
  }

  /** Rows that go to the same one are added by the same threads, in their order. */
  private void addRows(Tensor dy, int[] rows, float scale, Tensor factor, Tensor dTable) {
    int c = CpuGather.check("addRows", "dTable", dTable, rows, "dy", dy);
    int[] order = IntStream.range(0, rows.length).filter(i -> rows[i] >= 0).boxed()
        .sorted(Comparator.comparingInt(i -> rows[i])).mapToInt(i -> i).toArray(); // stable
    int[] targets = new int[order.length];
    int[] starts = new int[order.length + 1];
    int count = 0;
    for (int i = 0; i < order.length; i++) {
      if (i == 0 || rows[order[i]] != targets[count - 1]) {
        targets[count] = rows[order[i]];
        starts[count++] = i;
      }
    }
    starts[count] = order.length;
    try (Room to = ints(Arrays.copyOf(targets, count)); Room from = ints(Arrays.copyOf(starts, count + 1));
        Room sorted = ints(order)) {
      launch("add_rows", new Grid(count, (c + COLUMNS - 1) / COLUMNS, 1, COLUMNS, 0), dy, to, from, sorted, scale, factor, dTable,
          c);
    }
  }

  @Override
  public void permute(Tensor x, int[] order, Tensor y) {
    Permutation way = Permutation.of(x.shape(), order, y.shape());
    int[] numbers = Stream.of(way.sizes(), way.strides()).flatMapToInt(IntStream::of).toArray();
    try (Room room = ints(numbers)) {
      launch("permute", Grid.threads(y.size(), BLOCK), x, y, y.size(), way.sizes().length, room);
    }
  }

  @Override
  public void copyBlock(Tensor src, int from, Tensor dst, int at, int count, int outer, int inner, boolean accumulate) {
    long sourceStride = (long) CpuGather.length("src", src, from, count, outer, inner) * inner;
    long targetStride = (long) CpuGather.length("dst", dst, at, count, outer, inner) * inner;
    long run = (long) count * inner;
    long n = outer * run;
    launch("copy_block", Grid.threads(n, BLOCK), behind("src", src, (long) from * inner), sourceStride,
        behind("dst", dst, (long) at * inner), targetStride, run, accumulate, n);
  }

  private GpuAddress behind(String what, Tensor tensor, long elements) {
    return new GpuAddress(GpuAddress.floats(memory().gpu(), what, tensor).value() + elements * Float.BYTES);
  }
}
