package dev.hone.core.kernel.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/** Packs strips of matrices into panels; see {@link dev.hone.core.kernel.loops.MatMulLoops}. */
final class Packing {
  private static final TransposeBlock TRANSPOSE = TransposeBlock.INSTANCE;
  private static final int LANES = TransposeBlock.LANES;

  private Packing() {}

  static void neighbours(float[] source, int si, int stride, int depth, int width, int valid, float[] panel, int pi) {
    int last = depth - 1;
    if (valid == width && width == 2 * LANES) {
      copyTwoVectors(source, si, stride, depth, panel, pi);
    } else if (valid == width && width <= LANES && si + last * stride + LANES <= source.length) {
      // A vector is wider than the strip: what it writes too much, the next one overwrites.
      copyOneVector(source, si, stride, last, width, panel, pi);
      copyRows(source, si + last * stride, stride, 1, width, valid, panel, pi + last * width);
    } else {
      copyRows(source, si, stride, depth, width, valid, panel, pi);
    }
  }

  private static void copyTwoVectors(float[] source, int si, int stride, int depth, float[] panel, int pi) {
    for (int k = 0; k < depth; k++) {
      FloatVector left = FloatVector.fromArray(TransposeBlock.SPECIES, source, si + k * stride);
      FloatVector right = FloatVector.fromArray(TransposeBlock.SPECIES, source, si + k * stride + LANES);
      left.intoArray(panel, pi + k * 2 * LANES);
      right.intoArray(panel, pi + k * 2 * LANES + LANES);
    }
  }

  private static void copyOneVector(float[] source, int si, int stride, int depth, int width, float[] panel, int pi) {
    for (int k = 0; k < depth; k++) {
      FloatVector.fromArray(TransposeBlock.SPECIES, source, si + k * stride).intoArray(panel, pi + k * width);
    }
  }

  private static void copyRows(float[] source, int si, int stride, int depth, int width, int valid, float[] panel, int pi) {
    for (int k = 0; k < depth; k++) {
      int at = pi + k * width;
      System.arraycopy(source, si + k * stride, panel, at, valid);
      Arrays.fill(panel, at + valid, at + width, 0);
    }
  }

  static void across(float[] source, int si, int stride, int depth, int width, int valid, float[] panel, int pi) {
    // Blocks stop before the last k, because they may write beyond the strip into the next k; columns from right to left,
    // for the same reason.
    int right = (width - 1) / LANES * LANES;
    // The last strip of an array may lack rows to fill a vector.
    boolean whole = TRANSPOSE != null && valid == width && si + (right + LANES - 1) * stride + depth <= source.length;
    int body = whole ? (depth - 1) / LANES * LANES : 0;
    for (int j = right; whole && j >= 0; j -= LANES) {
      TRANSPOSE.blocks(body / LANES, source, si + j * stride, stride, 1, panel, pi + j, width);
    }
    for (int j = 0; j < valid; j++) {
      spread(source, si + j * stride + body, depth - body, width, panel, pi + body * width + j);
    }
    for (int k = 0; valid < width && k < depth; k++) {
      Arrays.fill(panel, pi + k * width + valid, pi + (k + 1) * width, 0);
    }
  }

  private static void spread(float[] source, int si, int depth, int width, float[] panel, int pi) {
    for (int k = 0; k < depth; k++) {
      panel[pi + k * width] = source[si + k];
    }
  }
}
