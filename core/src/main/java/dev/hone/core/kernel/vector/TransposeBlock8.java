package dev.hone.core.kernel.vector;

import jdk.incubator.vector.FloatVector;

/** Eight by eight. */
final class TransposeBlock8 extends TransposeBlock {
  @Override
  void block(float[] source, int si, int stride, float scale, float[] target, int ti, int width, float[] room) {
    FloatVector a0 = FloatVector.fromArray(SPECIES, source, si).mul(scale);
    FloatVector a1 = FloatVector.fromArray(SPECIES, source, si + stride).mul(scale);
    FloatVector a2 = FloatVector.fromArray(SPECIES, source, si + 2 * stride).mul(scale);
    FloatVector a3 = FloatVector.fromArray(SPECIES, source, si + 3 * stride).mul(scale);
    FloatVector a4 = FloatVector.fromArray(SPECIES, source, si + 4 * stride).mul(scale);
    FloatVector a5 = FloatVector.fromArray(SPECIES, source, si + 5 * stride).mul(scale);
    FloatVector a6 = FloatVector.fromArray(SPECIES, source, si + 6 * stride).mul(scale);
    FloatVector a7 = FloatVector.fromArray(SPECIES, source, si + 7 * stride).mul(scale);
    FloatVector b0 = a0.blend(a4.rearrange(RIGHT_4), UPPER_4);
    FloatVector b4 = a0.rearrange(LEFT_4).blend(a4, UPPER_4);
    FloatVector b1 = a1.blend(a5.rearrange(RIGHT_4), UPPER_4);
    FloatVector b5 = a1.rearrange(LEFT_4).blend(a5, UPPER_4);
    FloatVector b2 = a2.blend(a6.rearrange(RIGHT_4), UPPER_4);
    FloatVector b6 = a2.rearrange(LEFT_4).blend(a6, UPPER_4);
    FloatVector b3 = a3.blend(a7.rearrange(RIGHT_4), UPPER_4);
    FloatVector b7 = a3.rearrange(LEFT_4).blend(a7, UPPER_4);
    a0 = b0.blend(b2.rearrange(RIGHT_2), UPPER_2);
    a2 = b0.rearrange(LEFT_2).blend(b2, UPPER_2);
    a1 = b1.blend(b3.rearrange(RIGHT_2), UPPER_2);
    a3 = b1.rearrange(LEFT_2).blend(b3, UPPER_2);
    a4 = b4.blend(b6.rearrange(RIGHT_2), UPPER_2);
    a6 = b4.rearrange(LEFT_2).blend(b6, UPPER_2);
    a5 = b5.blend(b7.rearrange(RIGHT_2), UPPER_2);
    a7 = b5.rearrange(LEFT_2).blend(b7, UPPER_2);
    b0 = a0.blend(a1.rearrange(RIGHT_1), UPPER_1);
    b1 = a0.rearrange(LEFT_1).blend(a1, UPPER_1);
    b2 = a2.blend(a3.rearrange(RIGHT_1), UPPER_1);
    b3 = a2.rearrange(LEFT_1).blend(a3, UPPER_1);
    b4 = a4.blend(a5.rearrange(RIGHT_1), UPPER_1);
    b5 = a4.rearrange(LEFT_1).blend(a5, UPPER_1);
    b6 = a6.blend(a7.rearrange(RIGHT_1), UPPER_1);
    b7 = a6.rearrange(LEFT_1).blend(a7, UPPER_1);
    b0.intoArray(target, ti);
    b1.intoArray(target, ti + width);
    b2.intoArray(target, ti + 2 * width);
    b3.intoArray(target, ti + 3 * width);
    b4.intoArray(target, ti + 4 * width);
    b5.intoArray(target, ti + 5 * width);
    b6.intoArray(target, ti + 6 * width);
    b7.intoArray(target, ti + 7 * width);
  }
}
