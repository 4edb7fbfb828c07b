package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.AttentionSpec;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.AttentionKernels;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.KeyPages;
import dev.hone.core.parallel.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention of both kinds of loops against float64, and what must hold bit for bit. */
class AttentionTest {
  private static AttentionCase expectedOf;
  private static AttentionReference expected;

  static List<AttentionCase> cases() {
    List<AttentionCase> cases = new ArrayList<>();
    cases.add(AttentionCase.of("lengths 0, 1, 2 and odd ones", 3, 3, 8, 0, 1, 2, 7, 0, 13, 33, 0));
    cases.add(AttentionCase.of("lengths 0, 1, 2 and odd ones, causal", 3, 3, 8, 0, 1, 2, 7, 0, 13, 33, 0).asCausal());
    cases.add(AttentionCase.of("no sequences", 2, 1, 4));
    cases.add(AttentionCase.of("one row", 1, 1, 1, 1).asCausal());
    cases.add(AttentionCase.of("around one block", 2, 2, 16, 63, 64, 65, 97).asCausal());
    cases.add(AttentionCase.of("several blocks, every key", 2, 1, 20, 150, 131));
    cases.add(AttentionCase.of("several key chunks", 2, 2, 8, 420).asCausal());
    cases.add(AttentionCase.of("grouped heads", 6, 2, 24, 40, 21, 70).asCausal());
    cases.add(AttentionCase.of("one key head", 4, 1, 5, 300, 9).asCausal());
    cases.add(AttentionCase.of("keys longer than queries", 2, 2, 32, 5, 1, 40, 0).keys(90, 33, 41, 7).asCausal());
    cases.add(AttentionCase.of("keys longer than queries, every key", 4, 2, 32, 5, 1, 70, 1).keys(90, 300, 91, 17));
    cases.add(AttentionCase.of("queries longer than keys", 2, 2, 12, 50, 9, 3, 90).keys(20, 0, 2, 70).asCausal());
    cases.add(AttentionCase.of("queries longer than keys, every key", 2, 2, 12, 50, 9, 3).keys(20, 0, 2));
    cases.add(AttentionCase.of("window", 2, 1, 16, 200, 31, 5).asCausal().window(20));
    cases.add(AttentionCase.of("window of one", 2, 2, 16, 70).asCausal().window(1));
    cases.add(AttentionCase.of("window both ways", 2, 2, 16, 200, 31, 90).window(33));
    cases.add(AttentionCase.of("window over several chunks", 1, 1, 8, 420).asCausal().window(210));
    cases.add(AttentionCase.of("window and more keys", 2, 2, 16, 30, 100).keys(120, 160).asCausal().window(50));
    cases.add(AttentionCase.of("window and fewer keys, both ways", 2, 2, 16, 120, 100).keys(70, 3).window(10));
    cases.add(AttentionCase.of("soft cap", 2, 2, 16, 37, 90).asCausal().softCap(1.5f));
    cases.add(AttentionCase.of("dropout", 4, 2, 16, 37, 100, 5).dropout(0.3f));
    cases.add(AttentionCase.of("dropout, causal, several chunks", 1, 1, 8, 300).asCausal().dropout(0.5f));
    cases.add(AttentionCase.of("dropout and more keys", 2, 1, 8, 5, 1).keys(70, 129).asCausal().dropout(0.1f));
    cases.add(AttentionCase.of("everything at once", 4, 2, 20, 130, 3, 65).keys(150, 2, 65).asCausal().window(60).softCap(2)
        .dropout(0.25f));
    cases.add(AttentionCase.of("bias of keys", 3, 3, 16, 37, 90, 1).asCausal().withBias());
    cases.add(AttentionCase.of("bias, several chunks, dropout", 4, 2, 20, 300, 3).asCausal().dropout(0.25f).withBias());
    cases.add(AttentionCase.of("bias, window, more keys", 2, 1, 24, 30, 100).keys(120, 163).asCausal().window(50).withBias());
    cases.add(AttentionCase.of("bias, both ways", 2, 2, 12, 50, 131).withBias());
    cases.add(AttentionCase.of("one query, bias", 4, 2, 64, 1, 1, 1).keys(500, 1, 77).asCausal().withBias());
    cases.add(AttentionCase.of("one query, many keys", 4, 2, 64, 1, 1, 1).keys(500, 1, 77).asCausal());
    cases.add(AttentionCase.of("one query, window, soft cap", 4, 1, 80, 1, 1).keys(500, 77).asCausal().window(64).softCap(3));
    for (int d : new int[] {1, 3, 31, 32, 33, 48, 64, 80, 96, 128, 256}) {
      cases.add(AttentionCase.of("head width " + d, 2, 1, d, 70, 17).asCausal());
    }
    return cases;
  }

