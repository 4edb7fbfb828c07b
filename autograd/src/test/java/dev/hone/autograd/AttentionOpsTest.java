package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.AttentionSpec;
import dev.hone.core.Scope;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Scratch;
import dev.hone.core.parallel.Workers;
import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The fused kernel over ragged sequences against products, masks and softmax per sequence. */
class AttentionOpsTest {
  private static final int[] OFFSETS = {0, 5, 6, 23};
  private static final float SCALE = 0.4f;

  private static Parameter normal(int stream, int... dims) {
    Tensor tensor = Tensor.zeros(dims);
    new Philox(2, stream).fillNormal(tensor.array(), 0, tensor.shape().length(), 0, 1);
    return new Parameter("input " + stream, tensor, true);
  }

  /** [N, heads · D] -> [heads, T, D] for one sequence. */
  private static Variable heads(Variable x, int sequence, int width) {
    Variable rows = ShapeOps.slice(x, 0, OFFSETS[sequence], OFFSETS[sequence + 1]);
    return rows.reshape(rows.shape().dim(0), -1, width).transpose(0, 1);
  }

  private static Mask visible(int length, boolean causal, int window) {
    boolean[] values = new boolean[length * length];
    for (int i = 0; i < length; i++) {
      for (int j = 0; j < length; j++) {
        values[i * length + j] = (causal ? j <= i : true) && Math.abs(i - j) < window;
      }
    }
    return Mask.of(values, length, length);
  }

  private static Variable composed(Variable q, Variable k, Variable v, int width, boolean causal, int window) {
    List<Variable> sequences = new ArrayList<>();
    for (int s = 0; s + 1 < OFFSETS.length; s++) {
      int length = OFFSETS[s + 1] - OFFSETS[s];
      Variable out = AttentionOps.maskedAttention(heads(q, s, width), heads(k, s, width), heads(v, s, width),
          visible(length, causal, window), null, SCALE);
      sequences.add(out.transpose(0, 1).reshape(length, -1));
    }
    return ShapeOps.cat(0, sequences);
  }

  @ParameterizedTest(name = "{0} heads over {1}, width {2}, causal {3}, window {4}")
  @CsvSource({"4, 4, 8, false, 1000", "4, 2, 8, true, 1000", "6, 1, 5, true, 3", "2, 2, 16, false, 4"})
  void theFusedKernelGivesWhatTheCompositionGives(int heads, int kvHeads, int width, boolean causal, int window) {
    Parameter[][] inputs = new Parameter[2][];
    for (int i = 0; i < 2; i++) {
      inputs[i] = new Parameter[] {normal(1, 23, heads * width), normal(2, 23, kvHeads * width), normal(3, 23, kvHeads * width)};
    }
    AttentionSpec spec = new AttentionSpec(OFFSETS, OFFSETS, heads, kvHeads, width, SCALE, causal, window, 0, 0, null);
    Variable fused = AttentionOps.attention(spec, inputs[0][0], inputs[0][1], inputs[0][2]);
    Variable composed = composed(inputs[1][0], inputs[1][1], inputs[1][2], width, causal, window);
    assertArrayEquals(composed.value().toFloatArray(), fused.value().toFloatArray(), 2e-6f);
    Tensor upstream = normal(4, 23, heads * width).value();
    fused.backward(upstream);
    composed.backward(upstream);
    for (int i = 0; i < 3; i++) {
      assertArrayEquals(inputs[1][i].gradient().toFloatArray(), inputs[0][i].gradient().toFloatArray(), 2e-5f, "input " + i);
    }
  }

  @Test
  void oneProjectionGivesWhatThreePartsGive() {
    AttentionSpec spec = new AttentionSpec(OFFSETS, OFFSETS, 4, 2, 6, SCALE, true, Integer.MAX_VALUE, 0, 0, null);
    Parameter whole = normal(1, 23, 48);
    Parameter cut = normal(1, 23, 48);
    List<Variable> parts = ShapeOps.split(cut, 1, 24, 12, 12);
    Variable one = AttentionOps.attention(spec, whole);
    Variable three = AttentionOps.attention(spec, parts.get(0), parts.get(1), parts.get(2));
    assertArrayEquals(three.value().toFloatArray(), one.value().toFloatArray());
    one.sum().backward();
    three.sum().backward();
    assertArrayEquals(cut.gradient().toFloatArray(), whole.gradient().toFloatArray(), 1e-6f);
  }

