package dev.hone.core.quant;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.core.parallel.Workers;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What quantised numbers stand for, how far that may be off, and tensors of them. */
class QuantizedTest {
  private static Tensor normal(int rows, int columns) {
    Random random = new Random(7);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() * (1 + i / columns % 3);
    }
    return Tensor.of(values, rows, columns);
  }

  private static Tensor quantized(Tensor source, DType type) {
    return Quantized.of(source, type).tensor(source.shape());
  }

  private static double largest(float[] values, int from, int to) {
    double largest = 0;
    for (int i = from; i < to; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
    }
    return largest;
  }

  @Test
  void knownNumbersHaveKnownCodes() {
    Tensor halves = Tensor.of(new float[] {2, -2, 0, 0.1f, 1.2f, -1.1f, 1}, 1, 7);
    Nf4 nf4 = Nf4.quantize(halves, false);
    assertArrayEquals(new byte[] {(byte) 0xF0, (byte) 0x78, (byte) 0xD2, (byte) 0xC7},
        nf4.codes().toArray(ValueLayout.JAVA_BYTE));
    float[] book = Nf4.codeBook();
    assertArrayEquals(new float[] {2 * book[15], 2 * book[0], 0, 2 * book[8], 2 * book[13], 2 * book[2], 2 * book[12]},
        quantizedValues(nf4, 7));
    Int8Rows rows = Int8Rows.quantize(Tensor.of(new float[] {127, 0.5f, 1.5f, -2.5f, 1, -1, 0, 0.5f}, 2, 4));
    assertArrayEquals(new byte[] {127, 0, 2, -2, 127, -127, 0, 64}, rows.codes().toArray(ValueLayout.JAVA_BYTE));
    Q8Blocks blocks = Q8Blocks.quantize(Tensor.of(new float[] {127, 0.5f, 1.5f, -2.5f}, 1, 4));
    assertArrayEquals(new byte[] {127, 1, 2, -3}, blocks.codes().toArray(ValueLayout.JAVA_BYTE)); // halves away from zero
  }

  private static float[] quantizedValues(Quantized quantized, int size) {
    return quantized.tensor(Shape.of(1, size)).toFloatArray();
  }

  @Test
  void errorsStayWithinTheStatedBounds() {
    Tensor source = normal(48, 320);
    float[] exact = source.toFloatArray();
    float[] once = Nf4.quantize(source, false).tensor(source.shape()).toFloatArray();
    float[] twice = quantized(source, DType.NF4).toFloatArray();
    float[] q8 = quantized(source, DType.Q8_0).toFloatArray();
    float[] rows = quantized(source, DType.INT8_ROWS).toFloatArray();
    Nf4 nested = Nf4.quantize(source, true);
    float offset = nested.nested().offset();
    float[] magnitudes = new float[exact.length / 64];
    for (int block = 0; block < magnitudes.length; block++) {
      magnitudes[block] = (float) largest(exact, block * 64, block * 64 + 64) - offset;
    }
    double spread = largest(magnitudes, 0, magnitudes.length);
    for (int i = 0; i < exact.length; i++) {
      double block = largest(exact, i / 64 * 64, i / 64 * 64 + 64);
      double error = Math.abs(exact[i] - once[i]);
      assertTrue(error <= 0.152 * block, "NF4 " + i + ": " + error + " of " + block);
      double nestedError = Math.abs(exact[i] - twice[i]);
      assertTrue(nestedError <= 0.152 * block + 0.0071 * spread, "NF4, double quantisation " + i + ": " + nestedError);
      double blockOf32 = largest(exact, i / 32 * 32, i / 32 * 32 + 32);
      assertTrue(Math.abs(exact[i] - q8[i]) <= 0.0044 * blockOf32, "Q8_0 " + i);
      double row = largest(exact, i / 320 * 320, i / 320 * 320 + 320);
      assertTrue(Math.abs(exact[i] - rows[i]) <= 0.0040 * row, "rows of int8 " + i);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NF4", "Q8_0", "INT8_ROWS"})
  void viewsAndPiecesHaveTheValuesOfTheWhole(DType type) {
    Tensor whole = quantized(normal(9, 45), type);
    float[] values = whole.toFloatArray();
    assertTrue(whole.isQuantized());
    assertTrue(whole.isReadOnly());
    Tensor rows = whole.slice(2, 5);
    assertEquals(values[2 * 45 + 7], rows.get(7));
    float[] some = new float[60];
    rows.read(30, 57, some, 1);
    for (int i = 0; i < 57; i++) {
      assertEquals(values[2 * 45 + 30 + i], some[1 + i]);
    }
    assertArrayEquals(values, whole.reshape(45, 9).toF32().toFloatArray());
    assertTrue(assertThrows(IllegalStateException.class, whole::segment).getMessage().contains("is quantised"));
    assertThrows(IllegalStateException.class, whole::toLongArray);
  }

  @ParameterizedTest
  @EnumSource(names = {"NF4", "Q8_0", "INT8_ROWS"})
  void bytesDoNotDependOnTheNumberOfThreads(DType type) {
    Tensor source = normal(300, 700);
    int before = Workers.threads();
    try {
      Workers.setThreads(1);
      byte[] one = Quantized.of(source, type).codes().toArray(ValueLayout.JAVA_BYTE);
      float[] values = quantized(source, type).toFloatArray();
      Workers.setThreads(3);
      assertArrayEquals(one, Quantized.of(source, type).codes().toArray(ValueLayout.JAVA_BYTE));
      assertArrayEquals(values, quantized(source, type).toFloatArray());
    } finally {
      Workers.setThreads(before);
    }
  }

  @Test
  void bitsPerNumberAreThoseOfTheFormats() {
    Tensor source = normal(64, 1024);
    double n = source.size();
    assertEquals(4.127, 8 * (quantized(source, DType.NF4).bytes() - 1024) / n, 0.001); // without the map, which all could share
    assertEquals(8.5, 8 * quantized(source, DType.Q8_0).bytes() / n);
    assertEquals(8 + 32.0 / 1024, 8 * quantized(source, DType.INT8_ROWS).bytes() / n);
  }

  @Test
  void whatCannotBeIsSaid() {
    assertTrue(assertThrows(IllegalArgumentException.class, () -> Quantized.of(Tensor.full(Float.NaN, 2, 3), DType.NF4))
        .getMessage().contains("the weights hold NaN"));
    assertTrue(assertThrows(IllegalArgumentException.class, () -> Quantized.of(Tensor.zeros(2, 3), DType.BF16))
        .getMessage().contains("BF16 is not a quantised type"));
    MemorySegment bytes = MemorySegment.ofArray(new byte[8]);
    assertTrue(assertThrows(IllegalArgumentException.class, () -> new Nf4(64, bytes, bytes, null)).getMessage()
        .contains("do not fit"));
    assertThrows(IllegalArgumentException.class, () -> new Int8Rows(4, bytes, bytes.asSlice(0, 4)));
  }

  @Test
  void filesGetWhatTheNumbersStandFor(@TempDir Path directory) throws IOException {
    Tensor weight = quantized(normal(5, 70), DType.NF4);
    Path file = directory.resolve("a.safetensors");
    new SafetensorsWriter().add("w", weight, DType.F32).write(file);
    assertArrayEquals(weight.toFloatArray(), Safetensors.open(file).tensor("w").toFloatArray());
    assertThrows(IllegalArgumentException.class, () -> new SafetensorsWriter().add("w", weight));
    String text = "{\"w\":{\"dtype\":\"NF4\",\"shape\":[2],\"data_offsets\":[0,1]}}";
    byte[] header = text.getBytes(StandardCharsets.UTF_8);
    byte[] all = ByteBuffer.allocate(9 + header.length).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length)
        .put(header).array();
    Files.write(file, all);
    assertTrue(assertThrows(IOException.class, () -> Safetensors.open(file)).getMessage()
        .matches(".*dtype .?NF4.? is not supported.*"));
  }
}
