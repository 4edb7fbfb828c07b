package dev.hone.autograd;

import dev.hone.core.Activation;
import dev.hone.core.AttentionSpec;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.TestDevice;
import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients of every operator against central differences, at sizes that fill no vector register evenly. */
class OpGradientsTest {
  private static final Philox RANDOM = new Philox(5, 1);

  /** An operator and what to feed it. */
  record Case(String name, GradCheck check) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    arithmetic(cases);
    shapes(cases);
    reductions(cases);
    products(cases);
    layers(cases);
    attention(cases);
    losses(cases);
    return cases;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void gradientMatchesFiniteDifferences(Case op) {
    op.check().on(TestDevice.chosen()).named(op.name()).seed(7).relTol(1e-3).verify();
  }

  private static void add(List<Case> cases, String name, GradCheck.Op op, int[]... shapes) {
    cases.add(new Case(name + " " + Arrays.deepToString(shapes), GradCheck.of(op).inputs(shapes)));
  }

  /** With inputs from 0.5 to 2, where logarithms, roots and quotients are smooth. */
  private static void addPositive(List<Case> cases, String name, GradCheck.Op op, int[]... shapes) {
    cases.add(new Case(name + " " + Arrays.deepToString(shapes), GradCheck.of(op).inputs(shapes).range(0.5f, 2)));
  }

