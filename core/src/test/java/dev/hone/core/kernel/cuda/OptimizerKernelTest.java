package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ByteTable;
import dev.hone.core.kernel.ElementRule;
import dev.hone.core.kernel.ElementStep;
import dev.hone.core.kernel.OptimizerKernels;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps of optimisers against their twins on the CPU. */
class OptimizerKernelTest extends KernelTest {
  private static final String FAMILY = "optimizer";
  private static final int[] LENGTHS = {1, 1024, 0, 1500, 257, 2049}; // blocks take 1024 elements

  /** The tensors of a launch. */
  private static final class Launch {
    private final List<long[]> pointers = new ArrayList<>();
    private final List<long[]> sizes = new ArrayList<>();
    private final List<float[]> numbers = new ArrayList<>();
    private int[] rows = {};
    private long blocks;

    /** Adds a tensor, which has as many states as are given; null for an absent one. */
    void add(float[] c, int[] given, int columns, KernelRunner.Memory p, int n, KernelRunner.Memory g,
        KernelRunner.Memory... states) {
      long[] places = new long[5];
      places[0] = p.at(0);
      places[1] = g.at(0);
      for (int i = 0; i < states.length; i++) {
        places[2 + i] = states[i] == null ? 0 : states[i].at(0);
      }
      pointers.add(places);
      sizes.add(new long[] {n, blocks, rows.length, given == null ? -1 : given.length, columns});
      numbers.add(Arrays.copyOf(c, 12));
      if (given != null) {
        int before = rows.length;
        rows = Arrays.copyOf(rows, before + given.length);
        System.arraycopy(given, 0, rows, before, given.length);
      }
      blocks += (n + 1023) / 1024;
    }

    void run(ElementRule rule) {
      gpu.launch(FAMILY, "hone_step", new int[] {(int) blocks}, 256, 0, rule,
          gpu.put(pointers.stream().flatMapToLong(Arrays::stream).toArray()),
          gpu.put(sizes.stream().flatMapToLong(Arrays::stream).toArray()), gpu.put(rows), gpu.put(joined()),
          pointers.size());
    }

    private float[] joined() {
      float[] all = new float[12 * numbers.size()];
      for (int i = 0; i < numbers.size(); i++) {
        System.arraycopy(numbers.get(i), 0, all, 12 * i, 12);
      }
      return all;
    }
  }

  @ParameterizedTest
  @EnumSource
  void tensorsOfAnySizeMoveInOneLaunch(ElementRule rule) {
    check(rule, new boolean[] {true, true, true});
  }

  @Test
  void statesMayBeAbsent() {
    check(ElementRule.SGD, new boolean[] {false});
    check(ElementRule.RMSPROP, new boolean[] {true, false, true});
    check(ElementRule.RMSPROP, new boolean[] {true, true, false});
    check(ElementRule.RMSPROP, new boolean[] {true, false, false});
  }

  private static void check(ElementRule rule, boolean[] present) {
    Launch launch = new Launch();
    List<ElementStep> steps = new ArrayList<>();
    List<KernelRunner.Memory> results = new ArrayList<>();
    for (int k = 0; k < LENGTHS.length; k++) {
      int n = LENGTHS[k];
      float[] c = uniform(100 + k, rule.numbers(), 0.1f, 0.4f);
      float[] p = normal(200 + k, n);
      float[] g = normal(300 + k, n);
      Tensor[] states = new Tensor[rule.states()];
      KernelRunner.Memory[] there = new KernelRunner.Memory[rule.states()];
      for (int i = 0; i < states.length; i++) {
        if (present[i]) {
          float[] state = rule == ElementRule.LION ? normal(400 + 10 * k, n) // whose sign counts
              : uniform(400 + 10 * k + i, n, i == 0 ? 2 : 0.1f, i == 0 ? 3 : 0.5f);
          if (rule == ElementRule.LION && n > 0) {
            state[0] = 0; // and has none
            g[0] = 0;
          }
          states[i] = tensor(state, n);
          there[i] = gpu.put(state);
        }
      }
      KernelRunner.Memory moved = gpu.put(p);
      launch.add(c, null, 1, moved, n, gpu.put(g), there);
      results.add(moved);
      results.addAll(Arrays.asList(there));
      steps.add(new ElementStep(rule, c, tensor(p, n), tensor(g, n), null, states));
    }
    CPU.optimizer().step(steps);
    launch.run(rule);
    int at = 0;
    for (ElementStep step : steps) {
      near(rule + " p " + step.parameter().shape(), step.parameter(), results.get(at++).floats(), 1e-6);
      for (Tensor state : step.states()) {
        if (state == null) {
          at++;
        } else {
          near(rule + " state " + state.shape(), state, results.get(at++).floats(), 1e-6);
        }
      }
    }
  }

