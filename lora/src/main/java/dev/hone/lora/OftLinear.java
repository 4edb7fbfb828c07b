package dev.hone.lora;

import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.core.HostArray;
import dev.hone.core.Tensor;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;

/**
 * Orthogonal finetuning: y = (x · R) · Wᵀ + bias, where R turns blocks of the inputs and is made of skew-symmetric matrices by
 * {@link Cayley}. Sources: Qiu and others 2023 and 2025.
 */
final class OftLinear implements LinearPiece {
  private final Parameter angles; // [blocks, b · (b - 1) / 2], or [1, ...] if blocks share them; above the diagonal, by rows
  private final int blocks;
  private final Cayley cayley;
  private final float dropout;
  private final PerGeneration kept = new PerGeneration();

  OftLinear(Linear base, OftConfig config) {
    int size = config.blockSize(base.inputs());
    if (size < 2) {
      throw new AdapterException("OFT: blocks of " + size + " of " + base.inputs()
          + " inputs cannot turn; take an oft_block_size "
          + "of at least 2");
    }
    this.blocks = base.inputs() / size;
    this.cayley = new Cayley(size, config.terms());
    this.dropout = config.dropout();
    int rows = config.blockShare() ? 1 : blocks;
    int columns = size * (size - 1) / 2;
    this.angles = new Parameter("", Tensor.of(new float[rows * columns], rows, columns), true);
  }

  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    if (dropout > 0 && pass.training()) {
      throw new AdapterException("OFT: module_dropout " + dropout + " is not supported while training; set it to 0");
    }
    int size = cayley.size();
    int rows = x.shape().dim(0);
    Variable parts = ShapeOps.permute(x.reshape(rows, blocks, size), 1, 0, 2);
    Variable turned = MatMulOps.matmul(parts, rotations(pass));
    return base.base(ShapeOps.permute(turned, 1, 0, 2).reshape(rows, base.inputs()));
  }

  private Variable rotations(Pass pass) {
    return kept.of(pass, () -> {
      Variable own = cayley.of(angles);
      return own.shape().dim(0) == blocks ? own : ShapeOps.expand(own, blocks, cayley.size(), cayley.size());
    });
  }

  @Override
  public Tensor merged(Linear base) {
    float[] rotations = cayley.of(angles.value()).toFloatArray();
    boolean shared = angles.shape().dim(0) == 1;
    Tensor merged = base.weight().value().copy();
    try (HostArray numbers = merged.onHost(HostArray.Access.READ_WRITE)) {
      turn(numbers, rotations, shared, base);
    }
    return merged;
  }

  /** Multiplies the blocks of inputs of a weight by the rotations. */
  private void turn(HostArray numbers, float[] rotations, boolean shared, Linear base) {
    int size = cayley.size();
    float[] weight = numbers.array();
    int inStep = base.isTransposed() ? 1 : base.outputs();
    int outStep = base.isTransposed() ? base.inputs() : 1;
    double[] turned = new double[size];
    for (int o = 0; o < base.outputs(); o++) {
      for (int k = 0; k < blocks; k++) {
        int first = numbers.offset() + o * outStep + k * size * inStep;
        int matrix = shared ? 0 : k * size * size;
        for (int i = 0; i < size; i++) {
          turned[i] = 0;
          for (int c = 0; c < size; c++) {
            turned[i] += (double) rotations[matrix + i * size + c] * weight[first + c * inStep];
          }
        }
        for (int i = 0; i < size; i++) {
          weight[first + i * inStep] = (float) turned[i];
        }
      }
    }
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("oft_R.weight", angles);
  }
}
