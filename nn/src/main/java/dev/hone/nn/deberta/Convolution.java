package dev.hone.nn.deberta;

import dev.hone.autograd.ActivationOps;
import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Activation;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.encoder.EncoderBlock;
import dev.hone.nn.encoder.EncoderLayer;
import java.util.ArrayList;
import java.util.List;

/**
 * What large models add to the first layer: norm(layer(x) + activation(convolution(x))), along each sequence.
 *
 * @param weight [C, C, K], K odd
 * @param bias [C]
 * @param norm of the sum
 * @param activation of the convolution
 * @param dropout before the activation
 */
record Convolution(Parameter weight, Parameter bias, LayerNorm norm, Activation activation, float dropout) implements Layer {

  /** A layer with this beside it. */
  EncoderLayer beside(EncoderBlock block) {
    return new Convolved(block, this);
  }

  private record Convolved(EncoderBlock block, Convolution convolution) implements EncoderLayer {
    @Override
    public Variable forward(Variable x, int index, TokenBatch batch, Pass pass) {
      Variable beside = convolution.forward(x, batch, pass);
      return convolution.norm.forward(beside, block.forward(x, index, batch, pass));
    }

    @Override
    public void visit(LayerVisitor visitor) {
      block.visit(visitor);
    }
  }

  private Variable forward(Variable x, TokenBatch batch, Pass pass) {
    int width = x.shape().dim(1);
    List<Variable> sequences = new ArrayList<>();
    for (int s = 0; s < batch.sequences(); s++) {
      int length = batch.offsets()[s + 1] - batch.offsets()[s];
      if (length > 0) {
        Variable rows = ShapeOps.slice(x, 0, batch.offsets()[s], batch.offsets()[s + 1]);
        Variable channels = ShapeOps.reshape(ShapeOps.transpose(rows, 0, 1), 1, width, length);
        Variable y = MatMulOps.convolution(channels, weight, bias, 1, (weight.shape().dim(2) - 1) / 2);
        sequences.add(ShapeOps.transpose(ShapeOps.reshape(y, width, length), 0, 1));
      }
    }
    Variable all = sequences.size() == 1 ? sequences.getFirst() : ShapeOps.cat(0, sequences);
    return ActivationOps.activation(activation, pass.dropout(all, dropout, Pass.site("convolution", 0)));
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("conv.weight", weight);
    visitor.parameter("conv.bias", bias);
    visitor.layer("LayerNorm", norm);
  }
}
