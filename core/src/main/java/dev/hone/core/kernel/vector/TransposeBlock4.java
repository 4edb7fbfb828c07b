package dev.hone.core.kernel.vector;

import jdk.incubator.vector.FloatVector;

/** Four by four. */
final class TransposeBlock4 extends TransposeBlock {
  @Override
  void block(float[] source, int si, int stride, float scale, float[] target, int ti, int width, float[] room) {
    FloatVector a0 = FloatVector.fromArray(SPECIES, source, si).mul(scale);
    FloatVector a1 = FloatVector.fromArray(SPECIES, source, si + stride).mul(scale);
    FloatVector a2 = FloatVector.fromArray(SPECIES, source, si + 2 * stride).mul(scale);
    FloatVector a3 = FloatVector.fromArray(SPECIES, source, si + 3 * stride).mul(scale);
    FloatVector b0 = a0.blend(a2.rearrange(RIGHT_2), UPPER_2);
    FloatVector b2 = a0.rearrange(LEFT_2).blend(a2, UPPER_2);
    FloatVector b1 = a1.blend(a3.rearrange(RIGHT_2), UPPER_2);
    FloatVector b3 = a1.rearrange(LEFT_2).blend(a3, UPPER_2);
    a0 = b0.blend(b1.rearrange(RIGHT_1), UPPER_1);
    a1 = b0.rearrange(LEFT_1).blend(b1, UPPER_1);
    a2 = b2.blend(b3.rearrange(RIGHT_1), UPPER_1);
    a3 = b2.rearrange(LEFT_1).blend(b3, UPPER_1);
    a0.intoArray(target, ti);
    a1.intoArray(target, ti + width);
    a2.intoArray(target, ti + 2 * width);
    a3.intoArray(target, ti + 3 * width);
  }
}
