package dev.hone.lora;

import dev.hone.autograd.Variable;
import dev.hone.core.Device;
import dev.hone.core.Tensor;

/**
 * Rotations of skew-symmetric matrices Q: exactly (I - Q) · (I + Q)⁻¹, or nearly I + 2 · Q + 2 · Q² + ... + Qⁿ, which is the
 * series of the inverse rotation; PEFT has both, as they are here.
 *
 * @param size b, of a block
 * @param terms of the series as PEFT counts them; 0 for the exact rotation
 */
record Cayley(int size, int terms) {
  /** [rows, b · (b - 1) / 2] to [rows, b, b]. */
  Variable of(Variable angles) {
    Tensor values = angles.value();
    return Variable.of("cayley", of(values)).pullback(angles, up -> backward(values, up)).saves(values);
  }

  /** The rotations without a gradient: [rows, b · (b - 1) / 2] to [rows, b, b]. */
  Tensor of(Tensor angles) {
    int rows = angles.dim(0);
    float[] all = new float[rows * size * size];
    for (int row = 0; row < rows; row++) {
      double[][] rotation = terms == 0 ? exact(skew(angles, row)) : series(skew(angles, row));
      for (int i = 0; i < size * size; i++) {
        all[row * size * size + i] = (float) rotation[i / size][i % size];
      }
    }
    return Tensor.of(all, rows, size, size).to(angles.device());
  }

  private double[][] skew(Tensor place, int row) {
    Tensor angles = place.slice(row, row + 1).to(Device.CPU);
    double[][] q = new double[size][size];
    long at = 0;
    for (int i = 0; i < size; i++) {
      for (int j = i + 1; j < size; j++) {
        q[i][j] = angles.get(at++);
        q[j][i] = -q[i][j];
      }
    }
    return q;
  }

  /** The highest power; PEFT takes none below two terms, and never just two or its square alone. */
  private int degree() {
    return terms <= 1 ? 0 : terms == 2 ? 1 : Math.max(3, terms - 1);
  }

  private double coefficient(int power) {
    return power == 0 || terms > 2 && power == degree() ? 1 : 2;
  }

  private double[][] series(double[][] q) {
    double[][] sum = identity();
    double[][] power = identity();
    for (int n = 1; n <= degree(); n++) {
      power = product(power, q);
      add(sum, power, coefficient(n));
    }
    return sum;
  }

  /** (I - Q) · (I + Q)⁻¹ = 2 · (I + Q)⁻¹ - I. */
  private double[][] exact(double[][] q) {
    double[][] rotation = inverse(q);
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        rotation[i][j] = 2 * rotation[i][j] - (i == j ? 1 : 0);
      }
    }
    return rotation;
  }

  /** (I + Q)⁻¹ by elimination; a skew-symmetric Q makes every pivot at least 1. */
  private double[][] inverse(double[][] q) {
    double[][] left = identity();
    add(left, q, 1);
    double[][] right = identity();
    for (int column = 0; column < size; column++) {
      double pivot = left[column][column];
      for (int j = 0; j < size; j++) {
        left[column][j] /= pivot;
        right[column][j] /= pivot;
      }
      for (int row = 0; row < size; row++) {
        double factor = left[row][column];
        if (row != column && factor != 0) {
          for (int j = 0; j < size; j++) {
            left[row][j] -= factor * left[column][j];
            right[row][j] -= factor * right[column][j];
          }
        }
      }
    }
    return right;
  }

  /** d(Qⁿ) sums up over the places of dQ; d((I + Q)⁻¹) = -(I + Q)⁻¹ · dQ · (I + Q)⁻¹. */
  private Tensor backward(Tensor angles, Tensor upstream) {
    float[] up = upstream.toFloatArray();
    int rows = angles.dim(0);
    float[] gradient = new float[rows * angles.dim(1)];
    int at = 0;
    for (int row = 0; row < rows; row++) {
      double[][] g = new double[size][size];
      for (int i = 0; i < size * size; i++) {
        g[i / size][i % size] = up[row * size * size + i];
      }
      double[][] dq = new double[size][size];
      double[][] turned = transposed(skew(angles, row));
      if (terms == 0) {
        double[][] inverse = transposed(inverse(skew(angles, row)));
        add(dq, product(product(inverse, g), inverse), -2);
      } else { // Horner's rule backwards: S_n = c_n · G, S_k = c_k · G + Qᵀ · S_(k+1), and dQ = Σ S_k · (Qᵀ)^(k-1)
        double[][] sum = new double[size][size];
        for (int n = degree(); n >= 1; n--) {
          dq = product(dq, turned);
          sum = product(turned, sum);
          add(sum, g, coefficient(n));
          add(dq, sum, 1);
        }
      }
      for (int i = 0; i < size; i++) {
        for (int j = i + 1; j < size; j++) {
          gradient[at++] = (float) (dq[i][j] - dq[j][i]);
        }
      }
    }
    return Tensor.of(gradient, rows, angles.dim(1)).to(angles.device());
  }

  private double[][] identity() {
    double[][] one = new double[size][size];
    for (int i = 0; i < size; i++) {
      one[i][i] = 1;
    }
    return one;
  }

  private double[][] transposed(double[][] a) {
    double[][] result = new double[size][size];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        result[i][j] = a[j][i];
      }
    }
    return result;
  }

  private void add(double[][] sum, double[][] a, double factor) {
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        sum[i][j] += factor * a[i][j];
      }
    }
  }

  private double[][] product(double[][] a, double[][] b) {
    double[][] result = new double[size][size];
    for (int i = 0; i < size; i++) {
      for (int k = 0; k < size; k++) {
        for (int j = 0; j < size; j++) {
          result[i][j] += a[i][k] * b[k][j];
        }
      }
    }
    return result;
  }
}
