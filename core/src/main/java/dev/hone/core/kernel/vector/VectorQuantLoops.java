package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;

import dev.hone.core.kernel.loops.QuantLoops;
import dev.hone.core.kernel.scalar.ScalarQuantLoops;
import dev.hone.core.quant.Nf4;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Reading quantised numbers on vectors of 8 or 16 lanes; shorter ones leave it to the scalar twin.
 *
 * <p>Implementation note. Eight codes of four bits are one int, broadcast, shifted by another number of bits in each lane; the
 * number of a code picks its value out of a vector of 16, or of two vectors of 8. Vectors never cross blocks: what comes
 * before the first multiple of their length, and what is left behind the last one, goes element by element.
 */
public final class VectorQuantLoops extends QuantLoops {
  private static final VectorSpecies<Integer> I32 = IntVector.SPECIES_PREFERRED;
  private static final boolean USABLE = LANES == 8 || LANES == 16;
  private static final VectorSpecies<Byte> I8 =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, Math.min(128, LANES * 8))));
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Bits before the code of each lane in its int: the first code of a byte is in the high half. */
  private static final IntVector BEFORE = IntVector.fromArray(I32, perLane(lane -> (lane % 8 ^ 1) * 4), 0);
  private static final VectorMask<Integer> SECOND = VectorMask.fromLong(I32, 0xFF00);
  private static final float[] BOOK = Nf4.codeBook();
  /** The values of codes 0 to 7 or 15. */
  private static final FloatVector LOW = FloatVector.fromArray(F32, perLaneValue(0), 0);
  /** The values of codes 8 to 15 where a vector has 8 lanes. */
  private static final FloatVector HIGH = FloatVector.fromArray(F32, perLaneValue(8), 0);

  private final ScalarQuantLoops twin = new ScalarQuantLoops();

  /** A number for each lane. */
  private interface OfLane {
    int at(int lane);
  }

  private static int[] perLane(OfLane number) {
    int[] numbers = new int[LANES];
    Arrays.setAll(numbers, number::at);
    return numbers;
  }

  private static float[] perLaneValue(int first) {
    float[] values = new float[LANES];
    for (int i = 0; i < LANES; i++) {
      values[i] = BOOK[(first + i) % 16];
    }
    return values;
  }

  @Override
  public int lanes() {
    return USABLE ? LANES : 0;
  }

  /** Elements before the first that a vector may start at, and the number of those that vectors take. */
  private static int head(int phase, int n) {
    return USABLE ? Math.min(n, -phase & LANES - 1) : n;
  }

  @Override
  public void bytes(MemorySegment codes, long element, float[] scales, int phase, int shift, float[] y, int yi, int n) {
    int head = head(phase, n);
    int body = (n - head) / LANES * LANES;
    int end = head + body;
    twin.bytes(codes, element, scales, phase, shift, y, yi, head);
    wholeBytes(codes, element + head, scales, phase + head, shift, y, yi + head, body);
    twin.bytes(codes, element + end, scales, phase + end, shift, y, yi + end, n - end);
  }

  private static void wholeBytes(MemorySegment codes, long at, float[] scales, int phase, int shift, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector values = (FloatVector) ByteVector.fromMemorySegment(I8, codes, at + i, ByteOrder.LITTLE_ENDIAN)
          .convertShape(VectorOperators.B2F, F32, 0);
      values.mul(scales[phase + i >>> shift]).intoArray(y, yi + i);
    }
  }

  @Override
  public void halves(MemorySegment codes, long element, float[] scales, int phase, int shift, float[] y, int yi, int n) {
    int head = head(phase, n);
    int body = (n - head) / LANES * LANES;
    int end = head + body;
    twin.halves(codes, element, scales, phase, shift, y, yi, head);
    if (LANES == 16) {
      wholeHalves16(codes, element + head >> 1, scales, phase + head, shift, y, yi + head, body);
    } else {
      wholeHalves8(codes, element + head >> 1, scales, phase + head, shift, y, yi + head, body);
    }
    twin.halves(codes, element + end, scales, phase + end, shift, y, yi + end, n - end);
  }

  private static void wholeHalves16(MemorySegment codes, long at, float[] scales, int phase, int shift, float[] y, int yi,
      int n) {
    for (int i = 0; i < n; i += 16) {
      IntVector number = IntVector.broadcast(I32, codes.get(INT, at + (i >> 1)))
          .blend(codes.get(INT, at + (i >> 1) + 4), SECOND).lanewise(VectorOperators.LSHR, BEFORE).and(15);
      LOW.rearrange(number.toShuffle().cast(F32)).mul(scales[phase + i >>> shift]).intoArray(y, yi + i);
    }
  }

  private static void wholeHalves8(MemorySegment codes, long at, float[] scales, int phase, int shift, float[] y, int yi,
      int n) {
    for (int i = 0; i < n; i += 8) {
      IntVector number = IntVector.broadcast(I32, codes.get(INT, at + (i >> 1))).lanewise(VectorOperators.LSHR, BEFORE);
      var within = number.and(7).toShuffle().cast(F32);
      FloatVector values = LOW.rearrange(within).blend(HIGH.rearrange(within),
          number.and(8).compare(VectorOperators.NE, 0).cast(F32));
      values.mul(scales[phase + i >>> shift]).intoArray(y, yi + i);
    }
  }

  @Override
  public float dotBytes(MemorySegment codes, long element, float[] scales, int phase, int shift, float[] x, int xi, int n) {
    int body = DotKernels.pairs(n);
    float sum = wholeDotBytes(codes, element, scales, phase, shift, x, xi, body);
    return ScalarQuantLoops.dot(sum, codes, false, element + body, scales, phase + body, shift, x, xi + body, n - body);
  }

  private static float wholeDotBytes(MemorySegment codes, long at, float[] scales, int phase, int shift, float[] x, int xi,
      int n) {
    FloatVector even = FloatVector.zero(F32);
    FloatVector odd = FloatVector.zero(F32);
    for (int i = 0; i < n; i += 2 * LANES) {
      FloatVector left = (FloatVector) ByteVector.fromMemorySegment(I8, codes, at + i, ByteOrder.LITTLE_ENDIAN)
          .convertShape(VectorOperators.B2F, F32, 0);
      FloatVector right = (FloatVector) ByteVector.fromMemorySegment(I8, codes, at + i + LANES, ByteOrder.LITTLE_ENDIAN)
          .convertShape(VectorOperators.B2F, F32, 0);
      even = left.mul(scales[phase + i >>> shift]).fma(FloatVector.fromArray(F32, x, xi + i), even);
      odd = right.mul(scales[phase + i + LANES >>> shift]).fma(FloatVector.fromArray(F32, x, xi + i + LANES), odd);
    }
    return DotKernels.sum(even.add(odd));
  }

  @Override
  public float dotHalves(MemorySegment codes, long element, float[] scales, int phase, int shift, float[] x, int xi, int n) {
    int body = DotKernels.pairs(n);
    float sum = LANES == 16 ? wholeDotHalves16(codes, element >> 1, scales, phase, shift, x, xi, body)
        : wholeDotHalves8(codes, element >> 1, scales, phase, shift, x, xi, body);
    return ScalarQuantLoops.dot(sum, codes, true, element + body, scales, phase + body, shift, x, xi + body, n - body);
  }

  private static float wholeDotHalves16(MemorySegment codes, long at, float[] scales, int phase, int shift, float[] x, int xi,
      int n) {
    FloatVector even = FloatVector.zero(F32);
    FloatVector odd = FloatVector.zero(F32);
    for (int i = 0; i < n; i += 32) {
      long byteAt = at + (i >> 1);
      IntVector left = IntVector.broadcast(I32, codes.get(INT, byteAt)).blend(codes.get(INT, byteAt + 4), SECOND)
          .lanewise(VectorOperators.LSHR, BEFORE).and(15);
      IntVector right = IntVector.broadcast(I32, codes.get(INT, byteAt + 8)).blend(codes.get(INT, byteAt + 12), SECOND)
          .lanewise(VectorOperators.LSHR, BEFORE).and(15);
      even = LOW.rearrange(left.toShuffle().cast(F32)).mul(scales[phase + i >>> shift])
          .fma(FloatVector.fromArray(F32, x, xi + i), even);
      odd = LOW.rearrange(right.toShuffle().cast(F32)).mul(scales[phase + i + 16 >>> shift])
          .fma(FloatVector.fromArray(F32, x, xi + i + 16), odd);
    }
    return DotKernels.sum(even.add(odd));
  }

  private static float wholeDotHalves8(MemorySegment codes, long at, float[] scales, int phase, int shift, float[] x, int xi,
      int n) {
    FloatVector even = FloatVector.zero(F32);
    FloatVector odd = FloatVector.zero(F32);
    for (int i = 0; i < n; i += 16) {
      long byteAt = at + (i >> 1);
      IntVector left = IntVector.broadcast(I32, codes.get(INT, byteAt)).lanewise(VectorOperators.LSHR, BEFORE);
      IntVector right = IntVector.broadcast(I32, codes.get(INT, byteAt + 4)).lanewise(VectorOperators.LSHR, BEFORE);
      var leftWithin = left.and(7).toShuffle().cast(F32);
      var rightWithin = right.and(7).toShuffle().cast(F32);
      FloatVector lefts = LOW.rearrange(leftWithin).blend(HIGH.rearrange(leftWithin),
          left.and(8).compare(VectorOperators.NE, 0).cast(F32));
      FloatVector rights = LOW.rearrange(rightWithin).blend(HIGH.rearrange(rightWithin),
          right.and(8).compare(VectorOperators.NE, 0).cast(F32));
      even = lefts.mul(scales[phase + i >>> shift]).fma(FloatVector.fromArray(F32, x, xi + i), even);
      odd = rights.mul(scales[phase + i + 8 >>> shift]).fma(FloatVector.fromArray(F32, x, xi + i + 8), odd);
    }
    return DotKernels.sum(even.add(odd));
  }
}
