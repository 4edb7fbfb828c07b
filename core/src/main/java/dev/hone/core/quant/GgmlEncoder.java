package dev.hone.core.quant;

/**
 * Makes the blocks of a {@link GgmlFormat}. Those of 32 numbers are bit for bit those of ggml. Those of 256 are searched for:
 * for each sub-block some scales are tried, and for the codes of each scale and min of the least square error are taken, weighted
 * by how large a number is; the codes are then made anew from scales and mins as they are stored.
 */
final class GgmlEncoder {
  private static final int TRIES = 20;

  private GgmlEncoder() {}

  static void encode(GgmlFormat format, float[] x, int from, byte[] b, int at) {
    switch (format) {
      case Q4_0 -> signed(x, from, 8, b, at, 2);
      case Q5_0 -> signed(x, from, 16, b, at, 6);
      case Q4_1 -> unsigned(x, from, 15, b, at, 4);
      case Q5_1 -> unsigned(x, from, 31, b, at, 8);
      case Q8_0 -> eight(x, from, b, at);
      case Q4_K -> withMins(x, from, 15, b, at);
      case Q5_K -> withMins(x, from, 31, b, at);
      case Q6_K -> six(x, from, b, at);
    }
  }

  /** Multiplied by 127 / largest and rounded away from zero at halves, the scale then rounded to 16 bits. */
  private static void eight(float[] x, int from, byte[] b, int at) {
    float step = Quantized.largest(x, from, 32) / 127;
    float inverse = step == 0 ? 0 : 1 / step;
    half(b, at, step);
    for (int i = 0; i < 32; i++) {
      float scaled = x[from + i] * inverse;
      float rounded = (float) Math.floor(Math.abs(scaled) + 0.5f);
      b[at + 2 + i] = (byte) (scaled < 0 ? -rounded : rounded);
    }
  }

  /** The number of the largest magnitude, with its sign, becomes code 0; {@code zero} is the code of 0. */
  private static void signed(float[] x, int from, int zero, byte[] b, int at, int codes) {
    float extreme = 0;
    for (int i = from; i < from + 32; i++) {
      extreme = Math.abs(extreme) < Math.abs(x[i]) ? x[i] : extreme;
    }
    float step = extreme / -zero;
    float inverse = step == 0 ? 0 : 1 / step;
    half(b, at, step);
    int[] q = new int[32];
    for (int i = 0; i < 32; i++) {
      q[i] = Math.min(2 * zero - 1, (int) Math.fma(x[from + i], inverse, zero + 0.5f)); // ggml's compilers fuse it too
    }
    put(q, b, at + codes, zero == 16 ? at + 2 : -1);
  }

  private static void unsigned(float[] x, int from, int most, byte[] b, int at, int codes) {
    float low = Float.MAX_VALUE;
    float high = -Float.MAX_VALUE;
    for (int i = from; i < from + 32; i++) {
      low = Math.min(low, x[i]);
      high = Math.max(high, x[i]);
    }
    float step = (high - low) / most;
    float inverse = step == 0 ? 0 : 1 / step;
    half(b, at, step);
    half(b, at + 2, low);
    int[] q = new int[32];
    for (int i = 0; i < 32; i++) {
      q[i] = Math.min(most, (int) ((x[from + i] - low) * inverse + 0.5f));
    }
    put(q, b, at + codes, most == 31 ? at + 4 : -1);
  }

  /** Low halves, number i with i + 16; the fifth bits, if there are any, in four bytes before. */
  private static void put(int[] q, byte[] b, int at, int highs) {
    int high = 0;
    for (int i = 0; i < 16; i++) {
      b[at + i] = (byte) (q[i] & 15 | (q[i + 16] & 15) << 4);
      high |= q[i] >> 4 << i | q[i + 16] >> 4 << i + 16;
    }
    for (int i = 0; i < 4 && highs >= 0; i++) {
      b[highs + i] = (byte) (high >> 8 * i);
    }
  }

  /** {@link GgmlFormat#Q4_K} and {@link GgmlFormat#Q5_K}. */
  private static void withMins(float[] x, int from, int most, byte[] b, int at) {
    float[] scales = new float[8];
    float[] mins = new float[8];
    float largestScale = 0;
    float largestMin = 0;
    for (int part = 0; part < 8; part++) {
      Fit fit = Fit.best(x, from + 32 * part, most);
      scales[part] = fit.scale;
      mins[part] = fit.min;
      largestScale = Math.max(largestScale, fit.scale);
      largestMin = Math.max(largestMin, fit.min);
    }
    half(b, at, largestScale / 63);
    half(b, at + 2, largestMin / 63);
    float d = half(b, at);
    float m = half(b, at + 2);
    for (int i = 4; i < 16; i++) {
      b[at + i] = 0;
    }
    int codes = most == 15 ? at + 16 : at + 48;
    for (int i = 16; i < 48 && most == 31; i++) {
      b[at + i] = 0;
    }
    for (int part = 0; part < 8; part++) {
      int scale = stored(scales[part], d);
      int min = stored(mins[part], m);
      store(b, at + 4, part, scale, min);
      float step = d * scale;
      float below = m * min;
      for (int i = 0; i < 32; i++) {
        int q = step == 0 ? 0 : Math.clamp((int) Math.rint((x[from + 32 * part + i] + below) / step), 0, most);
        int place = codes + part / 2 * 32 + i;
        b[place] = (byte) (part % 2 == 0 ? q & 15 : b[place] & 15 | (q & 15) << 4);
        if (most == 31) {
          b[at + 16 + i] |= (byte) (q >> 4 << part);
        }
      }
    }
  }

  private static int stored(float value, float unit) {
    return unit == 0 ? 0 : Math.clamp((int) Math.rint(value / unit), 0, 63);
  }

