package dev.hone.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Tensors as values, views and converted copies; shapes; element types. */
class TensorTest {
  private static Tensor counting(int... dims) {
    Tensor tensor = Tensor.empty(dims);
    for (int i = 0; i < tensor.size(); i++) {
      tensor.array()[tensor.offset() + i] = i;
    }
    return tensor;
  }

  private static void assertMessage(Class<? extends Exception> type, String message, Executable action) {
    assertEquals(message, assertThrows(type, action).getMessage());
  }

  @Test
  void viewsShareMemoryAndCopiesDoNot() {
    Tensor x = counting(4, 6);
    Tensor view = x.slice(1, 3).reshape(3, 4);
    assertArrayEquals(new float[] {6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}, view.toFloatArray());
    view.fill(-1);
    assertEquals(5, x.get(5));
    assertEquals(-1, x.get(6));
    assertEquals(-1, x.get(17));
    assertEquals(18, x.get(18));
    assertTrue(view.sharesMemory(x));
    Tensor copy = view.copy();
    assertFalse(copy.sharesMemory(x));
    copy.fill(9);
    assertEquals(-1, x.get(6));
    assertSame(x, x.reshape(4, 6));
    assertEquals(Shape.of(0, 6), x.slice(2, 2).shape());
  }

  @Test
  void reshapeFindsTheOpenSize() {
    Tensor x = counting(4, 6);
    assertEquals(Shape.of(8, 3), x.reshape(-1, 3).shape());
    assertEquals(Shape.of(24), x.reshape(-1).shape());
    assertMessage(ShapeException.class, "reshape: [4, 6] has 24 elements, [5, 5] has 25", () -> x.reshape(5, 5));
    assertMessage(ShapeException.class, "reshape: [4, 6] has 24 elements, [4, 5] has 20", () -> x.reshape(-1, 5));
    assertMessage(ShapeException.class, "reshape: [-1, -1] has more than one -1", () -> x.reshape(-1, -1));
    assertMessage(ShapeException.class, "slice: [3, 5) of [4, 6]", () -> x.slice(3, 5));
    assertMessage(ShapeException.class, "slice: [-1, 2) of [4, 6]", () -> x.slice(-1, 2));
    assertMessage(ShapeException.class, "slice: [3, 2) of [4, 6]", () -> x.slice(3, 2));
  }

  @Test
  void factoriesSayWhatDoesNotFit() {
    assertEquals(0, Tensor.zeros(2, 3).get(5));
    assertEquals(2.5f, Tensor.scalar(2.5f).item());
    assertMessage(ShapeException.class, "Tensor.of: shape [2, 3] has 6 elements, the array 5",
        () -> Tensor.of(new float[5], 2, 3));
    assertMessage(ShapeException.class, "Tensor.of: BF16 [2, 3] needs 12 bytes, the segment has 10",
        () -> Tensor.of(MemorySegment.ofArray(new byte[10]), DType.BF16, Shape.of(2, 3)));
    assertMessage(ShapeException.class, "item: [2] has 2 elements, not one", () -> Tensor.zeros(2).item());
    assertMessage(ShapeException.class, "copyFrom: target [2], source [3]", () -> Tensor.zeros(2).copyFrom(Tensor.zeros(3)));
    assertEquals("F32 [2] [0.0, 0.0]", Tensor.zeros(2).toString());
    assertEquals("F32 [3, 4]", Tensor.zeros(3, 4).toString());
  }

