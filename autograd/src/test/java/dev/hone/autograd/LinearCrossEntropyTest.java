package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Activation;
import dev.hone.core.DType;
import dev.hone.core.OwnPool;
import dev.hone.core.Scope;
import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Workers;
import dev.hone.core.random.Philox;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The fused head against the same thing put together from a product and a cross-entropy over all logits. */
class LinearCrossEntropyTest {
  private static final int WIDTH = 9;
  private static final int CLASSES = 37;
  private static final Philox RANDOM = new Philox(11, 0);

  private static Parameter normal(String name, int stream, int... dims) {
    Tensor tensor = Tensor.zeros(dims);
    RANDOM.withStream(stream).fillNormal(tensor.array(), 0, tensor.shape().length(), 0, 1);
    return new Parameter(name, tensor, true);
  }

  /** Every third row, on average, has no label. */
  private static int[] labels(int rows) {
    int[] labels = new int[rows];
    Arrays.setAll(labels, i -> RANDOM.withStream(7).below(i, 3) == 0 ? -100 : RANDOM.withStream(8).below(i, CLASSES));
    return labels;
  }

  private static Variable logits(Variable hidden, Variable weight, Variable bias, float softCap, float logitScale) {
    Variable logits = MathOps.mul(MatMulOps.linear(hidden, weight, null), logitScale);
    logits = bias == null ? logits : logits.add(bias);
    return softCap == 0 ? logits
        : MathOps.mul(ActivationOps.activation(Activation.TANH, MathOps.mul(logits, 1 / softCap)), softCap);
  }

  private static void assertClose(Tensor expected, Tensor actual, String what) {
    assertEquals(expected.shape(), actual.shape(), what);
    float[] want = expected.toFloatArray();
    float[] got = actual.toFloatArray();
    float largest = 0;
    for (float value : want) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertArrayEquals(want, got, 1e-5f * largest, what);
  }

  @ParameterizedTest(name = "{0} rows, soft cap {1}, logit scale {2}, bias {3}, smoothing {4}, z-loss {5}")
  @CsvSource({"7, 0, 1, true, 0, 0", "1300, 0, 1, false, 0, 0", "1300, 3, 0.5, true, 0.1, 0.01", "900, 5, 1, false, 0, 0"})
  void lossAndGradientsAreThoseOfTheComposition(int rows, float softCap, float logitScale, boolean biased, float smoothing,
      float zLoss) {
    Parameter[] inputs = {normal("hidden", 1, rows, WIDTH), normal("weight", 2, CLASSES, WIDTH), normal("bias", 3, CLASSES)};
    Parameter[] again = {normal("hidden", 1, rows, WIDTH), normal("weight", 2, CLASSES, WIDTH), normal("bias", 3, CLASSES)};
    int[] labels = labels(rows);
    CrossEntropySettings settings = new CrossEntropySettings(null, smoothing, zLoss);
    float scale = (float) (1 / settings.weightOf(labels));

    Variable logits = logits(inputs[0], inputs[1], biased ? inputs[2] : null, softCap, logitScale);
    Tensor perRow = LossOps.crossEntropyPerRow(logits.detach(), labels, settings).value();
    Variable expected = LossOps.crossEntropy(logits, labels, settings, scale);
    HeadLoss actual = LossOps.linearCrossEntropy(again[0], again[1], biased ? again[2] : null, labels, softCap, logitScale,
        settings, scale);
    assertEquals(expected.value().item(), actual.loss().value().item(), 1e-5f * expected.value().item());
    assertEquals(hits(logits.value(), labels), actual.hits());
    float[] labelled = actual.rowLosses().toFloatArray();
    int next = 0;
    for (int row = 0; row < rows; row++) {
      if (labels[row] >= 0) {
        assertEquals(perRow.get(row), labelled[next++], 1e-4f, "loss of row " + row);
      }
    }
    assertEquals(labelled.length, next);

    expected.mul(3f).backward();
    actual.loss().mul(3f).backward();
    for (int i = 0; i < (biased ? 3 : 2); i++) {
      assertClose(inputs[i].gradient(), again[i].gradient(), "gradient by " + inputs[i].name());
    }
  }

