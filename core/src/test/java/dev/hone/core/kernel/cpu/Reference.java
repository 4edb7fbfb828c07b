package dev.hone.core.kernel.cpu;

import dev.hone.core.Activation;
import dev.hone.core.kernel.ElementwiseKernels.Unary;
import java.util.function.DoubleUnaryOperator;

/** The functions of the kernels in float64. */
final class Reference {
  private Reference() {}

  static DoubleUnaryOperator of(Unary function, double p, double q) {
    return switch (function) {
      case NEG -> x -> -x;
      case ABS -> Math::abs;
      case EXP -> Math::exp;
      case LOG -> Math::log;
      case SQRT -> Math::sqrt;
      case RSQRT -> x -> 1 / Math.sqrt(x);
      case POW -> x -> Math.pow(x, p);
      case CLAMP -> x -> Math.min(Math.max(x, p), q);
      case AFFINE -> x -> p * x + q;
    };
  }

  static DoubleUnaryOperator of(Activation activation) {
    return switch (activation) {
      case NONE -> x -> x;
      case RELU -> x -> Math.max(x, 0);
      case GELU -> x -> x * normalCdf(x);
      case GELU_TANH -> x -> x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case SILU -> x -> x / (1 + Math.exp(-x));
      case TANH -> Math::tanh;
      case SIGMOID -> x -> 1 / (1 + Math.exp(-x));
    };
  }

  /** Central difference. */
  static double derivative(DoubleUnaryOperator f, double x) {
    double h = 1e-5;
    return (f.applyAsDouble(x + h) - f.applyAsDouble(x - h)) / (2 * h);
  }

  /** Φ(x): a series of positive terms near 0, a continued fraction for the tails. */
  static double normalCdf(double x) {
    double u = Math.abs(x);
    double density = Math.exp(-u * u / 2) / Math.sqrt(2 * Math.PI);
    double tail;
    if (u < 3) {
      double term = u;
      double sum = u;
      for (int n = 3; term > 1e-18 * sum; n += 2) {
        term *= u * u / n;
        sum += term;
      }
      tail = 0.5 - density * sum;
    } else {
      double fraction = u;
      for (int k = 200; k >= 1; k--) {
        fraction = u + k / fraction;
      }
      tail = density / fraction;
    }
    return x < 0 ? tail : 1 - tail;
  }
}
