package dev.hone.lora;

/**
 * PyTorch's uniform numbers on the CPU: the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998), 24 bits of each word. Files
 * that hold a seed instead of a matrix need just these.
 */
final class TorchUniform {
  private static final int N = 624;
  private static final int M = 397;

  private final int[] state = new int[N];
  private int next = N;

  TorchUniform(long seed) {
    state[0] = (int) seed;
    for (int i = 1; i < N; i++) {
      state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
    }
  }

  /** Fills an array with numbers from -bound to bound. */
  void fill(float[] target, double bound) {
    float from = (float) -bound;
    float width = (float) bound - from;
    for (int i = 0; i < target.length; i++) {
      target[i] = Math.fma((word() & (1 << 24) - 1) * 0x1p-24f, width, from); // as its compiler joins the two
    }
  }

  private int word() {
    if (next == N) {
      for (int i = 0; i < N; i++) {
        int y = state[i] & 0x80000000 | state[(i + 1) % N] & 0x7fffffff;
        state[i] = state[(i + M) % N] ^ y >>> 1 ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
      }
      next = 0;
    }
    int y = state[next++];
    y ^= y >>> 11;
    y ^= y << 7 & 0x9d2c5680;
    y ^= y << 15 & 0xefc60000;
    return y ^ y >>> 18;
  }
}
