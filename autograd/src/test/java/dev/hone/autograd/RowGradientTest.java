package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.OwnPool;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import org.junit.jupiter.api.Test;

/** What a table's gradient is kept as must not change what it is. */
class RowGradientTest {
  private static final int ROWS = 40;
  private static final int WIDTH = 24;

  private final Parameter table = new Parameter("table", normal(1, ROWS), true);

  private static Tensor normal(int stream, int rows) {
    Tensor tensor = Tensor.zeros(rows, WIDTH);
    new Philox(3, stream).fillNormal(tensor.array(), 0, tensor.shape().length(), 0, 1);
    return tensor;
  }

  private static void pick(Parameter table, int stream, int... ids) {
    try (Scope _ = Scope.open()) {
      GatherOps.embedding(table, ids, 0.7f).mul(Variable.constant(normal(stream, ids.length))).sum().backward();
    }
  }

  /** The gradient of a table whose gradient was whole from the start. */
  private static float[] whole(Runnable passes, Parameter table) {
    table.clearGradient();
    table.gradientToWrite().fill(0);
    passes.run();
    assertNull(table.rowGradient());
    float[] gradient = table.gradient().toFloatArray();
    table.clearGradient();
    return gradient;
  }

  @Test
  void rowsThatWerePickedAreSummedInTheirOrder() {
    float[] expected = whole(() -> pick(table, 2, 9, 3, 9, 30, 9), table);
    pick(table, 2, 9, 3, 9, 30, 9);
    RowGradient rows = table.rowGradient();
    assertArrayEquals(new int[] {3, 9, 30}, rows.rows());
    assertEquals(3, rows.values().dim(0));
    assertTrue(table.hasGradient());
    assertArrayEquals(expected, table.gradient().toFloatArray());
    assertNull(table.rowGradient(), "who asks for the whole gradient gets it");
  }

  @Test
  void laterPassesAddRows() {
    Runnable passes = () -> {
      pick(table, 2, 9, 3, 9);
      pick(table, 4, 3, 3, 1);
      pick(table, 5, 9, 1);
    };
    float[] expected = whole(passes, table);
    passes.run();
    assertArrayEquals(new int[] {1, 3, 9}, table.rowGradient().rows());
    assertArrayEquals(expected, table.gradient().toFloatArray());
  }

  @Test
  void whereMostRowsArePickedTheGradientIsWhole() {
    int[] most = new int[ROWS];
    for (int i = 0; i < ROWS; i++) {
      most[i] = i / 2 + i % 2 * 3;
    }
    Runnable passes = () -> {
      pick(table, 2, 39, 5);
      pick(table, 3, most);
    };
    float[] expected = whole(passes, table);
    pick(table, 2, 39, 5);
    assertNotNull(table.rowGradient());
    pick(table, 3, most);
    assertNull(table.rowGradient());
    assertArrayEquals(expected, table.gradient().toFloatArray());
  }

  @Test
  void aTiedHeadAddsToTheSameGradient() {
    Tensor x = normal(6, 8);
    Runnable both = () -> {
      pick(table, 2, 39, 5);
      try (Scope _ = Scope.open()) {
        MatMulOps.linear(Variable.constant(x), table, null).sum().backward();
      }
      pick(table, 3, 5, 6);
    };
    float[] expected = whole(both, table);
    both.run();
    assertNull(table.rowGradient());
    assertArrayEquals(expected, table.gradient().toFloatArray());
  }

  @Test
  void aRowThatIsPaddingGetsNothing() {
    try (Scope _ = Scope.open()) {
      GatherOps.paddedEmbedding(table, new int[] {0, 4, 0}, 0).sum().backward();
    }
    assertArrayEquals(new int[] {4}, table.rowGradient().rows());
    assertEquals(WIDTH, table.rowGradient().values().size());
    table.clearGradient();
    try (Scope _ = Scope.open()) {
      GatherOps.paddedEmbedding(table, new int[] {0, 0}, 0).sum().backward();
    }
    assertTrue(table.hasGradient());
    assertArrayEquals(new float[ROWS * WIDTH], table.gradient().toFloatArray());
  }

  @Test
  void itsMemoryGoesBackWithTheGradient() throws Exception {
    OwnPool.run(() -> {
      takeAndGiveBack();
      return null;
    });
  }

  private void takeAndGiveBack() {
    long before = Scope.liveBytes();
    int[] ids = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    pick(table, 2, ids);
    assertTrue(Scope.liveBytes() >= before + 4L * ids.length * WIDTH);
    pick(table, 2, 13, 14, 15); // into a larger one
    table.clearGradient();
    assertEquals(before, Scope.liveBytes());
    assertNull(table.gradient());
    pick(table, 2, ids);
    table.setTrainable(false);
    assertEquals(before, Scope.liveBytes());
  }
}