  @ParameterizedTest(name = "{0} rows, soft cap {1}")
  @CsvSource({"7, 0", "1300, 0", "900, 5"})
  void rowLossesAndTheirGradientsAreThoseOfAllLogits(int rows, float softCap) {
    Parameter[] inputs = {normal("hidden", 1, rows, WIDTH), normal("weight", 2, CLASSES, WIDTH), normal("bias", 3, CLASSES)};
    Parameter[] again = {normal("hidden", 1, rows, WIDTH), normal("weight", 2, CLASSES, WIDTH), normal("bias", 3, CLASSES)};
    int[] labels = labels(rows);
    int[] labelled = LossOps.counted(labels);
    int[] classes = Arrays.stream(labelled).map(row -> labels[row]).toArray();
    Variable all = GatherOps.rows(logits(inputs[0], inputs[1], inputs[2], softCap, 1), labelled);
    Variable expected = LossOps.crossEntropyPerRow(all, classes, CrossEntropySettings.PLAIN);
    Variable actual = LossOps.linearCrossEntropyPerRow(again[0], again[1], again[2], labels, softCap, 1);
    assertClose(expected.value(), actual.value(), "losses");
    Tensor upstream = normal("upstream", 4, labelled.length).value();
    expected.backward(upstream);
    actual.backward(upstream);
    for (int i = 0; i < 3; i++) {
      assertClose(inputs[i].gradient(), again[i].gradient(), "gradient by " + inputs[i].name());
    }
  }

  private static int hits(Tensor logits, int[] labels) {
    int hits = 0;
    for (int row = 0; row < labels.length; row++) {
      int best = 0;
      for (int j = 1; j < CLASSES; j++) {
        best = logits.get(row * CLASSES + j) > logits.get(row * CLASSES + best) ? j : best;
      }
      hits += best == labels[row] ? 1 : 0;
    }
    return hits;
  }

  @Test
  void aTiedTableGetsTheGradientsOfBothUses() {
    int[] ids = {3, 3, 0, 36, 5};
    int[] labels = {3, -100, 36, 5, 1};
    Parameter apart = normal("table", 2, CLASSES, WIDTH);
    Variable rows = GatherOps.embedding(apart, ids);
    LossOps.crossEntropy(MatMulOps.linear(rows, apart, null), labels, CrossEntropySettings.PLAIN, 0.25f).backward();
    Parameter tied = normal("table", 2, CLASSES, WIDTH);
    LossOps.linearCrossEntropy(GatherOps.embedding(tied, ids), tied, null, labels, 0, 1, CrossEntropySettings.PLAIN, 0.25f)
        .loss().backward();
    assertClose(apart.gradient(), tied.gradient(), "gradient by the table");
  }

  @Test
  void aFrozenHeadMayBeStoredInBfloat16() {
    float[] weights = normal("weight", 2, CLASSES, WIDTH).value().toFloatArray();
    MemorySegment segment = Arena.ofAuto().allocate(2L * weights.length, 2);
    for (int i = 0; i < weights.length; i++) {
      segment.set(ValueLayout.JAVA_SHORT, 2L * i, (short) (Float.floatToRawIntBits(weights[i]) >>> 16));
    }
    Tensor stored = Tensor.of(segment, DType.BF16, Shape.of(CLASSES, WIDTH));
    int[] labels = labels(50);
    Parameter[] hidden = {normal("hidden", 1, 50, WIDTH), normal("hidden", 1, 50, WIDTH)};
    Tensor[] heads = {stored, stored.toF32()};
    float[] losses = new float[2];
    for (int i = 0; i < 2; i++) {
      Variable loss = LossOps.linearCrossEntropy(hidden[i], new Parameter("head", heads[i], false), null, labels, 0, 1,
          CrossEntropySettings.PLAIN, 0.1f).loss();
      loss.backward();
      losses[i] = loss.value().item();
    }
    assertEquals(losses[1], losses[0], 1e-6f * losses[1]);
    assertClose(hidden[1].gradient(), hidden[0].gradient(), "gradient by hidden");
  }