  @Test
  void gradientsOfSomeRows() {
    int rows = 40;
    int c = 33;
    int n = rows * c;
    float[] numbers = OptimizerKernels.adamWNumbers(3, 1e-2, 0.9, 0.95, 1e-6, 0.1, 0.5f);
    Launch launch = new Launch();
    List<ElementStep> steps = new ArrayList<>();
    List<KernelRunner.Memory> results = new ArrayList<>();
    for (int[] given : new int[][] {null, {0, 3, 4, 17, 39}, {}, {1, 38}}) {
      float[] p = normal(5, n);
      float[] m = normal(7, n);
      float[] v = uniform(8, n, 0, 1);
      float[] g = normal(6, given == null ? n : given.length * c);
      steps.add(new ElementStep(ElementRule.ADAMW, numbers, tensor(p, rows, c), tensor(g, given == null ? rows : given.length, c),
          given, tensor(m, rows, c), tensor(v, rows, c)));
      List<KernelRunner.Memory> there = List.of(gpu.put(p), gpu.put(m), gpu.put(v));
      launch.add(numbers, given, c, there.get(0), n, gpu.put(g), there.get(1), there.get(2));
      results.addAll(there);
    }
    CPU.optimizer().step(steps);
    launch.run(ElementRule.ADAMW);
    for (int i = 0; i < steps.size(); i++) {
      near("p", steps.get(i).parameter(), results.get(3 * i).floats(), 1e-6);
      near("m", steps.get(i).states()[0], results.get(3 * i + 1).floats(), 1e-6);
      near("v", steps.get(i).states()[1], results.get(3 * i + 2).floats(), 1e-6);
    }
  }

  @Test
  void meansInBytesHaveTheCodesOfTheCpu() {
    int n = 256 * 5 + 77;
    int blocks = 6;
    byte[] first = filled(n, ByteTable.SIGNED.zero());
    byte[] second = filled(n, ByteTable.UNSIGNED.zero());
    Tensor p = tensor(normal(20, n), n);
    Tensor firstScale = Tensor.zeros(blocks);
    Tensor secondScale = Tensor.zeros(blocks);
    KernelRunner.Memory[] there = {gpu.put(floats(p)), gpu.put(first), gpu.put(new float[blocks]), gpu.put(second),
        gpu.put(new float[blocks])};
    for (int step = 1; step <= 3; step++) {
      float[] g = normal(20 + step, n);
      Arrays.fill(g, 256, 512, 0); // a block of zeros
      float[] numbers = OptimizerKernels.adamWNumbers(step, 1e-2, 0.9, 0.95, 1e-6, 0.1, 0.5f);
      CPU.optimizer().adamW8bit(numbers, p, tensor(g, n), codes(first), firstScale, codes(second), secondScale);
      gpu.launch(FAMILY, "hone_adamw_8bit", new int[] {blocks}, 256, 0, there[0], gpu.put(g), there[1], there[2], there[3],
          there[4], (long) n, gpu.put(numbers), gpu.put(table(ByteTable.SIGNED)), gpu.put(table(ByteTable.UNSIGNED)));
      near("p", p, there[0].floats(), 1e-6);
      near("scale of m", firstScale, there[2].floats(), 1e-6);
      near("scale of v", secondScale, there[4].floats(), 1e-6);
      assertArrayEquals(first, there[1].bytes(), "codes of m");
      assertArrayEquals(second, there[3].bytes(), "codes of v");
    }
    assertTrue(floats(firstScale)[0] > 0 && floats(firstScale)[1] == 0);
  }

