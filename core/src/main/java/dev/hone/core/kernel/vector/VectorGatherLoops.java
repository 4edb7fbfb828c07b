package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;
import static jdk.incubator.vector.FloatVector.broadcast;

import dev.hone.core.DType;
import dev.hone.core.kernel.cpu.GatherLoops;
import dev.hone.core.kernel.scalar.ScalarGatherLoops;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Reading stored numbers on vectors. */
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
}
