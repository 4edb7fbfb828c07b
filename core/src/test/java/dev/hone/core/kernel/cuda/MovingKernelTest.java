package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.quant.Nf4;
import dev.hone.core.quant.Quantized;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernels that move rows and axes, and that widen what is stored in fewer bits. */
class MovingKernelTest extends KernelTest {
  private static final String FAMILY = "gather";

  @Test
  void widensHalvesToTheirVeryNumbers() {
    short[] halves = new short[1 << 16];
    float[] expected = new float[1 << 16];
    for (int i = 0; i < halves.length; i++) {
      halves[i] = (short) i;
      expected[i] = Float.float16ToFloat((short) i);
    }
    KernelRunner.Memory out = gpu.room(halves.length);
    gpu.each(FAMILY, "hone_widen", halves.length, gpu.put(halves), DType.F16, out, (long) halves.length);
    float[] actual = out.floats();
    for (int i = 0; i < halves.length; i++) {
      if (Float.isNaN(expected[i]) && Float.isNaN(actual[i])) {
        actual[i] = expected[i];
      }
    }
    assertArrayEquals(expected, actual);
    for (int i = 0; i < halves.length; i++) {
      expected[i] = Float.intBitsToFloat(i << 16);
    }
    KernelRunner.Memory most = gpu.put(new float[halves.length]);
    gpu.each(FAMILY, "hone_widen", halves.length, gpu.put(halves), DType.BF16, most, halves.length - 1L);
    expected[halves.length - 1] = 0; // the last is left
    assertArrayEquals(expected, most.floats());
    KernelRunner.Memory doubles = gpu.room(3);
    gpu.each(FAMILY, "hone_widen", 3, gpu.put(new double[] {1.1, -2e-3, 1e300}), DType.F64, doubles, 3L);
    assertArrayEquals(new float[] {1.1f, -2e-3f, Float.POSITIVE_INFINITY}, doubles.floats());
  }