  static Stream<Kernels> kinds() {
    Stream<Kernels> kinds = Stream.of(CpuKernels.scalar("for the test"));
    if (Kernels.vectorModulePresent()) {
      kinds = Stream.concat(kinds, Stream.of(CpuKernels.vector("for the test")));
    }
    return Kind.CUDA.isTested() ? Stream.concat(kinds, Stream.of(Kind.CUDA.kernels())) : kinds;
  }

  static Stream<Arguments> kindsAndCases() {
    return cases().stream().flatMap(c -> kinds().map(kind -> Arguments.of(kind.name(), c, kind.attention())));
  }

  static Stream<Arguments> kernels() {
    return kinds().map(kind -> Arguments.of(kind.name(), kind.attention()));
  }

  /** Pages in an order of their own, one of them shared, give the bits of rows in their order. */
  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("kindsAndCases")
  void pagesGiveTheBitsOfRowsInOrder(String kind, AttentionCase c, AttentionKernels kernels) {
    AttentionSpec spec = c.spec();
    if (spec.dropout() > 0) {
      return; // which is for training, and has no pages
    }
    AttentionCase.Run run = c.run().forward(kernels);
    int size = 16;
    int[][] tables = new int[spec.sequences()][];
    int count = 0;
    for (int s = 0; s < tables.length; s++) {
      tables[s] = new int[(spec.keyOffsets()[s + 1] - spec.keyOffsets()[s] + size - 1) / size];
      count += tables[s].length;
    }
    int pages = count + 4;
    for (int s = 0, next = 0; s < tables.length; s++) {
      for (int i = 0; i < tables[s].length; i++, next++) {
        tables[s][i] = next / 4 * 4 + new int[] {0, 1, 3, 2}[next % 4]; // runs of two, and jumps
      }
    }
    Tensor keys = Tensor.of(new float[pages * size * run.k.width()], pages * size, run.k.width());
    Tensor values = Tensor.of(new float[pages * size * run.k.width()], pages * size, run.k.width());
    int[] rows = new int[run.k.rows()];
    for (int s = 0; s < tables.length; s++) {
      for (int row = spec.keyOffsets()[s]; row < spec.keyOffsets()[s + 1]; row++) {
        int key = row - spec.keyOffsets()[s];
        rows[row] = tables[s][key / size] * size + key % size;
      }
    }
    assertEquals(rows.length, Arrays.stream(rows).distinct().count());
    kernels.store(run.k, rows, keys);
    kernels.store(run.v, rows, values);
    Tensor out = Tensor.of(new float[run.q.rows() * run.q.width()], run.q.rows(), run.q.width());
    kernels.forward(spec, run.q, new KeyPages(keys, values, tables, size), Columns.of(out));
    assertArrayEquals(AttentionCase.values(run.out), AttentionCase.values(Columns.of(out)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kernels")
  void pagesThatAreNotThereAreNamed(String kind, AttentionKernels kernels) {
    AttentionSpec spec = new AttentionSpec(new int[] {0, 1}, new int[] {0, 17}, 1, 1, 4, 1, true, Integer.MAX_VALUE, 0, 0, null);
    Tensor rows = Tensor.of(new float[32 * 4], 32, 4);
    Columns one = Columns.of(Tensor.of(new float[4], 1, 4));
    KeyPages few = new KeyPages(rows, rows, new int[][] {{0}}, 16);
    assertEquals("attention: sequence 0 has 17 keys, which need 2 pages of 16",
        assertThrows(ShapeException.class, () -> kernels.forward(spec, one, few, one)).getMessage());
    KeyPages far = new KeyPages(rows, rows, new int[][] {{0, 2}}, 16);
    assertEquals("attention: page 2 of 16 rows, there are 32 rows",
        assertThrows(IndexOutOfBoundsException.class, () -> kernels.forward(spec, one, far, one)).getMessage());
    assertThrows(IndexOutOfBoundsException.class, () -> kernels.store(one, new int[] {32}, rows));
  }

  private static AttentionReference reference(AttentionCase c, AttentionCase.Run run) {
    return new AttentionReference(c.spec(), AttentionCase.values(run.q), AttentionCase.values(run.k),
        AttentionCase.values(run.v)).backward(AttentionCase.values(run.dOut));
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("kindsAndCases")
  void agreesWithFloat64(String kind, AttentionCase c, AttentionKernels kernels) {
    AttentionCase.Run run = c.run().forward(kernels).backward(kernels);
    if (expected == null || expectedOf != c) { // the same case comes for each kind of loops
      expected = reference(c, run);
      expectedOf = c;
    }
    assertClose("out", expected.out, AttentionCase.inside(run.out), 2e-6);
    assertClose("logSumExp", expected.logSumExp, run.logSumExp.array(), 2e-6);
    assertClose("dq", expected.dq, AttentionCase.inside(run.dq), 4e-6);
    assertClose("dk", expected.dk, AttentionCase.inside(run.dk), 4e-6);
    assertClose("dv", expected.dv, AttentionCase.inside(run.dv), 4e-6);
  }

  /** Relative to the largest expected value, or to 1: the rounding of sums of numbers around 1. */
  private static void assertClose(String what, double[] expected, float[] actual, double tolerance) {
    double scale = Math.max(1, Arrays.stream(expected).filter(Double::isFinite).map(Math::abs).max().orElse(0));
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      if (expected[i] == actual[i]) {
        continue; // infinities too
      }
      double error = Math.abs(expected[i] - actual[i]) / scale;
      assertTrue(error <= tolerance, what + "[" + i + "]: expected " + expected[i] + ", got " + actual[i] + ", error " + error);
    }
  }

  @Test
  void theReferenceAgreesWithCentralDifferences() {
    for (AttentionCase c : List.of(
        AttentionCase.of("small", 4, 2, 3, 5, 1, 4).keys(7, 2, 4).asCausal().window(4).softCap(1.2f).dropout(0.2f),
        AttentionCase.of("small, both ways", 2, 1, 4, 6, 3).window(3))) {
      AttentionCase.Run run = c.run();
      AttentionReference reference = reference(c, run);
      double[][] inputs = {AttentionCase.values(run.q), AttentionCase.values(run.k), AttentionCase.values(run.v)};
      double[][] gradients = {reference.dq, reference.dk, reference.dv};
      for (int i = 0; i < inputs.length; i++) {
        for (int j = 0; j < inputs[i].length; j++) {
          assertEquals(centralDifference(c, run, inputs, i, j), gradients[i][j], 1e-7, c + ": input " + i + ", element " + j);
        }
      }
    }
  }

  private static double centralDifference(AttentionCase c, AttentionCase.Run run, double[][] inputs, int input, int element) {
    double[] up = AttentionCase.values(run.dOut);
    double step = 1e-5;
    double[] sums = new double[2];
    for (int side = 0; side < 2; side++) {
      double[][] moved = Arrays.stream(inputs).map(double[]::clone).toArray(double[][]::new);
      moved[input][element] += side == 0 ? step : -step;
      double[] out = new AttentionReference(c.spec(), moved[0], moved[1], moved[2]).out;
      for (int i = 0; i < out.length; i++) {
        sums[side] += out[i] * up[i];
      }
    }
    return (sums[0] - sums[1]) / (2 * step);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("kindsAndCases")
  void bitsDoNotDependOnTheNumberOfThreads(String kind, AttentionCase c, AttentionKernels kernels) {
    int before = Workers.threads();
    try {
      Workers.setThreads(1);
      AttentionCase.Run one = c.run().forward(kernels).backward(kernels);
      Workers.setThreads(3);
      AttentionCase.Run three = c.run().forward(kernels).backward(kernels);
      assertSameBits(one.out, three.out);
      assertArrayEquals(one.logSumExp.array(), three.logSumExp.array());
      assertSameBits(one.dq, three.dq);
      assertSameBits(one.dk, three.dk);
      assertSameBits(one.dv, three.dv);
    } finally {
      Workers.setThreads(before);
    }
  }

  private static void assertSameBits(Columns a, Columns b) {
    assertArrayEquals(AttentionCase.inside(a), AttentionCase.inside(b));
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("kindsAndCases")
  void packedSequencesEqualSeparateOnes(String kind, AttentionCase c, AttentionKernels kernels) {
    AttentionCase plain = c.dropout(0); // the dropout of a row depends on its place in the batch
    AttentionCase.Run packed = plain.run().forward(kernels).backward(kernels);
    int[] queries = AttentionCase.offsets(c.queries());
    int[] keys = AttentionCase.offsets(c.keys());
    for (int s = 0; s < c.queries().length; s++) {
      AttentionCase alone = new AttentionCase("alone", new int[] {c.queries()[s]}, new int[] {c.keys()[s]}, c.heads(),
          c.kvHeads(), c.headDim(), c.causal(), c.window(), c.softCap(), 0, c.biased());
      Columns out = AttentionCase.result(alone.queryRows(), packed.q.width());
      Columns dq = AttentionCase.result(alone.queryRows(), packed.q.width());
      Columns dk = AttentionCase.result(alone.keyRows(), packed.k.width());
      Columns dv = AttentionCase.result(alone.keyRows(), packed.k.width());
      Tensor logSumExp = Tensor.empty(c.heads(), alone.queryRows());
      Columns q = rows(packed.q, queries[s], queries[s + 1]);
      Columns k = rows(packed.k, keys[s], keys[s + 1]);
      Columns v = rows(packed.v, keys[s], keys[s + 1]);
      kernels.forward(alone.spec(), q, k, v, out, logSumExp);
      kernels.backward(alone.spec(), q, k, v, out, logSumExp, rows(packed.dOut, queries[s], queries[s + 1]), dq, dk, dv);
      assertSameBits(rows(packed.out, queries[s], queries[s + 1]), out);
      assertSameBits(rows(packed.dq, queries[s], queries[s + 1]), dq);
      assertSameBits(rows(packed.dk, keys[s], keys[s + 1]), dk);
      assertSameBits(rows(packed.dv, keys[s], keys[s + 1]), dv);
    }
  }

  private static Columns rows(Columns columns, int from, int to) {
    return new Columns(columns.tensor().slice(from, to), columns.from(), columns.width());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kernels")
  void largeScoresNeitherOverflowNorVanish(String kind, AttentionKernels kernels) {
    Columns q = Columns.of(Tensor.of(new float[] {300, -300, 0}, 3, 1));
    Columns k = Columns.of(Tensor.of(new float[] {300, -300, 299}, 3, 1));
    Columns v = Columns.of(Tensor.of(new float[] {1, 2, 3}, 3, 1));
    Columns out = Columns.of(Tensor.zeros(3, 1));
    kernels.forward(new AttentionSpec(new int[] {0, 3}, new int[] {0, 3}, 1, 1, 1, 1, false, Integer.MAX_VALUE, 0, 0, null), q,
        k, v, out,
        null);
    assertArrayEquals(new float[] {1, 2, 2}, out.array(), 1e-6f);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kernels")
  void aQueryThatIsNotANumberSpoilsItsOwnRowAndNoOther(String kind, AttentionKernels kernels) {
    AttentionCase c = AttentionCase.of("nan", 2, 2, 8, 40).asCausal();
    AttentionCase.Run clean = c.run().forward(kernels);
    AttentionCase.Run run = c.run();
    run.q.array()[run.q.offset() + 17 * run.q.stride() + 3] = Float.NaN; // row 17, head 0
    run.forward(kernels);
    float[] expected = AttentionCase.inside(clean.out);
    float[] actual = AttentionCase.inside(run.out);
    for (int i = 0; i < actual.length; i++) {
      if (i / 16 == 17 && i % 16 < 8) {
        assertTrue(Float.isNaN(actual[i]));
      } else {
        assertEquals(expected[i], actual[i]);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kernels")
  void dropoutOfNothingIsExactAndDropoutKeepsTheMean(String kind, AttentionKernels kernels) {
    AttentionCase c = AttentionCase.of("ones", 8, 8, 4, 256).dropout(0.25f);
    AttentionCase.Run run = c.run();
    Arrays.fill(run.v.array(), 1);
    run.forward(kernels);
    double mean = Arrays.stream(toDoubles(AttentionCase.inside(run.out))).average().orElseThrow();
    assertEquals(1, mean, 0.01);
    assertFalse(Arrays.stream(toDoubles(AttentionCase.inside(run.out))).allMatch(x -> Math.abs(x - 1) < 1e-3));
  }

  private static double[] toDoubles(float[] values) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return doubles;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kernels")
  void wrongOperandsAreRefusedByName(String kind, AttentionKernels kernels) {
    AttentionCase c = AttentionCase.of("refused", 2, 2, 4, 5);
    AttentionCase.Run run = c.run();
    AttentionSpec spec = c.spec();
    ShapeException offsets = assertThrows(ShapeException.class, () -> kernels.forward(
        new AttentionSpec(new int[] {0, 4}, new int[] {0, 5}, 2, 2, 4, 1, false, 1, 0, 0, null), run.q, run.k, run.v, run.out,
        null));
    assertTrue(offsets.getMessage().contains("query offsets [0, 4]"), offsets.getMessage());
    Columns narrow = new Columns(run.v.tensor(), 0, 4);
    ShapeException width = assertThrows(ShapeException.class, () -> kernels.forward(spec, run.q, run.k, narrow, run.out, null));
    assertTrue(width.getMessage().contains("v has 5 rows of 4, k 5 of 8"), width.getMessage());
    IllegalArgumentException window = assertThrows(IllegalArgumentException.class, () -> kernels.forward(
        new AttentionSpec(new int[] {0, 5}, new int[] {0, 5}, 2, 2, 4, 1, false, 0, 0, 0, null), run.q, run.k, run.v, run.out,
        null));
    assertTrue(window.getMessage().contains("window must be at least 1, got 0"), window.getMessage());
  }
}