  /** With all numbers of the inputs at least 0.1 apart and away from 0, so that no kink or order is near. */
  private static void addSpread(List<Case> cases, String name, GradCheck.Op op, int... dims) {
    int length = Shape.of(dims).length();
    int[] order = RANDOM.withStream(length).permutation(length);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (order[i] - length / 2 + 0.5f) * 0.15f;
    }
    cases.add(new Case(name + " " + Arrays.toString(dims), GradCheck.of(op).values(Tensor.of(values, dims))));
  }

  private static int[] shape(int... dims) {
    return dims;
  }

  private static void arithmetic(List<Case> cases) {
    add(cases, "add", in -> MathOps.add(in[0], in[1]), shape(3, 5), shape(3, 5));
    add(cases, "add", in -> MathOps.add(in[0], in[1]), shape(2, 3, 5), shape(5));
    add(cases, "add", in -> MathOps.add(in[0], in[1]), shape(3, 1), shape(2, 1, 5));
    add(cases, "sub", in -> MathOps.sub(in[0], in[1]), shape(7), shape(7));
    add(cases, "sub", in -> MathOps.sub(in[0], in[1]), shape(1, 5), shape(3, 1));
    add(cases, "mul", in -> MathOps.mul(in[0], in[1]), shape(3, 5), shape(3, 5));
    add(cases, "mul", in -> MathOps.mul(in[0], in[1]), shape(2, 3, 5), shape(2, 1, 5));
    add(cases, "mul", in -> MathOps.mul(in[0], in[1]), shape(), shape(3, 17));
    addPositive(cases, "div", in -> MathOps.div(in[0], in[1]), shape(3, 5), shape(3, 5));
    addPositive(cases, "div", in -> MathOps.div(in[0], in[1]), shape(5), shape(3, 1));
    add(cases, "add number", in -> MathOps.add(in[0], 3), shape(3, 5));
    add(cases, "mul number", in -> MathOps.mul(in[0], -1.5f), shape(3, 5));
    add(cases, "neg", in -> MathOps.neg(in[0]), shape(31));
    addSpread(cases, "abs", in -> MathOps.abs(in[0]), 3, 5);
    add(cases, "exp", in -> MathOps.exp(in[0]), shape(33));
    addPositive(cases, "log", in -> MathOps.log(in[0]), shape(3, 5));
    addPositive(cases, "sqrt", in -> MathOps.sqrt(in[0]), shape(3, 5));
    addPositive(cases, "rsqrt", in -> MathOps.rsqrt(in[0]), shape(3, 5));
    addPositive(cases, "pow", in -> MathOps.pow(in[0], 2.5f), shape(3, 5));
    addPositive(cases, "pow", in -> MathOps.pow(in[0], -1), shape(17));
    addSpread(cases, "clamp", in -> MathOps.clamp(in[0], -0.6f, 0.9f), 3, 7);
    Mask mask = Mask.of(new boolean[] {true, false, true, true, false}, 5);
    add(cases, "where", in -> MathOps.where(mask, in[0], in[1]), shape(3, 5), shape(3, 1));
    add(cases, "maskedFill", in -> MathOps.maskedFill(in[0], mask, -3), shape(2, 3, 5));
  }

  private static void shapes(List<Case> cases) {
    add(cases, "reshape", in -> ShapeOps.reshape(in[0], 5, -1), shape(3, 5));
    add(cases, "unsqueeze", in -> ShapeOps.unsqueeze(in[0], -1), shape(3, 5));
    add(cases, "transpose", in -> ShapeOps.transpose(in[0], 0, -1), shape(2, 3, 5));
    add(cases, "permute", in -> ShapeOps.permute(in[0], 2, 0, 3, 1), shape(2, 3, 5, 7));
    add(cases, "expand", in -> ShapeOps.expand(in[0], 2, 3, 5), shape(3, 1));
    add(cases, "repeatInterleave", in -> ShapeOps.repeatInterleave(in[0], 3, 1), shape(2, 2, 5));
    add(cases, "cat", in -> ShapeOps.cat(1, List.of(in)), shape(2, 3, 5), shape(2, 1, 5), shape(2, 4, 5));
    add(cases, "stack", in -> ShapeOps.stack(-1, List.of(in)), shape(3, 5), shape(3, 5));
    add(cases, "split", in -> {
      List<Variable> parts = ShapeOps.split(in[0], 1, 2, 3);
      return MathOps.mul(parts.get(0).sum(1), parts.get(1).sum(1));
    }, shape(3, 5));
    add(cases, "slice", in -> ShapeOps.slice(in[0], 1, 1, 4), shape(3, 5, 2));
    add(cases, "slice of the first axis", in -> ShapeOps.slice(in[0], 0, 1, 3), shape(3, 5));
    add(cases, "slice in steps", in -> ShapeOps.slice(in[0], -1, 1, 7, 3), shape(3, 7));
    add(cases, "select", in -> ShapeOps.select(in[0], -2, 1), shape(2, 3, 5));
    add(cases, "rows", in -> GatherOps.rows(in[0], new int[] {2, 0, -1, 2, 4}), shape(5, 7));
    add(cases, "embedding", in -> GatherOps.embedding(in[0], new int[] {2, 0, 2, 4}, 1.5f), shape(5, 7));
    add(cases, "indexSelect", in -> GatherOps.indexSelect(in[0], 1, new int[] {4, 4, 0}), shape(3, 5, 2));
    add(cases, "gather", in -> GatherOps.gather(in[0], 1, new int[] {1, 4, 0, 0, 2, 2}, 3, 2), shape(3, 5));
  }

  private static void reductions(List<Case> cases) {
    add(cases, "sum", in -> in[0].sum(), shape(3, 5));
    add(cases, "sum", in -> in[0].sum(0, 2), shape(2, 3, 5));
    add(cases, "sum", in -> ReduceOps.sum(in[0], true, 1, 2), shape(2, 3, 5, 7));
    add(cases, "mean", in -> in[0].mean(-1), shape(3, 17));
    add(cases, "mean", in -> ReduceOps.mean(in[0], true, 0, 3), shape(2, 3, 5, 2));
    add(cases, "variance", in -> ReduceOps.variance(in[0], true, false, 0, 2), shape(2, 3, 5));
    addSpread(cases, "max", in -> ReduceOps.max(in[0], false, 1), 2, 5, 3);
    addSpread(cases, "max", in -> ReduceOps.max(in[0], true, 0, 2), 2, 3, 5);
    addSpread(cases, "max", in -> ReduceOps.max(in[0], false), 3, 5);
    add(cases, "softmax", in -> ReduceOps.softmax(in[0], -1), shape(3, 17));
    add(cases, "softmax", in -> ReduceOps.softmax(in[0], 1), shape(2, 5, 3));
    add(cases, "logSoftmax", in -> ReduceOps.logSoftmax(in[0], -1), shape(3, 17));
    add(cases, "logSumExp", in -> ReduceOps.logSumExp(in[0], false, -1), shape(3, 17));
    add(cases, "logSumExp", in -> ReduceOps.logSumExp(in[0], true, 0), shape(5, 3));
    add(cases, "cumulativeSum", in -> ReduceOps.cumulativeSum(in[0], 1), shape(2, 5, 3));
    int[] from = {0, 3, 3, 4};
    int[] to = {3, 3, 4, 7};
    float[] rowWeights = {0.5f, 2, -1, 1, 0.25f, 3, 1};
    add(cases, "weightedSum of ranges", in -> PoolOps.weightedSum(in[0], from, to, rowWeights), shape(7, 5));
    addSpread(cases, "max of ranges", in -> PoolOps.max(in[0], from, to), 7, 5);
    add(cases, "meanPerSequence", in -> ReduceOps.meanPerSequence(in[0], new int[] {0, 3, 4, 7}), shape(7, 5));
  }

  private static void products(List<Case> cases) {
    add(cases, "matmul", in -> in[0].matmul(in[1]), shape(3, 5), shape(5, 7));
    add(cases, "matmul", in -> in[0].matmul(in[1]), shape(5), shape(5, 7));
    add(cases, "matmul", in -> in[0].matmul(in[1]), shape(3, 5), shape(5));
    add(cases, "matmul", in -> in[0].matmul(in[1]), shape(2, 3, 5), shape(2, 5, 7));
    add(cases, "matmul", in -> in[0].matmul(in[1]), shape(2, 1, 3, 5), shape(3, 5, 2));
    add(cases, "matmul", in -> in[0].matmul(in[1]), shape(2, 3, 5), shape(5, 7));
    add(cases, "linear", in -> MatMulOps.linear(in[0], in[1], in[2]), shape(13, 5), shape(17, 5), shape(17));
    add(cases, "linear", in -> MatMulOps.linear(in[0], in[1], null), shape(2, 3, 5), shape(7, 5));
    add(cases, "conv1d", in -> MatMulOps.conv1d(in[0], in[1], in[2]), shape(3, 5), shape(5, 7), shape(7));
    add(cases, "convolution", in -> MatMulOps.convolution(in[0], in[1], in[2], 2, 1), shape(2, 3, 7), shape(4, 3, 3), shape(4));
    add(cases, "convolution", in -> MatMulOps.convolution(in[0], in[1], null, 1, 0), shape(1, 2, 5), shape(3, 2, 5));
    add(cases, "linearActivation", in -> MatMulOps.linearActivation(in[0], in[1], true, in[2], Activation.GELU), shape(3, 5),
        shape(7, 5), shape(7));
    add(cases, "linearActivation", in -> MatMulOps.linearActivation(in[0], in[1], false, null, Activation.TANH), shape(3, 5),
        shape(5, 7));
  }

  private static void layers(List<Case> cases) {
    add(cases, "layerNorm", in -> NormOps.layerNorm(in[0], in[1], in[2], 1e-5f), shape(3, 17), shape(17), shape(17));
    add(cases, "layerNorm without weights", in -> NormOps.layerNorm(in[0], null, null, 1e-5f), shape(3, 5));
    add(cases, "addLayerNorm", in -> NormOps.addLayerNorm(in[0], in[1], in[2], in[3], 1e-5f), shape(3, 7), shape(3, 7), shape(7),
        shape(7));
    add(cases, "addLayerNorm of x and x", in -> NormOps.addLayerNorm(in[0], in[0], in[1], in[2], 1e-5f), shape(3, 7), shape(7),
        shape(7));
    add(cases, "rmsNorm", in -> NormOps.rmsNorm(in[0], in[1], 1, 1e-5f), shape(3, 17), shape(17));
    add(cases, "rmsNorm of heads", in -> NormOps.rmsNorm(in[0], in[1], 0, 1e-5f), shape(3, 15), shape(5));
    for (Activation activation : Activation.values()) {
      String name = activation.name();
      if (activation == Activation.RELU) {
        addSpread(cases, name, in -> ActivationOps.activation(activation, in[0]), 3, 7);
      } else {
        add(cases, name, in -> ActivationOps.activation(activation, in[0]), shape(3, 17));
        add(cases, "gated " + name, in -> ActivationOps.gated(activation, in[0], in[1]), shape(3, 7), shape(3, 7));
        add(cases, "gated halves " + name, in -> ActivationOps.gated(activation, in[0]), shape(3, 14));
      }
    }
    add(cases, "dropout", in -> ActivationOps.dropout(in[0], 0.4f, RANDOM), shape(5, 7));
    Mask kept = Mask.of(new boolean[] {true, false, true, true, false}, 5);
    add(cases, "dropout by a mask", in -> ActivationOps.dropout(in[0], 0.4f, kept), shape(3, 5));
    add(cases, "neftune", in -> ActivationOps.neftune(in[0], new int[] {0, 3, 4}, 5, RANDOM, 7), shape(4, 7));
  }

  private static void attention(List<Case> cases) {
    int[] offsets = {0, 5, 6, 9};
    AttentionSpec causal = new AttentionSpec(offsets, offsets, 4, 2, 3, 0.6f, true, Integer.MAX_VALUE, 0, 0, null);
    add(cases, "attention, causal, grouped", in -> AttentionOps.attention(causal, in[0], in[1], in[2]), shape(9, 12), shape(9, 6),
        shape(9, 6));
    AttentionSpec window = new AttentionSpec(offsets, offsets, 2, 2, 5, 0.6f, false, 2, 3, 0.3f, RANDOM);
    add(cases, "attention, window, soft cap, dropout", in -> AttentionOps.attention(window, in[0], in[1], in[2]), shape(9, 10),
        shape(9, 10), shape(9, 10));
    add(cases, "attention, one projection", in -> AttentionOps.attention(causal, in[0]), shape(9, 24));
    AttentionSpec cached = new AttentionSpec(new int[] {0, 2, 3}, new int[] {0, 5, 9}, 2, 1, 3, 1, true, Integer.MAX_VALUE, 0, 0,
        null);
    add(cases, "attention, more keys than queries", in -> AttentionOps.attention(cached, in[0], in[1], in[2]), shape(3, 6),
        shape(9, 3), shape(9, 3));
    add(cases, "maskedAttention", in -> AttentionOps.maskedAttention(in[0], in[1], in[2], Mask.causal(3, 5), null, 0.5f),
        shape(2, 4, 3, 5), shape(2, 2, 5, 5), shape(2, 2, 5, 5));
    add(cases, "maskedAttention with a bias", in -> AttentionOps.maskedAttention(in[0], in[1], in[2], null, in[3], 0.5f),
        shape(2, 3, 5), shape(2, 4, 5), shape(2, 4, 7), shape(3, 4));
    Tensor angles = Tensor.of(new float[] {0.1f, 0.5f, 1, 2, 3, 4}, 3, 2);
    Tensor cos = TestDevice.placed(map(angles, Math::cos));
    Tensor sin = TestDevice.placed(map(angles, Math::sin));
    add(cases, "rotate", in -> AttentionOps.rotate(in[0], 5, cos, sin, new int[] {0, 2, 1, 2}), shape(4, 10));
    add(cases, "rotate neighbours", in -> AttentionOps.rotate(in[0], 5, cos, sin, new int[] {0, 2, 1, 2}, true), shape(4, 10));
  }

  private static Tensor map(Tensor x, DoubleUnaryOperator function) {
    float[] values = x.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) function.applyAsDouble(values[i]);
    }
    return Tensor.of(values, x.shape().toArray());
  }

  private static void losses(List<Case> cases) {
    int[] labels = {3, -100, 0, 6, 3};
    Tensor weights = Tensor.of(new float[] {1, 0.5f, 2, 0, 1, 3, 0.7f}, 7);
    CrossEntropySettings all = new CrossEntropySettings(weights, 0.2f, 0.01f);
    float[] targets = {0.1f, 0.9f, 0.1f, 0.5f, 0.7f};
    add(cases, "cosent", in -> PairLossOps.cosent(in[0], targets, 0.5f), shape(5));
    addSpread(cases, "contrastive", in -> PairLossOps.contrastive(in[0], new float[] {1, 0, 0, 1, 0}, 0.5f, 0.5f), 5);
    Tensor far = TestDevice.placed(Tensor.zeros(5));
    addSpread(cases, "triplet", in -> PairLossOps.triplet(in[0], Variable.constant(far), 0.3f, 0.5f), 5);
    add(cases, "normalize", in -> SimilarityOps.normalize(in[0]), shape(3, 5));
    add(cases, "cosine", in -> SimilarityOps.cosine(in[0], in[1]), shape(3, 5), shape(3, 5));
    add(cases, "cosines", in -> SimilarityOps.cosines(in[0], in[1]), shape(3, 5), shape(2, 5));
    add(cases, "euclidean", in -> SimilarityOps.euclidean(in[0], in[1], 1e-6f), shape(3, 5), shape(3, 5));
    add(cases, "crossEntropy", in -> LossOps.crossEntropy(in[0], labels, CrossEntropySettings.PLAIN, 0.25f), shape(5, 7));
    add(cases, "crossEntropy, weighted, smoothed, z-loss", in -> LossOps.crossEntropy(in[0], labels, all, 0.25f), shape(5, 7));
    add(cases, "crossEntropyPerRow", in -> LossOps.crossEntropyPerRow(in[0], labels, all), shape(5, 7));
    add(cases, "focal", in -> LossOps.focal(in[0], labels, 1.5f, weights, 0.5f), shape(5, 7));
    Tensor target = Tensor.of(new float[] {1, 0, 0, 1, 0.3f, 1}, 3, 2);
    add(cases, "binaryCrossEntropy",
        in -> LossOps.binaryCrossEntropy(in[0], target, Tensor.of(new float[] {2, 0.5f}, 2), 0.2f), shape(3, 2));
    add(cases, "sigmoidFocal", in -> LossOps.sigmoidFocal(in[0], target, 2, 0.25f, 0.2f), shape(3, 2));
    add(cases, "squaredError", in -> LossOps.squaredError(in[0], target, 0.2f), shape(3, 2));
    Tensor reference = Tensor.empty(5, 7);
    RANDOM.fillNormal(reference.array(), 0, 35, 0, 1);
    add(cases, "forwardKl", in -> LossOps.forwardKl(in[0], reference, labels, 2, 0.25f), shape(5, 7));
    add(cases, "reverseKl", in -> LossOps.reverseKl(in[0], reference, null, 0.5f, 0.2f), shape(5, 7));
    add(cases, "distillation", in -> LossOps.distillation(in[0], reference, labels, 0.3f, 2, 0.25f), shape(5, 7));
    add(cases, "linearCrossEntropyPerRow", in -> LossOps.linearCrossEntropyPerRow(in[0], in[1], in[2], labels, 0, 1),
        new int[] {labels.length, 5}, new int[] {11, 5}, new int[] {11});
    add(cases, "linearCrossEntropyPerRow, capped, scaled",
        in -> LossOps.linearCrossEntropyPerRow(in[0], in[1], null, labels, 2, 0.7f), new int[] {labels.length, 5},
        new int[] {11, 5});
    Tensor teacher = ReduceOps.logSoftmax(Variable.constant(reference), -1).value();
    for (float beta : new float[] {0, 0.3f, 1}) {
      add(cases, "generalizedJsd, beta " + beta, in -> LossOps.generalizedJsd(in[0], teacher, beta, 1.5f, 0.25f), shape(5, 7));
    }
    add(cases, "linearCrossEntropy", in -> LossOps.linearCrossEntropy(in[0], in[1], in[2], labels, 0, 1,
        CrossEntropySettings.PLAIN, 0.25f).loss(), shape(5, 3), shape(7, 3), shape(7));
    add(cases, "linearCrossEntropy, capped, scaled", in -> LossOps.linearCrossEntropy(in[0], in[1], null, labels, 2, 0.7f, all,
        0.25f).loss(), shape(5, 3), shape(7, 3));
  }
}
