// Collective operations of a warp, from what all its threads gave. The layouts of fragments are those of the PTX manual.
#include "emulator.h"
#include <cstring>

namespace emulated {

static float bf16(unsigned bits) {
  unsigned wide = bits << 16;
  float x;
  memcpy(&x, &wide, 4);
  return x;
}

static float tf32(unsigned bits) { // the hardware ignores the low 13 bits
  unsigned cut = bits & 0xffffe000u;
  float x;
  memcpy(&x, &cut, 4);
  return x;
}

// d[16 x 8] += a[16 x K] · b[K x 8]; products are summed in float64 and rounded once, which no hardware promises either.
static void multiply(int depth, float (*a)[16], float (*b)[8], float (*d)[8]) {
  for (int i = 0; i < 16; i++) {
    for (int j = 0; j < 8; j++) {
      double sum = d[i][j];
      for (int k = 0; k < depth; k++) {
        sum += static_cast<double>(a[i][k]) * b[k][j];
      }
      d[i][j] = static_cast<float>(sum);
    }
  }
}

// m16n8k16 with BF16, m16n8k8 with TF32: of each thread 4 registers of A, 2 of B, 4 of D.
static void mma(bool halves, const unsigned char (*in)[64], unsigned char (*out)[64]) {
  float a[16][16] = {}, b[16][8] = {}, d[16][8];
  for (int lane = 0; lane < 32; lane++) {
    unsigned r[10];
    memcpy(r, in[lane], sizeof r);
    int group = lane / 4, within = lane % 4;
    for (int i = 0; i < 4; i++) {
      int row = group + 8 * (i % 2);
      if (halves) {
        int column = 2 * within + 8 * (i / 2);
        a[row][column] = bf16(r[i] & 0xffff);
        a[row][column + 1] = bf16(r[i] >> 16);
      } else {
        a[row][within + 4 * (i / 2)] = tf32(r[i]);
      }
    }
    for (int i = 0; i < 2; i++) {
      if (halves) {
        b[2 * within + 8 * i][group] = bf16(r[4 + i] & 0xffff);
        b[2 * within + 8 * i + 1][group] = bf16(r[4 + i] >> 16);
      } else {
        b[within + 4 * i][group] = tf32(r[4 + i]);
      }
    }
    for (int i = 0; i < 4; i++) {
      memcpy(&d[group + 8 * (i / 2)][2 * within + i % 2], &r[6 + i], 4);
    }
  }
  multiply(halves ? 16 : 8, a, b, d);
  for (int lane = 0; lane < 32; lane++) {
    for (int i = 0; i < 4; i++) {
      memcpy(out[lane] + 4 * i, &d[lane / 4 + 8 * (i / 2)][2 * (lane % 4) + i % 2], 4);
    }
  }
}

void collective(Collective kind, int count, const unsigned char (*in)[64], const int* operands, unsigned char (*out)[64],
    int size) {
  unsigned ballot = 0;
  switch (kind) {
    case SYNC_WARP:
      return;
    case MMA_BF16:
    case MMA_TF32:
      mma(kind == MMA_BF16, in, out);
      return;
    case BALLOT:
    case ANY:
    case ALL:
      for (int lane = 0; lane < count; lane++) {
        int vote;
        memcpy(&vote, in[lane], 4);
        ballot |= (vote ? 1u : 0u) << lane;
      }
      ballot = kind == BALLOT ? ballot : kind == ANY ? ballot != 0 : ballot == 0xffffffffu;
      for (int lane = 0; lane < count; lane++) {
        memcpy(out[lane], &ballot, 4);
      }
      return;
    default:
      for (int lane = 0; lane < count; lane++) {
        int from = kind == SHUFFLE ? operands[lane] & 31 : kind == SHUFFLE_UP ? lane - operands[lane]
            : kind == SHUFFLE_DOWN ? lane + operands[lane] : lane ^ operands[lane];
        memcpy(out[lane], in[from < 0 || from > 31 ? lane : from], size);
      }
  }
}

} // namespace emulated