  /** Six bits each in twelve bytes: those of the first four in whole bytes, those of the others in halves and what is left. */
  private static void store(byte[] b, int at, int part, int scale, int min) {
    if (part < 4) {
      b[at + part] |= (byte) scale;
      b[at + part + 4] |= (byte) min;
    } else {
      b[at + part + 4] = (byte) (scale & 15 | (min & 15) << 4);
      b[at + part - 4] |= (byte) (scale >> 4 << 6);
      b[at + part] |= (byte) (min >> 4 << 6);
    }
  }

  /** Scale and min of a sub-block: x ≈ scale · q - min, both at least 0. */
  private record Fit(float scale, float min, double error) {
    static Fit best(float[] x, int from, int most) {
      float low = 0; // numbers above 0 need no min
      float high = -Float.MAX_VALUE;
      double squares = 0;
      for (int i = from; i < from + 32; i++) {
        low = Math.min(low, x[i]);
        high = Math.max(high, x[i]);
        squares += (double) x[i] * x[i];
      }
      if (!(high > low)) {
        return new Fit(0, -low, 0);
      }
      double[] weights = new double[32];
      double usual = Math.sqrt(squares / 32);
      for (int i = 0; i < 32; i++) {
        weights[i] = usual + Math.abs(x[from + i]);
      }
      Fit best = null;
      int[] q = new int[32];
      for (int t = 0; t <= TRIES; t++) {
        double inverse = (most - 1 + 0.1 * t) / (high - low);
        for (int i = 0; i < 32; i++) {
          q[i] = Math.clamp((int) Math.rint(inverse * (x[from + i] - low)), 0, most);
        }
        Fit fit = of(x, from, q, weights);
        best = best == null || fit.error < best.error ? fit : best;
      }
      return best;
    }

    /** The least square error for these codes. */
    private static Fit of(float[] x, int from, int[] q, double[] weights) {
      double w = 0;
      double wq = 0;
      double wqq = 0;
      double wx = 0;
      double wxq = 0;
      for (int i = 0; i < 32; i++) {
        w += weights[i];
        wq += weights[i] * q[i];
        wqq += weights[i] * q[i] * q[i];
        wx += weights[i] * x[from + i];
        wxq += weights[i] * x[from + i] * q[i];
      }
      double determinant = w * wqq - wq * wq;
      double scale = determinant > 0 ? (w * wxq - wx * wq) / determinant : 0;
      double min = determinant > 0 ? (wq * wxq - wqq * wx) / determinant : 0;
      if (min < 0 || determinant <= 0) {
        min = 0;
        scale = wqq > 0 ? wxq / wqq : 0;
      }
      double error = 0;
      for (int i = 0; i < 32; i++) {
        double difference = scale * q[i] - min - x[from + i];
        error += weights[i] * difference * difference;
      }
      return new Fit((float) Math.max(0, scale), (float) min, scale < 0 ? Double.MAX_VALUE : error);
    }
  }

  /** {@link GgmlFormat#Q6_K}: sixteen sub-blocks of 16, scales of 8 bits with a sign. */
  private static void six(float[] x, int from, byte[] b, int at) {
    float[] scales = new float[16];
    float extreme = 0;
    for (int part = 0; part < 16; part++) {
      scales[part] = symmetric(x, from + 16 * part);
      extreme = Math.abs(scales[part]) > Math.abs(extreme) ? scales[part] : extreme;
    }
    half(b, at + 208, extreme / -128);
    float d = half(b, at + 208);
    for (int i = 0; i < 192; i++) {
      b[at + i] = 0;
    }
    for (int part = 0; part < 16; part++) {
      int scale = d == 0 ? 0 : Math.clamp((int) Math.rint(scales[part] / d), -128, 127);
      b[at + 192 + part] = (byte) scale;
      float step = d * scale;
      for (int i = 0; i < 16; i++) {
        int q = 32 + (step == 0 ? 0 : Math.clamp((int) Math.rint(x[from + 16 * part + i] / step), -32, 31));
        int quarter = part / 2;
        int within = part % 2 * 16 + i;
        b[at + quarter / 4 * 64 + quarter % 2 * 32 + within] |= (byte) ((q & 15) << quarter % 4 / 2 * 4);
        b[at + 128 + quarter / 4 * 32 + within] |= (byte) (q >> 4 << quarter % 4 * 2);
      }
    }
  }

  /** The scale, of either sign, of the least error of 16 numbers in codes from -32 to 31, weighted by their squares. */
  private static float symmetric(float[] x, int from) {
    float extreme = 0;
    for (int i = from; i < from + 16; i++) {
      extreme = Math.abs(x[i]) > Math.abs(extreme) ? x[i] : extreme;
    }
    if (extreme == 0) {
      return 0;
    }
    double best = 0;
    double scale = 0;
    for (int t = -9; t <= 9; t++) {
      double inverse = -(32 + 0.1 * t) / extreme;
      double xq = 0;
      double qq = 0;
      for (int i = from; i < from + 16; i++) {
        int q = Math.clamp((int) Math.rint(inverse * x[i]), -32, 31);
        double weight = (double) x[i] * x[i];
        xq += weight * x[i] * q;
        qq += weight * q * q;
      }
      if (qq > 0 && xq * xq / qq > best) { // of the squares so much is explained
        best = xq * xq / qq;
        scale = xq / qq;
      }
    }
    return (float) scale;
  }

  private static void half(byte[] b, int at, float value) {
    short bits = Float.floatToFloat16(value);
    b[at] = (byte) bits;
    b[at + 1] = (byte) (bits >> 8);
  }

  private static float half(byte[] b, int at) {
    return Float.float16ToFloat((short) (b[at] & 0xFF | b[at + 1] << 8));
  }
}
