// Layer norm (centred) and RMS norm of rows of c numbers. A row lies in shared memory while it is normalised.

// y = (s - mean) · rstd · (weight + weightOffset) + bias with s = x + residual; mean 0 unless centred. Null: residual and sum (both or
// none), weight (ones), bias, mean, rstd. y may be x.
// grid: rows, block: 32 to 256, a multiple of 32; dynamic shared memory: 4 · c bytes
extern "C" __global__ void hone_norm(int centred, const float* x, const float* residual, const float* weight, float weightOffset,
    const float* bias, float eps, float* sum, float* y, float* mean, float* rstd, int c) {
  DYNAMIC_SHARED(float, row);
  __shared__ double room[33];
  long long first = (long long) blockIdx.x * c;
  double total = 0;
  for (int i = threadIdx.x; i < c; i += blockDim.x) {
    float s = x[first + i];
    if (residual) {
      s += residual[first + i];
      sum[first + i] = s;
    }
    row[i] = s;
    total += s;
  }
  float rowMean = centred ? (float) blockSum(total, room) / c : 0.0f;
  double squares = 0;
  for (int i = threadIdx.x; i < c; i += blockDim.x) {
    double d = row[i] - rowMean;
    squares += d * d;
  }
  float rowRstd = (float) (1.0 / sqrt(blockSum(squares, room) / c + eps));
  for (int i = threadIdx.x; i < c; i += blockDim.x) {
    float w = weight ? weight[i] + weightOffset : 1.0f;
    y[first + i] = (row[i] - rowMean) * rowRstd * w + (bias ? bias[i] : 0.0f);
  }
  if (threadIdx.x == 0) {
    if (mean) {
      mean[blockIdx.x] = rowMean;
    }
    if (rstd) {
      rstd[blockIdx.x] = rowRstd;
    }
  }
}

// dx (+)= the gradient by s. Null: weight (ones), mean unless centred. dx may be dy unless accumulating.
// grid: rows, block: 32 to 256, a multiple of 32
extern "C" __global__ void hone_norm_backward(int centred, const float* dy, const float* s, const float* weight,
    float weightOffset, const float* mean, const float* rstd, int accumulate, float* dx, int c) {
  __shared__ double room[33];
  long long first = (long long) blockIdx.x * c;
  float rowMean = centred ? mean[blockIdx.x] : 0.0f;
  float rowRstd = rstd[blockIdx.x];
  double sum = 0, product = 0;
  for (int i = threadIdx.x; i < c; i += blockDim.x) {
    double g = dy[first + i] * (weight ? weight[i] + weightOffset : 1.0f);
    sum += g;
    product += g * (s[first + i] - rowMean);
  }
  float shift = centred ? rowRstd * (float) blockSum(sum, room) / c : 0.0f;
  float slope = rowRstd * rowRstd * rowRstd * (float) blockSum(product, room) / c;
  for (int i = threadIdx.x; i < c; i += blockDim.x) {
    float w = weight ? weight[i] + weightOffset : 1.0f;
    float gradient = rowRstd * dy[first + i] * w - (s[first + i] - rowMean) * slope - shift;
    dx[first + i] = accumulate ? dx[first + i] + gradient : gradient;
  }
}

// Gradients of weight and bias in parts of rows: weights[part, c] = Σ dy · (s - mean) · rstd, biases[part, c] = Σ dy. hone_sum_columns
// adds them up. Null: mean unless centred, weights, biases.
// grid: x (c + 31) / 32, y parts = (rows + partRows - 1) / partRows, block: 256
extern "C" __global__ void hone_norm_weight_gradients(int centred, const float* dy, const float* s, const float* mean,
    const float* rstd, float* weights, float* biases, int rows, int c, int partRows) {
  __shared__ float ofWeight[8][32];
  __shared__ float ofBias[8][32];
  int lane = threadIdx.x % 32, line = threadIdx.x / 32;
  int column = blockIdx.x * 32 + lane;
  int end = min(rows, (int) (blockIdx.y + 1) * partRows);
  float dWeight = 0, dBias = 0;
  if (column < c) {
    for (int row = blockIdx.y * partRows + line; row < end; row += 8) {
      float d = dy[(long long) row * c + column];
      dWeight += d * (s[(long long) row * c + column] - (centred ? mean[row] : 0.0f)) * rstd[row];
      dBias += d;
    }
  }
  ofWeight[line][lane] = dWeight;
  ofBias[line][lane] = dBias;
  __syncthreads();
  if (line == 0 && column < c) {
    for (int i = 1; i < 8; i++) {
      dWeight += ofWeight[i][lane];
      dBias += ofBias[i][lane];
    }
    if (weights) {
      weights[(long long) blockIdx.y * c + column] = dWeight;
    }
    if (biases) {
      biases[(long long) blockIdx.y * c + column] = dBias;
    }
  }
}

// y[o] = the norm of row o of W + scale · B · A, or numerator[o] over it: squares |W_o|², b [outputs, rank], t = A · Wᵀ [rank, outputs],
// g = A · Aᵀ [rank, rank]. Null: numerator.
// grid: (outputs + 127) / 128, block: 128
extern "C" __global__ void hone_low_rank_norms(const double* squares, const float* b, const float* t, const float* g, double scale,
    const float* numerator, float* y, int outputs, int rank) {
  int o = blockIdx.x * blockDim.x + threadIdx.x;
  if (o >= outputs) {
    return;
  }
  const float* row = b + (long long) o * rank;
  double linear = 0, quadratic = 0;
  for (int r = 0; r < rank; r++) {
    double inner = 0;
    for (int q = 0; q < rank; q++) {
      inner += (double) g[r * rank + q] * row[q];
    }
    linear += (double) row[r] * t[(long long) r * outputs + o];
    quadratic += (double) row[r] * inner;
  }
  double square = squares[o] + 2 * scale * linear + scale * scale * quadratic;
  double norm = sqrt(square > 1e-30 ? square : 1e-30); // something is divided by it
  y[o] = (float) (numerator ? numerator[o] / norm : norm);
}