  @Test
  void narrowsToTheNearestBf16() {
    float[] x = normal(20, 300);
    x[0] = Float.NaN;
    x[1] = Float.POSITIVE_INFINITY;
    x[2] = Float.intBitsToFloat(0x3f808000); // half way: to even
    x[3] = Float.intBitsToFloat(0x3f818000);
    KernelRunner.Memory out = gpu.put(new short[300]);
    gpu.each(FAMILY, "hone_narrow", 300, gpu.put(x), DType.F32, out, 299L);
    byte[] bytes = out.bytes();
    short[] actual = new short[300];
    MemorySegment.ofArray(actual).copyFrom(MemorySegment.ofArray(bytes));
    for (int i = 0; i < 299; i++) {
      int bits = Float.floatToRawIntBits(x[i]);
      short expected = Float.isNaN(x[i]) ? (short) (bits >>> 16 | 0x40) : (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
      assertEquals(expected, actual[i], "element " + i);
    }
    assertEquals(0, actual[299]); // the last is left
  }

  @Test
  void rowsOfATable() {
    int c = 37;
    float[] table = normal(1, 9 * c);
    int[] rows = {3, -1, 8, 0, 3, 7, 8};
    Tensor expected = Tensor.empty(rows.length, c);
    CPU.gather().rows(tensor(table, 9, c), rows, 0.5f, expected);
    KernelRunner.Memory out = gpu.room(rows.length * c);
    gpu.each(FAMILY, "hone_rows", rows.length * c, gpu.put(table), DType.F32, gpu.put(rows), 0.5f, out, c,
        (long) rows.length * c);
    assertArrayEquals(floats(expected), out.floats());
  }

  @Test
  void rowsAddedInTheirOrder() {
    int c = 150;
    float[] dy = normal(2, 6 * c);
    float[] table = normal(3, 5 * c);
    int[] rows = {4, 1, 4, -1, 4, 1};
    Tensor expected = tensor(table, 5, c);
    CPU.gather().addRows(tensor(dy, 6, c), rows, 0.5f, expected);
    for (KernelRunner.Memory factor : new KernelRunner.Memory[] {null, gpu.put(new float[] {2})}) {
      KernelRunner.Memory out = gpu.put(table);
      gpu.launch(FAMILY, "hone_add_rows", new int[] {2, 2}, 128, 0, gpu.put(dy), gpu.put(new int[] {1, 4}),
          gpu.put(new int[] {0, 2, 5}), gpu.put(new int[] {1, 5, 0, 2, 4}), factor == null ? 0.5f : 0.25f, factor, out, c);
      near("addRows", expected, out.floats(), 1e-7);
    }
  }

  @Test
  void axesInAnotherOrder() {
    float[] x = normal(4, 5 * 7 * 11);
    Tensor expected = Tensor.empty(11, 5, 7);
    CPU.gather().permute(tensor(x, 5, 7, 11), new int[] {2, 0, 1}, expected);
    KernelRunner.Memory out = gpu.room(385);
    gpu.each(FAMILY, "hone_permute", 385, gpu.put(x), out, 385L, 3, gpu.put(new int[] {11, 5, 7, 1, 77, 11}));
    assertArrayEquals(floats(expected), out.floats());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void blocksOfTheMiddleAxis(boolean accumulate) {
    int outer = 4;
    int inner = 13;
    float[] source = normal(5, outer * 9 * inner);
    float[] target = normal(6, outer * 7 * inner);
    Tensor expected = tensor(target, outer, 7, inner);
    CPU.gather().copyBlock(tensor(source, outer, 9, inner), 2, expected, 1, 6, outer, inner, accumulate);
    KernelRunner.Memory out = gpu.put(target);
    gpu.each(FAMILY, "hone_copy_block", outer * 6 * inner, gpu.put(source).at(2 * inner), 9L * inner, out.at(inner), 7L * inner,
        6L * inner, accumulate, (long) outer * 6 * inner);
    assertArrayEquals(floats(expected), out.floats());
  }

  @Test
  void rowsStoredInPages() {
    float[] source = normal(7, 3 * 20);
    float[] target = normal(8, 9 * 14);
    Tensor expected = tensor(target, 9, 14);
    CPU.attention().store(new Columns(tensor(source, 3, 20), 5, 14), new int[] {8, 0, 4}, expected);
    KernelRunner.Memory out = gpu.put(target);
    gpu.each(FAMILY, "hone_store_rows", 42, gpu.put(source).at(5), 20, gpu.put(new int[] {8, 0, 4}), out, 14, 42L);
    assertArrayEquals(floats(expected), out.floats());
  }

  @ParameterizedTest
  @EnumSource(names = {"NF4", "Q8_0", "INT8_ROWS"})
  void quantisedNumbersHaveTheBitsOfTheCpu(DType type) {
    int rows = 300;
    int columns = 67;
    int n = rows * columns;
    Quantized quantized = Quantized.of(tensor(normal(9, n), rows, columns), type);
    int first = 130;
    int count = n - first - 1;
    float[] expected = new float[count];
    quantized.read(first, count, expected, 0);
    List<MemorySegment> parts = quantized.parts();
    KernelRunner.Memory codes = gpu.put(parts.get(0).toArray(ValueLayout.JAVA_BYTE));
    KernelRunner.Memory out = gpu.put(new float[count + 1]);
    switch (type) {
      case Q8_0 -> gpu.each("quant", "hone_widen_q8", count, codes, gpu.put(parts.get(1).toArray(ValueLayout.JAVA_SHORT)),
          (long) first, out, (long) count);
      case INT8_ROWS -> gpu.each("quant", "hone_widen_int8_rows", count, codes,
          gpu.put(parts.get(1).toArray(ValueLayout.JAVA_FLOAT)), columns, (long) first, out, (long) count);
      default -> {
        Nf4.Nested nested = ((Nf4) quantized).nested();
        gpu.each("quant", "hone_widen_nf4", count, codes, gpu.put(parts.get(1).toArray(ValueLayout.JAVA_BYTE)),
            gpu.put(parts.get(2).toArray(ValueLayout.JAVA_FLOAT)), gpu.put(nested.map()), nested.offset(), (long) first, out,
            (long) count);
      }
    }
    assertArrayEquals(java.util.Arrays.copyOf(expected, count + 1), out.floats());
  }

  @Test
  void fourBitsWithoutDoubleQuantisation() {
    int n = 64 * 5 + 9;
    Nf4 quantized = Nf4.quantize(Tensor.of(normal(10, n), 1, n), false);
    float[] expected = new float[n];
    quantized.read(0, n, expected, 0);
    KernelRunner.Memory out = gpu.room(n);
    gpu.each("quant", "hone_widen_nf4", n, gpu.put(quantized.codes().toArray(ValueLayout.JAVA_BYTE)),
        gpu.put(quantized.absmax().toArray(ValueLayout.JAVA_FLOAT)), null, null, 0f, 0L, out, (long) n);
    assertArrayEquals(expected, out.floats());
  }
}
