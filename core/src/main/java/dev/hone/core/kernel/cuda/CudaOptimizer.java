package dev.hone.core.kernel.cuda;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.ByteTable;
import dev.hone.core.kernel.ElementRule;
import dev.hone.core.kernel.ElementStep;
import dev.hone.core.kernel.OptimizerKernels;
import dev.hone.core.kernel.cpu.ByteAdamW;
import dev.hone.core.kernel.cpu.FactoredSquares;
import dev.hone.core.kernel.cpu.Operands;
import dev.hone.core.kernel.cuda.KernelLauncher.Grid;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Steps of optimisers: all tensors that move by one rule in one launch. */
final class CudaOptimizer extends CudaFamily implements OptimizerKernels {
  private static final int PART = 1024; // elements of a block
  private static final int POINTERS = 5; // of a tensor: p, g and three states
  private static final int SIZES = 5; // of a tensor: elements, first block, first of its rows, how many, columns
  private static final int NUMBERS = 12; // of a tensor
  private static final int COLUMNS = 32; // of a block

  CudaOptimizer(GpuMemory memory) {
    super("optimizer", memory);
  }

  @Override
  public void step(List<ElementStep> steps) {
    Map<ElementRule, List<ElementStep>> byRule = new EnumMap<>(ElementRule.class);
    steps.forEach(step -> byRule.computeIfAbsent(step.rule(), _ -> new ArrayList<>()).add(step));
    byRule.forEach(this::step);
  }

  private void step(ElementRule rule, List<ElementStep> steps) {
    int count = steps.size();
    long[] pointers = new long[POINTERS * count];
    long[] sizes = new long[SIZES * count];
    float[] numbers = new float[NUMBERS * count];
    int[] rows = steps.stream().filter(step -> step.rows() != null).flatMapToInt(step -> Arrays.stream(step.rows())).toArray();
    long blocks = 0;
    int row = 0;
    for (int i = 0; i < count; i++) {
      ElementStep step = steps.get(i);
      int at = POINTERS * i;
      pointers[at] = address("parameter", step.parameter());
      pointers[at + 1] = address("gradient", step.gradient());
      for (int j = 0; j < step.states().length; j++) {
        pointers[at + 2 + j] = step.states()[j] == null ? 0 : address("state", step.states()[j]);
      }
      long n = step.parameter().size();
      int given = step.rows() == null ? -1 : step.rows().length;
      System.arraycopy(new long[] {n, blocks, row, given, given < 0 ? 1 : step.parameter().dim(1)}, 0, sizes, SIZES * i, SIZES);
      System.arraycopy(step.numbers(), 0, numbers, NUMBERS * i, rule.numbers());
      blocks += (n + PART - 1) / PART;
      row += Math.max(0, given);
    }
    try (Room tensors = longs(pointers); Room lengths = longs(sizes); Room table = floats(numbers);
        Room some = rows.length == 0 ? null : ints(rows)) {
      launch("step", Grid.blocks(blocks, BLOCK), rule, tensors, lengths, some, table, count);
    }
    Reference.reachabilityFence(steps); // of which the launch knows addresses only
  }

  private long address(String what, Tensor tensor) {
    return GpuAddress.floats(memory().gpu(), what, tensor).value();
  }

  @Override
  public void adamW8bit(float[] numbers, Tensor parameter, Tensor gradient, Tensor first, Tensor firstScale, Tensor second,
      Tensor secondScale) {
    int blocks = ByteAdamW.check(parameter, gradient, first, firstScale, second, secondScale);
    try (Room table = floats(numbers); Room signed = table(ByteTable.SIGNED); Room unsigned = table(ByteTable.UNSIGNED)) {
      launch("adamw_8bit", Grid.blocks(blocks, ByteTable.BLOCK), parameter, gradient, first, firstScale, second, secondScale,
          parameter.size(), table, signed, unsigned);
    }
  }

  /** Values, then bounds. */
  private Room table(ByteTable table) {
    float[] both = new float[2 * ByteTable.BLOCK];
    float[] values = table.values();
    float[] bounds = table.bounds();
    System.arraycopy(values, 0, both, 0, values.length);
    System.arraycopy(bounds, 0, both, ByteTable.BLOCK, bounds.length);
    return floats(both);
  }

  @Override
  public void factored(Tensor gradient, float scale, double share, double floor, double leastMean, double least, Tensor row,
      Tensor column, Tensor u) {
    FactoredSquares.check(gradient, row, column, u);
    long n = gradient.size();
    if (column == null) {
      launch("element_squares", Grid.threads(n, BLOCK), gradient, scale, share, floor, least, row, u, n);
      return;
    }
    int rows = gradient.shape().rows();
    int columns = gradient.shape().columns();
    if (n == 0) {
      return;
    }
    try (Room mean = room(Double.BYTES)) {
      launch("row_squares", Grid.blocks(rows, BLOCK), gradient, scale, share, floor, row, columns);
      launch("column_squares", Grid.blocks((columns + COLUMNS - 1) / COLUMNS, BLOCK), gradient, scale, share, floor, column, rows,
          columns);
      launch("mean_of_rows", Grid.blocks(1, BLOCK), row, rows, mean);
      launch("factored", Grid.threads(n, BLOCK), gradient, scale, row, column, mean, leastMean, least, u, columns, n);
    }
  }

  @Override
  public void average(Tensor parameter, float keep, Tensor mean) {
    Operands.same("average", "parameter", parameter, "mean", mean);
    launch("average", Grid.threads(mean.size(), BLOCK), parameter, keep, mean, mean.size());
  }
}