  @Test
  void withoutAnyLabelLossAndGradientsAreZeroWhateverTheScale() {
    Parameter hidden = normal("hidden", 1, 4, WIDTH);
    Parameter weight = normal("weight", 2, CLASSES, WIDTH);
    HeadLoss head = LossOps.linearCrossEntropy(hidden, weight, null, new int[] {-100, -100, -1, -100}, 0, 1,
        CrossEntropySettings.PLAIN, Float.POSITIVE_INFINITY);
    head.loss().backward();
    assertEquals(0, head.loss().value().item());
    assertEquals(0, head.rowLosses().size());
    assertArrayEquals(new float[4 * WIDTH], hidden.gradient().toFloatArray());
    assertArrayEquals(new float[CLASSES * WIDTH], weight.gradient().toFloatArray());
  }

  @Test
  void theNumberOfThreadsDoesNotChangeABit() {
    int threads = Workers.threads();
    try {
      float[][] gradients = new float[2][];
      float[][] losses = new float[2][];
      for (int i = 0; i < 2; i++) {
        Workers.setThreads(i == 0 ? 1 : 3);
        Parameter hidden = normal("hidden", 1, 1300, WIDTH);
        Parameter weight = normal("weight", 2, CLASSES, WIDTH);
        HeadLoss head = LossOps.linearCrossEntropy(hidden, weight, null, labels(1300), 0, 1, CrossEntropySettings.PLAIN, 1);
        head.loss().backward();
        losses[i] = head.rowLosses().toFloatArray();
        gradients[i] = weight.gradient().toFloatArray();
      }
      assertArrayEquals(losses[0], losses[1]);
      assertArrayEquals(gradients[0], gradients[1]);
    } finally {
      Workers.setThreads(threads);
    }
  }

  @Test
  void logitsOfNoMoreThanAChunkAreEverInMemory() throws Exception {
    long bytes = OwnPool.run(() -> {
      try (Scope _ = Scope.open()) {
        Parameter hidden = new Parameter("hidden", Tensor.full(0.1f, 3000, 2), true);
        Parameter weight = new Parameter("weight", Tensor.full(0.2f, 5000, 2), false);
        int[] labels = new int[3000];
        LossOps.linearCrossEntropy(hidden, weight, null, labels, 0, 1, CrossEntropySettings.PLAIN, 1).loss().backward();
        return Scope.pooledBytes();
      }
    });
    long chunk = 264L * 5000 * Float.BYTES; // of 3000 rows, so all logits would take eleven times as much
    assertTrue(bytes > chunk / 2 && bytes < 2 * chunk, bytes + " bytes, a chunk of logits has " + chunk);
  }

  @ParameterizedTest(name = "{0} rows, {1} classes, {2} buffers: {3}")
  @CsvSource({"1, 10, 1, 12", "264, 50257, 1, 264", "265, 50257, 1, 144", "2000, 50257, 1, 252", "2000, 256000, 1, 120",
      "2000, 256000, 2, 60", "2000, 2000000000, 1, 1"})
  void chunksAreBoundedByRowsAndBytesAndOfEqualSize(int rows, int classes, int buffers, int expected) {
    assertEquals(expected, LinearCrossEntropy.chunkRows(rows, classes, buffers));
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Parameter hidden = normal("hidden", 1, 4, WIDTH);
    Parameter weight = normal("weight", 2, CLASSES, WIDTH);
    int[] labels = {0, 1, 2, 37};
    String message = assertThrows(ShapeException.class, () -> LossOps.linearCrossEntropy(hidden, weight, null, labels, 0, 1,
        CrossEntropySettings.PLAIN, 1)).getMessage();
    assertEquals("linearCrossEntropy: label 37 at row 3; there are 37 classes", message);
    message = assertThrows(ShapeException.class, () -> LossOps.linearCrossEntropy(hidden, weight, null, new int[3], 0, 1,
        CrossEntropySettings.PLAIN, 1)).getMessage();
    assertEquals("linearCrossEntropy: 3 labels for 4 rows", message);
    message = assertThrows(ShapeException.class, () -> LossOps.linearCrossEntropy(weight, normal("w", 2, 5, 3), null, labels, 0,
        1, CrossEntropySettings.PLAIN, 1)).getMessage();
    assertTrue(message.contains("[37, 9]") && message.contains("[5, 3]") && message.contains("same C"), message);
  }
}