  @Test
  void aQueryThatMaySeeNothingGetsTheMeanOfAllValues() {
    Variable q = normal(1, 1, 2, 3);
    Variable v = Variable.constant(Tensor.of(new float[] {1, 3}, 1, 2, 1));
    Mask nothing = Mask.of(new boolean[4], 2, 2);
    Variable out = AttentionOps.maskedAttention(q, normal(2, 1, 2, 3), v, nothing, null, 1);
    assertArrayEquals(new float[] {2, 2}, out.value().toFloatArray());
  }

  @Test
  void headsThatDoNotDivideAreRefused() {
    String message = assertThrows(ShapeException.class, () -> AttentionOps.maskedAttention(normal(1, 3, 2, 5),
        normal(2, 2, 2, 5), normal(3, 2, 2, 5), null, null, 1)).getMessage();
    assertEquals("maskedAttention: the 3 heads of q [3, 2, 5] are not a multiple of the 2 of k [2, 2, 5]", message);
  }

  @Test
  void causalMasksLetTheLastQueryStandAtTheLastKey() {
    assertArrayEquals(new boolean[] {true, true, false, true, true, true}, Mask.causal(2, 3).values());
    assertArrayEquals(new boolean[] {false, false, true, false, true, true}, Mask.causal(3, 2).values());
  }

  @Test
  void rotatingBackUndoesRotating() {
    Tensor cos = Tensor.of(new float[] {1, 0.8f, 0.6f}, 3, 1);
    Tensor sin = Tensor.of(new float[] {0, 0.6f, 0.8f}, 3, 1);
    Parameter x = normal(1, 3, 6);
    Variable y = AttentionOps.rotate(x, 3, cos, sin, new int[] {2, 0, 1}); // the last of three numbers does not turn
    y.backward(y.value()); // the gradient turns backwards
    assertArrayEquals(x.value().toFloatArray(), x.gradient().toFloatArray(), 1e-6f);
    assertTrue(Math.abs(y.value().get(0) - x.value().get(0)) > 1e-3f);
  }

  @Test
  void memoryGrowsWithTheLengthNotItsSquare() {
    int threads = Workers.threads();
    int width = 4 * 32;
    double[] tensors = new double[3]; // as large as q, that a pass forward and back takes
    try {
      Workers.setThreads(1); // so that all working arrays are this thread's
      for (int i = 0; i < tensors.length; i++) {
        int length = 512 << i;
        int[] one = {0, length};
        AttentionSpec spec = new AttentionSpec(one, one, 4, 4, 32, 0.25f, true, Integer.MAX_VALUE, 0, 0, null);
        Scope.trim();
        try (Scope _ = Scope.open()) {
          Variable q = Variable.recomputed(Tensor.full(0.1f, length, width), true);
          Variable k = Variable.recomputed(Tensor.full(0.2f, length, width), true);
          Variable v = Variable.recomputed(Tensor.full(0.3f, length, width), true);
          AttentionOps.attention(spec, q, k, v).sum().backward();
        }
        long working = IntStream.range(0, Scratch.SLOTS).mapToLong(slot -> Scratch.floats(slot, 1).length).sum();
        tensors[i] = (Scope.pooledBytes() / 4.0 + working) / ((double) length * width);
      }
    } finally {
      Workers.setThreads(threads);
      Scope.trim();
    }
    for (int i = 0; i < tensors.length; i++) {
      assertTrue(tensors[i] < 14, (512 << i) + " tokens take " + tensors[i] + " tensors like q");
      assertTrue(i == 0 || tensors[i] < 1.05 * tensors[i - 1], (512 << i) + " tokens take " + tensors[i]
          + " tensors like q, half as "
          + "many " + tensors[Math.max(0, i - 1)]);
    }
  }
}