  private static Tensor stored(DType type, Number... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * type.bytes() + 3).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(3); // not aligned
    for (Number value : values) {
      switch (type) {
        case F64 -> bytes.putDouble(value.doubleValue());
        case F32 -> bytes.putFloat(value.floatValue());
        case F16 -> bytes.putShort(Float.floatToFloat16(value.floatValue()));
        case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(value.floatValue()) >>> 16));
        case I64 -> bytes.putLong(value.longValue());
        case I32 -> bytes.putInt(value.intValue());
        case I16 -> bytes.putShort(value.shortValue());
        case I8, U8, BOOL -> bytes.put(value.byteValue());
      }
    }
    return Tensor.of(MemorySegment.ofBuffer(bytes.flip()).asSlice(3), type, Shape.of(values.length));
  }

  @Test
  void storedNumbersOfEveryTypeAreWidened() {
    for (DType type : new DType[] {DType.F64, DType.F32, DType.F16, DType.BF16, DType.I64, DType.I32, DType.I16, DType.I8}) {
      Tensor x = stored(type, 1, -2, 3, 100);
      float[] expected = {1, -2, 3, 100};
      assertArrayEquals(expected, x.toFloatArray(), type.name());
      assertArrayEquals(expected, x.toF32().toFloatArray(), type.name());
      assertEquals(-2, x.get(1), type.name());
      assertEquals(4L * type.bytes(), x.bytes());
      assertTrue(x.isReadOnly());
      assertArrayEquals(new float[] {3, 100}, x.slice(2, 4).toFloatArray(), type.name());
      assertEquals(2L * type.bytes(), x.slice(2, 4).segment().byteSize());
    }
    assertArrayEquals(new float[] {200, 1}, stored(DType.U8, 200, 1).toFloatArray());
    assertArrayEquals(new float[] {0, 1}, stored(DType.BOOL, 0, 1).toFloatArray());
    assertArrayEquals(new long[] {1L << 40, -5}, stored(DType.I64, 1L << 40, -5).toLongArray());
    assertArrayEquals(new long[] {255}, stored(DType.U8, 255).toLongArray());
    float[] some = {1e-8f, 65504, -0f, 6.1e-5f};
    assertArrayEquals(new float[] {0, 65504, -0f, Float.float16ToFloat(Float.floatToFloat16(6.1e-5f))},
        stored(DType.F16, some[0], some[1], some[2], some[3]).toFloatArray());
  }

  @Test
  void aLongStoredTensorIsWidenedByBlocks() {
    Number[] values = new Number[200_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    Tensor wide = stored(DType.I32, values).toF32();
    assertEquals(0, wide.get(0));
    assertEquals(65_537, wide.get(65_537));
    assertEquals(199_999, wide.get(199_999));
    assertSame(wide, wide.toF32());
    assertNotSame(wide, wide.copy());
  }

  @Test
  void heapAndStoredTensorsAreNotMixedUp() {
    Tensor heap = Tensor.zeros(2);
    Tensor file = stored(DType.BF16, 1, 2);
    assertMessage(IllegalStateException.class, "tensor BF16 [2] [1.0, 2.0] is stored outside the heap; use toF32() to compute "
        + "with it", file::array);
    assertMessage(IllegalStateException.class, "tensor F32 [2] [0.0, 0.0] is in a Java array; use onHost()", heap::segment);
    assertMessage(IllegalStateException.class, "toLongArray: tensor BF16 [2] [1.0, 2.0] holds floating point numbers",
        file::toLongArray);
  }

  @Test
  void shapesCountTheirElementsAndRows() {
    Shape shape = Shape.of(2, 3, 4);
    assertEquals(24, shape.size());
    assertEquals(6, shape.rows());
    assertEquals(4, shape.columns());
    assertEquals(4, shape.dim(-1));
    assertEquals(2, shape.dim(-3));
    assertEquals(12, shape.product(1, 3));
    assertEquals(Shape.of(2, 9, 4), shape.with(1, 9));
    assertEquals(Shape.of(2, 3, 9), shape.with(-1, 9));
    assertEquals(shape.hashCode(), Shape.of(2, 3, 4).hashCode());
    assertEquals(1, Shape.of().size());
    assertEquals(1, Shape.of().rows());
    assertEquals("[2, 3, 4]", shape.toString());
    assertEquals(10_000_000_000L, Shape.of(100_000, 100_000).size());
    assertMessage(IllegalArgumentException.class,
        "Shape [100000, 100000]: 10000000000 elements are more than a Java array holds",
        () -> Shape.of(100_000, 100_000).length());
    assertMessage(IllegalArgumentException.class, "axis 3 of [2, 3, 4], which has 3 axes", () -> shape.dim(3));
    assertMessage(IllegalArgumentException.class, "Shape: sizes must not be negative, got [2, -1]", () -> Shape.of(2, -1));
    int huge = Integer.MAX_VALUE;
    assertMessage(IllegalArgumentException.class, "Shape: [" + huge + ", " + huge + ", " + huge
        + "] has more than 2^63 elements", () -> Shape.of(huge, huge, huge));
  }

  @Test
  void typesAreKnownByTheNamesOfFiles() {
    assertEquals(DType.BF16, DType.parse("bfloat16"));
    assertEquals(DType.BF16, DType.parse("BF16"));
    assertEquals(DType.F32, DType.parse("float32"));
    assertEquals("float16", DType.F16.torchName());
    assertEquals("int64", DType.I64.torchName());
    assertTrue(DType.F16.isFloat());
    assertFalse(DType.I8.isFloat());
    assertMessage(IllegalArgumentException.class, "unknown dtype 'fp8'; known: float32, bfloat16, float16, float64",
        () -> DType.parse("fp8"));
  }
}