  private static byte[] filled(int n, byte value) {
    byte[] bytes = new byte[n];
    Arrays.fill(bytes, value);
    return bytes;
  }

  private static Tensor codes(byte[] bytes) {
    return Tensor.of(MemorySegment.ofArray(bytes), DType.U8, Shape.of(bytes.length));
  }

  private static float[] table(ByteTable table) {
    float[] both = Arrays.copyOf(table.values(), 512);
    System.arraycopy(table.bounds(), 0, both, 256, 255);
    return both;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 31, 300})
  void squaresOfRowsAndColumns(int columns) {
    int rows = 21;
    int n = rows * columns;
    float[] g = normal(30, n);
    for (double least : new double[] {0, 0.5}) {
      Tensor row = tensor(uniform(31, rows, 0, 1), rows);
      Tensor column = tensor(uniform(32, columns, 0, 1), columns);
      KernelRunner.Memory rowThere = gpu.put(floats(row));
      KernelRunner.Memory columnThere = gpu.put(floats(column));
      Tensor u = Tensor.empty(rows, columns);
      CPU.optimizer().factored(tensor(g, rows, columns), 0.5f, 0.3, 1e-3, 0.9, least, row, column, u);
      gpu.launch(FAMILY, "hone_row_squares", new int[] {rows}, 256, 0, gpu.put(g), 0.5f, 0.3, 1e-3, rowThere, columns);
      gpu.launch(FAMILY, "hone_column_squares", new int[] {(columns + 31) / 32}, 256, 0, gpu.put(g), 0.5f, 0.3, 1e-3, columnThere,
          rows, columns);
      KernelRunner.Memory mean = gpu.put(new double[1]);
      gpu.launch(FAMILY, "hone_mean_of_rows", new int[] {1}, 256, 0, rowThere, rows, mean);
      KernelRunner.Memory out = gpu.room(n);
      gpu.each(FAMILY, "hone_factored", n, gpu.put(g), 0.5f, rowThere, columnThere, mean, 0.9, least, out, columns, (long) n);
      near("row", row, rowThere.floats(), 1e-6);
      near("column", column, columnThere.floats(), 1e-6);
      near("u", u, out.floats(), 1e-5);
      double sum = 0;
      for (float x : floats(row)) {
        sum += x;
      }
      assertEquals(sum / rows, mean.doubles()[0], 1e-6);
    }
  }

  @Test
  void squaresOfElements() {
    int n = 300;
    float[] g = normal(33, n);
    Tensor mean = tensor(uniform(34, n, 0, 0.2f), n);
    KernelRunner.Memory there = gpu.put(floats(mean));
    Tensor u = Tensor.empty(n);
    CPU.optimizer().factored(tensor(g, n), -0.5f, 0.3, 1e-3, 0, 0.1, mean, null, u);
    KernelRunner.Memory out = gpu.room(n);
    gpu.each(FAMILY, "hone_element_squares", n, gpu.put(g), -0.5f, 0.3, 1e-3, 0.1, there, out, (long) n);
    near("mean", mean, there.floats(), 1e-6);
    near("u", u, out.floats(), 1e-6);
  }

  @Test
  void averages() {
    float[] p = normal(9, 301);
    float[] mean = normal(10, 301);
    Tensor expected = tensor(mean, 301);
    CPU.optimizer().average(tensor(p, 301), 0.75f, expected);
    KernelRunner.Memory out = gpu.put(mean);
    gpu.each(FAMILY, "hone_average", 301, gpu.put(p), 0.75f, out, 301L);
    near("mean", expected, out.floats(), 1e-7);
  }
}
