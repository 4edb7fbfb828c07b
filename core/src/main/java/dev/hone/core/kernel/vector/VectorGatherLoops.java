package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;
import static jdk.incubator.vector.FloatVector.broadcast;

import dev.hone.core.DType;
import dev.hone.core.kernel.loops.GatherLoops;
import dev.hone.core.kernel.scalar.ScalarGatherLoops;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Reading stored numbers on vectors, and storing them in half the memory. */
public final class VectorGatherLoops extends GatherLoops {
  private static final VectorSpecies<Integer> I32 = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> I16 =
      VectorSpecies.of(short.class, VectorShape.forBitSize(I32.vectorBitSize() / 2));

  private final ScalarGatherLoops twin = new ScalarGatherLoops();

  @Override
  public void widen(MemorySegment source, DType type, long element, float scale, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    switch (type) {
      case F32 -> singles(source, element * 4, scale, y, yi, body);
      case BF16 -> brains(source, element * 2, scale, y, yi, body);
      case F16 -> halves(source, element * 2, scale, y, yi, body);
      default -> body = 0;
    }
    twin.widen(source, type, element + body, scale, y, yi + body, n - body);
  }

  private static void singles(MemorySegment source, long at, float scale, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector.fromMemorySegment(F32, source, at + 4L * i, ByteOrder.LITTLE_ENDIAN).mul(scale)
          .intoArray(y, yi + i);
    }
  }

  /** BF16 is the upper half of a float. */
  private static void brains(MemorySegment source, long at, float scale, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      bits(source, at + 2L * i).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().mul(scale).intoArray(y, yi + i);
    }
  }

  /**
   * F16: with exponent and fraction shifted into place a number is 2^-112 of its value, subnormal or not, as long as it is
   * finite; infinity and NaN get the exponent of theirs.
   */
  private static void halves(MemorySegment source, long at, float scale, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      IntVector half = bits(source, at + 2L * i);
      IntVector sign = half.and(0x8000).lanewise(VectorOperators.LSHL, 16);
      IntVector rest = half.and(0x7FFF).lanewise(VectorOperators.LSHL, 13);
      FloatVector finite = rest.reinterpretAsFloats().mul(0x1p112f);
      IntVector special = rest.or(0x7F800000);
      IntVector magnitude = finite.reinterpretAsInts().blend(special, rest.compare(VectorOperators.GE, 0x7C00 << 13));
      magnitude.or(sign).reinterpretAsFloats().mul(broadcast(F32, scale)).intoArray(y, yi + i);
    }
  }

  private static IntVector bits(MemorySegment source, long at) {
    return (IntVector) ShortVector.fromMemorySegment(I16, source, at, ByteOrder.LITTLE_ENDIAN)
        .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0);
  }

  @Override
  public float dot(MemorySegment source, DType type, long element, float[] x, int xi, int n) {
    int body = DotKernels.pairs(n);
    float sum = switch (type) {
      case F32 -> dotSingles(source, element * 4, x, xi, body);
      case BF16 -> dotBrains(source, element * 2, x, xi, body);
      case F16 -> dotHalves(source, element * 2, x, xi, body);
      default -> throw new IllegalArgumentException("dot: " + type + " is not a type that products read");
    };
    return ScalarGatherLoops.dot(sum, source, type, element + body, x, xi + body, n - body);
  }

  @Override
  public void twoDots(MemorySegment source, DType type, long first, long second, float[] x, int xi, int n, float[] sums, int si,
      int sj) {
    if (type != DType.BF16) {
      super.twoDots(source, type, first, second, x, xi, n, sums, si, sj);
      return;
    }
    int body = DotKernels.pairs(n);
    StoredRows.twoBrains(source, first * 2, second * 2, x, xi, body, sums, si, sj);
    sums[si] = ScalarGatherLoops.dot(sums[si], source, type, first + body, x, xi + body, n - body);
    sums[sj] = ScalarGatherLoops.dot(sums[sj], source, type, second + body, x, xi + body, n - body);
  }

  private static float dotSingles(MemorySegment source, long at, float[] x, int xi, int n) {
    FloatVector even = FloatVector.zero(F32);
    FloatVector odd = FloatVector.zero(F32);
    for (int i = 0; i < n; i += 2 * LANES) {
      FloatVector left = FloatVector.fromMemorySegment(F32, source, at + 4L * i, ByteOrder.LITTLE_ENDIAN);
      FloatVector right = FloatVector.fromMemorySegment(F32, source, at + 4L * (i + LANES), ByteOrder.LITTLE_ENDIAN);
      even = left.fma(FloatVector.fromArray(F32, x, xi + i), even);
      odd = right.fma(FloatVector.fromArray(F32, x, xi + i + LANES), odd);
    }
    return DotKernels.sum(even.add(odd));
  }

  private static float dotBrains(MemorySegment source, long at, float[] x, int xi, int n) {
    FloatVector even = FloatVector.zero(F32);
    FloatVector odd = FloatVector.zero(F32);
    for (int i = 0; i < n; i += 2 * LANES) {
      IntVector left = (IntVector) ShortVector.fromMemorySegment(I16, source, at + 2L * i, ByteOrder.LITTLE_ENDIAN)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0);
      IntVector right = (IntVector) ShortVector.fromMemorySegment(I16, source, at + 2L * (i + LANES), ByteOrder.LITTLE_ENDIAN)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0);
      even = left.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(FloatVector.fromArray(F32, x, xi + i), even);
      odd = right.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(FloatVector.fromArray(F32, x, xi + i + LANES),
          odd);
    }
    return DotKernels.sum(even.add(odd));
  }

  /**
   * As {@link #halves}; the sign is extended over the upper half, of which the shift leaves the top bit and the mask no other.
   */
  private static float dotHalves(MemorySegment source, long at, float[] x, int xi, int n) {
    FloatVector even = FloatVector.zero(F32);
    FloatVector odd = FloatVector.zero(F32);
    FloatVector factor = broadcast(F32, 0x1p112f);
    IntVector special = IntVector.broadcast(I32, 0x7C00 << 13);
    for (int i = 0; i < n; i += 2 * LANES) {
      IntVector left = ((IntVector) ShortVector.fromMemorySegment(I16, source, at + 2L * i, ByteOrder.LITTLE_ENDIAN)
          .convertShape(VectorOperators.S2I, I32, 0)).lanewise(VectorOperators.LSHL, 13).and(0x8FFFE000);
      IntVector right = ((IntVector) ShortVector.fromMemorySegment(I16, source, at + 2L * (i + LANES), ByteOrder.LITTLE_ENDIAN)
          .convertShape(VectorOperators.S2I, I32, 0)).lanewise(VectorOperators.LSHL, 13).and(0x8FFFE000);
      FloatVector evens = left.reinterpretAsFloats().mul(factor)
          .blend(left.or(0x7F800000).reinterpretAsFloats(), left.and(special).eq(special).cast(F32));
      FloatVector odds = right.reinterpretAsFloats().mul(factor)
          .blend(right.or(0x7F800000).reinterpretAsFloats(), right.and(special).eq(special).cast(F32));
      even = evens.fma(FloatVector.fromArray(F32, x, xi + i), even);
      odd = odds.fma(FloatVector.fromArray(F32, x, xi + i + LANES), odd);
    }
    return DotKernels.sum(even.add(odd));
  }

  @Override
  public void addRows(float[] weights, int wi, int stride, MemorySegment source, DType type, long element, int ldr, int n,
      float[] y, int yi) {
    int body = VectorMath.whole(n);
    switch (type) {
      case F32 -> StoredRows.addSingles(weights, wi, stride, source, element * 4, ldr * 4L, body, y, yi);
      case BF16 -> StoredRows.addBrains(weights, wi, stride, source, element * 2, ldr * 2L, body, y, yi);
      default -> body = 0;
    }
    for (int t = 0; t < SUM_ROWS && body < n; t++) {
      addRowTail(weights[wi + t * stride], source, type, element + (long) t * ldr + body, n - body, y, yi + body);
    }
  }

  private static void addRowTail(float weight, MemorySegment source, DType type, long element, int n, float[] y, int yi) {
    for (int j = 0; j < n; j++) {
      y[yi + j] = Math.fma(weight, ScalarGatherLoops.value(source, type, element + j), y[yi + j]);
    }
  }

  @Override
  public void narrow(float[] low, int li, float[] high, int hi, float[] words, int wi, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      IntVector l = FloatVector.fromArray(F32, low, li + i).reinterpretAsInts();
      IntVector h = FloatVector.fromArray(F32, high, hi + i).reinterpretAsInts();
      IntVector lower = l.add(l.lanewise(VectorOperators.LSHR, 16).and(1)).add(0x7FFF)
          .blend(l.or(0x400000), l.and(0x7FFFFFFF).compare(VectorOperators.GT, 0x7F800000));
      IntVector upper = h.add(h.lanewise(VectorOperators.LSHR, 16).and(1)).add(0x7FFF)
          .blend(h.or(0x400000), h.and(0x7FFFFFFF).compare(VectorOperators.GT, 0x7F800000));
      lower.lanewise(VectorOperators.LSHR, 16).or(upper.and(0xFFFF0000)).reinterpretAsFloats().intoArray(words, wi + i);
    }
    twin.narrow(low, li + body, high, hi + body, words, wi + body, n - body);
  }

  @Override
  public void widen(float[] words, int wi, float[] low, int li, float[] high, int hi, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      IntVector word = FloatVector.fromArray(F32, words, wi + i).reinterpretAsInts();
      word.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(low, li + i);
      word.and(0xFFFF0000).reinterpretAsFloats().intoArray(high, hi + i);
    }
    twin.widen(words, wi + body, low, li + body, high, hi + body, n - body);
  }
}
