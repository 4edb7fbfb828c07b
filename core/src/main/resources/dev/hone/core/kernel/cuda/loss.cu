// Losses over rows of logits, and over single numbers.

// Cross-entropy of each row and, if gradient, the logits overwritten by its gradient times scale. Null: weights. smoothing e,
// zLoss: losses = (1 - e) · w[t] · (lse - z[t]) + e / v · (W · lse - Σ w · z) + zLoss · lse². Negative labels: loss and gradient 0.
// grid: rows, block: 256
extern "C" __global__ void hone_cross_entropy(float* logits, const int* labels, const float* weights, float smoothing,
    float zLoss, int gradient, float scale, float* losses, int v) {
  __shared__ float room[33];
  __shared__ double wide[33];
  float* z = logits + (long long) blockIdx.x * v;
  int label = labels[blockIdx.x];
  if (label < 0) {
    for (int i = threadIdx.x; gradient && i < v; i += blockDim.x) {
      z[i] = 0;
    }
    if (threadIdx.x == 0) {
      losses[blockIdx.x] = 0;
    }
    return;
  }
  float most = -INFINITE;
  for (int i = threadIdx.x; i < v; i += blockDim.x) {
    most = fmaxf(most, z[i]);
  }
  most = blockMax(most, room);
  double sum = 0, others = 0, weightSum = 0;
  for (int i = threadIdx.x; i < v; i += blockDim.x) {
    sum += expf(z[i] - most);
    float w = weights ? weights[i] : 1.0f;
    others += (double) w * z[i];
    weightSum += w;
  }
  sum = blockSum(sum, wide);
  if (smoothing != 0) {
    others = blockSum(others, wide);
    weightSum = blockSum(weightSum, wide);
  }
  double lse = most + log(sum);
  double own = (1.0 - smoothing) * (weights ? weights[label] : 1.0f);
  double other = (double) smoothing / v;
  float labelLogit = z[label];
  __syncthreads(); // all have read it: it may be overwritten
  if (threadIdx.x == 0) {
    double loss = own * (lse - labelLogit) + (double) zLoss * lse * lse;
    losses[blockIdx.x] = (float) (smoothing != 0 ? loss + other * (weightSum * lse - others) : loss);
  }
  if (gradient) {
    float factor = (float) (scale * (own + (smoothing != 0 ? other * weightSum : 0.0) + 2.0 * zLoss * lse) / sum);
    float share = (float) (-scale * other);
    for (int i = threadIdx.x; i < v; i += blockDim.x) {
      float g = expf(z[i] - most) * factor + share * (weights ? weights[i] : 1.0f);
      z[i] = i == label ? g - (float) (scale * own) : g;
    }
  }
}

// hits[row] = 1 if no logit exceeds that of the label, which is not negative, else 0
// grid: rows, block: 256
extern "C" __global__ void hone_hits(const float* logits, const int* labels, float* hits, int v) {
  __shared__ float room[33];
  const float* z = logits + (long long) blockIdx.x * v;
  int label = labels[blockIdx.x];
  float most = -INFINITE;
  for (int i = threadIdx.x; i < v; i += blockDim.x) {
    most = fmaxf(most, z[i]);
  }
  most = blockMax(most, room);
  if (threadIdx.x == 0) {
    hits[blockIdx.x] = label >= 0 && z[label] >= most ? 1.0f : 0.0f;
  }
}

enum { SQUARED_ERROR, BINARY_CROSS_ENTROPY, SIGMOID_FOCAL, FOCAL, CONTRASTIVE, HINGE }; // as LossKernels.Pointwise

__device__ __forceinline__ double logistic(double x) {
  return 1.0 / (1.0 + exp(-x));
}

__device__ __forceinline__ double softplus(double x) { // log(1 + e^x)
  return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

// The loss of one number, and its slope.
__device__ double point(int function, double z, float y, float w, float p, float q, double* slope) {
  switch (function) {
    case SQUARED_ERROR:
      *slope = 2 * (z - y);
      return (z - y) * (z - y);
    case BINARY_CROSS_ENTROPY: {
      double yes = y * w, no = 1 - y;
      *slope = no * logistic(z) - yes * logistic(-z);
      return yes * softplus(-z) + no * softplus(z);
    }
    case SIGMOID_FOCAL: {
      double weight = (double) q * y + (1.0 - q) * (1.0 - y);
      double entropy = y * softplus(-z) + (1.0 - y) * softplus(z);
      double sure = logistic(z);
      double miss = logistic(-z) * y + sure * (1.0 - y); // 1 - p_t without cancellation
      double power = pow(miss, (double) p);
      double steeper = miss > 0 ? p * power / miss * sure * logistic(-z) * (2.0 * y - 1.0) * entropy : 0;
      *slope = weight * (power * (sure - y) - steeper);
      return weight * power * entropy;
    }
    case FOCAL: {
      double rest = -expm1(z);
      double power = pow(rest, (double) p);
      double s = rest > 0 ? power - p * power / rest * exp(z) * z : p == 0 ? 1.0 : 0.0;
      *slope = -w * s;
      return -w * power * z;
    }
    case CONTRASTIVE: {
      double apart = fmax(0.0, p - z);
      *slope = y * z - (1.0 - y) * apart;
      return 0.5 * (y * z * z + (1.0 - y) * apart * apart);
    }
    default: // HINGE
      *slope = z + p > 0 ? 1.0 : 0.0;
      return z + p > 0 ? z + p : 0.0;
  }
}

// loss[0] = scale · Σ f(x), and gradient = scale · f'(x). Null: target, weight; weight[i % weights].
// grid: 1, block: 256
extern "C" __global__ void hone_pointwise(int function, const float* x, const float* target, const float* weight, float p,
    float q, float scale, float* gradient, float* loss, int n, int weights) {
  __shared__ double room[33];
  double sum = 0;
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    double slope;
    sum += point(function, x[i], target ? target[i] : 0.0f, weight ? weight[i % weights] : 1.0f, p, q, &slope);
    gradient[i] = (float) (scale * slope);
  }
  sum = blockSum(sum, room);
  if (threadIdx.x == 0) {
    loss[0] = (float) (scale * sum);
  }
}
