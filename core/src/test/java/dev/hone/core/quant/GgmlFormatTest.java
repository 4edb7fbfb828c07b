package dev.hone.core.quant;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.core.kernel.Kernels;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocks of ggml: bit for bit what gguf-py makes of them, and how near the encoder comes. */
class GgmlFormatTest {
  private static final Path REFERENCE =
      Path.of(System.getProperty("hone.shared", "../../shared"), "reference", "gguf", "quants", "quants.safetensors");

  private static Safetensors reference() throws IOException {
    assumeTrue(Files.isRegularFile(REFERENCE), REFERENCE + " is absent: there are no blocks of gguf-py to compare with");
    return Safetensors.open(REFERENCE);
  }

  private static byte[] bytes(Tensor tensor) {
    return tensor.segment().toArray(ValueLayout.JAVA_BYTE);
  }

  /** Bits but for the sign of 0. */
  private static void assertSame(float[] expected, float[] actual, String what) {
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      if (expected[i] != actual[i]) {
        assertEquals(expected[i], actual[i], 0, what + " " + i);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(GgmlFormat.class)
  void blocksAreDecodedBitForBit(GgmlFormat format) throws IOException {
    Safetensors reference = reference();
    for (String kind : new String[] {".", ".random_"}) {
      if (reference.contains(format + kind + "bytes")) {
        GgmlBlocks blocks = new GgmlBlocks(format, MemorySegment.ofArray(bytes(reference.tensor(format + kind + "bytes"))));
        float[] expected = reference.tensor(format + kind + "values").toFloatArray();
        float[] actual = new float[expected.length];
        blocks.read(0, actual.length, actual, 0);
        assertSame(expected, actual, format + kind);
        float[] part = new float[100];
        blocks.read(7, 90, part, 5); // within and across blocks
        for (int i = 0; i < 90; i++) {
          assertEquals(actual[7 + i], part[5 + i]);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = GgmlFormat.class, names = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"})
  void blocksOf32AreEncodedBitForBit(GgmlFormat format) throws IOException {
    Safetensors reference = reference();
    GgmlBlocks blocks = GgmlBlocks.quantize(format, reference.tensor(format + ".source").toFloatArray());
    assertArrayEquals(bytes(reference.tensor(format + ".bytes")), blocks.codes().toArray(ValueLayout.JAVA_BYTE));
  }

  /** Root of the mean square error as a share of the numbers' own, of normal numbers. */
  private static double error(GgmlFormat format, float[] values) {
    GgmlBlocks blocks = GgmlBlocks.quantize(format, values);
    float[] read = new float[values.length];
    blocks.read(0, read.length, read, 0);
    double squares = 0;
    double errors = 0;
    for (int i = 0; i < values.length; i++) {
      squares += (double) values[i] * values[i];
      errors += ((double) values[i] - read[i]) * ((double) values[i] - read[i]);
    }
    return Math.sqrt(errors / squares);
  }

  private static float[] normal(int size) {
    Random random = new Random(5);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian() * 0.02f * (1 + i / 64 % 5);
    }
    return values;
  }

  /** An even grid of 16 levels between the extremes of 32 normal numbers is off by 0.083, of 32 levels by 0.040. */
  @ParameterizedTest
  @CsvSource({"Q4_K, 0.075", "Q5_K, 0.038", "Q6_K, 0.018"})
  void blocksOf256FitBetterThanAnEvenGrid(GgmlFormat format, double most) {
    double error = error(format, normal(1 << 14));
    assertTrue(error < most && error > most / 2, format + ": " + error);
  }

  @ParameterizedTest
  @EnumSource(GgmlFormat.class)
  void numbersThatAreAllAlikeOrZeroStaySo(GgmlFormat format) {
    for (float value : new float[] {0, 0.5f, -0.25f}) {
      float[] values = new float[format.block()];
      Arrays.fill(values, value);
      float[] read = new float[values.length];
      GgmlBlocks.quantize(format, values).read(0, read.length, read, 0);
      for (float back : read) {
        assertEquals(value, back, Math.abs(value) * 0.01, format.name());
      }
    }
    float[] broken = new float[format.block()];
    broken[3] = Float.NaN;
    assertThrows(IllegalArgumentException.class, () -> GgmlBlocks.quantize(format, broken));
  }

  @ParameterizedTest
  @EnumSource(GgmlFormat.class)
  void productsAndRowsReadTheBlocks(GgmlFormat format) {
    int rows = 5;
    int columns = 512;
    float[] values = normal(rows * columns);
    Tensor codes = GgmlBlocks.quantize(format, values).tensor(Shape.of(rows, columns));
    Tensor wide = Tensor.of(codes.toFloatArray(), rows, columns);
    Tensor left = Tensor.of(normal(3 * columns), 3, columns);
    assertEquals(codes.toFloatArray().length * (long) format.bytes() / format.block(), codes.bytes());
    for (int count : new int[] {1, 3}) {
      Tensor x = Tensor.of(Arrays.copyOf(left.toFloatArray(), count * columns), count, columns);
      Tensor expected = x.emptyLike(count, rows);
      Tensor actual = x.emptyLike(count, rows);
      Kernels.of(x).matmul().matmul(x, false, wide, true, false, expected);
      Kernels.of(x).matmul().matmul(x, false, codes, true, false, actual);
      assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), format.name());
    }
    Tensor picked = left.emptyLike(2, columns);
    Kernels.of(left).gather().rows(codes, new int[] {4, 1}, 2, picked);
    for (int i = 0; i < columns; i++) {
      assertEquals(2 * wide.get(4 * columns + i), picked.get(i), 0);
      assertEquals(2 * wide.get(columns + i), picked.get(columns + i), 0);
    }
  }

  @Test
  void bytesThatAreNoBlocksAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new GgmlBlocks(GgmlFormat.Q4_K, MemorySegment.ofArray(new byte[143])));
    assertThrows(IllegalArgumentException.class, () -> GgmlBlocks.quantize(GgmlFormat.Q6_K, new float[128]));
  }
}
