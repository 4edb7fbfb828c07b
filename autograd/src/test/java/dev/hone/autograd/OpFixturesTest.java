package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.hone.core.Activation;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Values and gradients of every operator against recorded ones, computed in float64 from the same float32 inputs. */
@Tag("fixtures")
class OpFixturesTest {
  /** Relative to the largest element of the tensor: as close as PyTorch's own float32 results. */
  private static final double TOLERANCE = 3e-6;

  private static final Map<String, Function<FixtureRun, Variable>> OPS = new HashMap<>();

  static {
    arithmetic();
    shapes();
    reductions();
    layers();
    losses();
  }

  static List<Fixture> cases() throws IOException {
    return Fixture.all("ops");
  }

  @Test
  void everyOperatorHasItsFixture() throws IOException {
    Set<String> recorded = cases().stream().map(Fixture::op).collect(Collectors.toCollection(TreeSet::new));
    assertEquals(new TreeSet<>(OPS.keySet()), recorded);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void valueAndGradientsAreTheRecordedOnes(Fixture fixture) {
    Function<FixtureRun, Variable> op = OPS.get(fixture.op());
    assertNotNull(op, "no operator for the fixture " + fixture.op());
    FixtureRun run = new FixtureRun(fixture);
    run.check(op.apply(run), TOLERANCE);
  }

  private static void arithmetic() {
    OPS.put("add", r -> MathOps.add(r.in("a"), r.in("b")));
    OPS.put("sub", r -> MathOps.sub(r.in("a"), r.in("b")));
    OPS.put("mul", r -> MathOps.mul(r.in("a"), r.in("b")));
    OPS.put("div", r -> MathOps.div(r.in("a"), r.in("b")));
    OPS.put("neg", r -> MathOps.neg(r.in("x")));
    OPS.put("abs", r -> MathOps.abs(r.in("x")));
    OPS.put("exp", r -> MathOps.exp(r.in("x")));
    OPS.put("log", r -> MathOps.log(r.in("x")));
    OPS.put("sqrt", r -> MathOps.sqrt(r.in("x")));
    OPS.put("rsqrt", r -> MathOps.rsqrt(r.in("x")));
    OPS.put("pow", r -> MathOps.pow(r.in("x"), r.fixture().number("exponent")));
    OPS.put("clamp", r -> MathOps.clamp(r.in("x"), r.fixture().number("min"), r.fixture().number("max")));
    OPS.put("where", r -> MathOps.where(r.fixture().mask("cond"), r.in("a"), r.in("b")));
    OPS.put("masked_fill", r -> MathOps.maskedFill(r.in("x"), r.fixture().mask("mask"), r.fixture().number("value")));
    OPS.put("reuse", r -> {
      Variable x = r.in("x");
      return x.mul(x).add(ActivationOps.activation(Activation.TANH, x)).mul(x).sum(0);
    });
  }

  private static void shapes() {
    OPS.put("cat", r -> ShapeOps.cat(r.fixture().integer("dim"), r.fixture().inputs().stream().map(r::in).toList()));
    OPS.put("stack", r -> ShapeOps.stack(r.fixture().integer("dim"), r.fixture().inputs().stream().map(r::in).toList()));
    OPS.put("split", r -> ShapeOps.split(r.in("x"), r.fixture().integer("dim"), r.fixture().integers("sizes"))
        .get(r.fixture().integer("piece")));
    OPS.put("transpose", r -> r.in("x").transpose(r.fixture().integers("dims")[0], r.fixture().integers("dims")[1]));
    OPS.put("permute", r -> ShapeOps.permute(r.in("x"), r.fixture().integers("dims")));
    OPS.put("reshape", r -> {
      boolean moved = r.fixture().hasAttribute("after_transpose");
      int[] axes = moved ? r.fixture().integers("after_transpose") : null;
      Variable x = moved ? r.in("x").transpose(axes[0], axes[1]) : r.in("x");
      return x.reshape(r.fixture().integers("shape"));
    });
    OPS.put("expand", r -> ShapeOps.expand(r.in("x"), r.fixture().integers("shape")));
    OPS.put("repeat_interleave",
        r -> ShapeOps.repeatInterleave(r.in("x"), r.fixture().integer("repeats"), r.fixture().integer("dim")));
    OPS.put("slice", r -> sliced(r.in("x"), r.fixture().attribute("slices").asString()));
    OPS.put("gather", r -> GatherOps.gather(r.in("x"), r.fixture().integer("dim"), r.fixture().indices("index"),
        r.fixture().shape("index").toArray()));
    OPS.put("index_select",
        r -> GatherOps.indexSelect(r.in("x"), r.fixture().integer("dim"), r.fixture().indices("index")));
    OPS.put("embedding", r -> {
      int[] ids = r.fixture().indices("index");
      Variable table = r.in("weight");
      Variable rows = r.fixture().hasAttribute("padding_idx")
          ? GatherOps.paddedEmbedding(table, ids, r.fixture().integer("padding_idx")) : GatherOps.embedding(table, ids);
      return rows.reshape(r.fixture().expectedShape().toArray());
    });
  }

  /** A Python subscript such as {@code [:, 1:3]}, {@code [..., ::2]} or {@code [1]}. */
  private static Variable sliced(Variable x, String subscript) {
    String[] parts = subscript.substring(1, subscript.length() - 1).split(", ");
    boolean fromEnd = parts[0].equals("...");
    Variable result = x;
    for (int i = fromEnd ? 1 : 0; i < parts.length; i++) {
      int axis = fromEnd ? i - parts.length : i;
      int size = x.shape().dim(axis);
      String[] bounds = parts[i].split(":", -1);
      if (bounds.length == 1) {
        result = ShapeOps.select(result, axis, Integer.parseInt(bounds[0]));
      } else {
        int from = bounds[0].isEmpty() ? 0 : Integer.parseInt(bounds[0]);
        int to = bounds[1].isEmpty() ? size : Integer.parseInt(bounds[1]);
        int step = bounds.length < 3 ? 1 : Integer.parseInt(bounds[2]);
        result = step == 1 ? ShapeOps.slice(result, axis, from, to) : ShapeOps.slice(result, axis, from, to, step);
      }
    }
    return result;
  }

  private static void reductions() {
    OPS.put("sum", r -> ReduceOps.sum(r.in("x"), r.fixture().flag("keepdim"), r.fixture().integers("dim")));
    OPS.put("mean", r -> ReduceOps.mean(r.in("x"), r.fixture().flag("keepdim"), r.fixture().integers("dim")));
    OPS.put("amax", r -> ReduceOps.max(r.in("x"), r.fixture().flag("keepdim"), r.fixture().integers("dim")));
    OPS.put("max_dim", r -> ReduceOps.max(r.in("x"), false, r.fixture().integer("dim")));
    OPS.put("var", r -> ReduceOps.variance(r.in("x"), r.fixture().flag("unbiased"), r.fixture().flag("keepdim"),
        r.fixture().integers("dim")));
    OPS.put("softmax", r -> ReduceOps.softmax(r.in("x"), r.fixture().integer("dim")));
    OPS.put("log_softmax", r -> ReduceOps.logSoftmax(r.in("x"), r.fixture().integer("dim")));
    OPS.put("logsumexp", r -> ReduceOps.logSumExp(r.in("x"), false, r.fixture().integer("dim")));
    OPS.put("cumsum", r -> ReduceOps.cumulativeSum(r.in("x"), r.fixture().integer("dim")));
  }

  private static void layers() {
    OPS.put("matmul", r -> r.in("a").matmul(r.in("b")));
    OPS.put("linear", r -> MatMulOps.linear(r.in("x"), r.in("weight"), r.in("bias")));
    OPS.put("conv1d_gpt2", r -> MatMulOps.conv1d(r.in("x"), r.in("weight"), r.in("bias")));
    OPS.put("conv1d", r -> MatMulOps.convolution(r.in("x"), r.in("weight"), r.in("bias"), r.fixture().integer("stride"),
        r.fixture().integer("padding")));
    OPS.put("layer_norm", r -> NormOps.layerNorm(r.in("x"), r.in("weight"), r.in("bias"), r.fixture().number("eps")));
    OPS.put("rms_norm", r -> NormOps.rmsNorm(r.in("x"), r.in("weight"), 0, r.fixture().number("eps")));
    OPS.put("gelu", r -> ActivationOps.activation(
        r.fixture().attribute("approximate").asString().equals("tanh") ? Activation.GELU_TANH : Activation.GELU, r.in("x")));
    OPS.put("silu", r -> ActivationOps.activation(Activation.SILU, r.in("x")));
    OPS.put("relu", r -> ActivationOps.activation(Activation.RELU, r.in("x")));
    OPS.put("tanh", r -> ActivationOps.activation(Activation.TANH, r.in("x")));
    OPS.put("sigmoid", r -> ActivationOps.activation(Activation.SIGMOID, r.in("x")));
    OPS.put("dropout_with_mask",
        r -> ActivationOps.dropout(r.in("x"), r.fixture().number("p"), r.fixture().mask("mask")));
    OPS.put("scaled_dot_product_attention", OpFixturesTest::attention);
    OPS.put("rope", OpFixturesTest::rotated);
  }

  private static Variable attention(FixtureRun r) {
    Variable q = r.in("q");
    Variable k = r.in("k");
    Mask mask = null;
    Variable bias = null;
    if (r.fixture().flag("causal")) {
      mask = Mask.causal(q.shape().dim(-2), k.shape().dim(-2));
    } else if (r.fixture().has("mask") && r.fixture().attribute("mask").asString().startsWith("bool")) {
      mask = r.fixture().mask("mask");
    } else if (r.fixture().has("mask")) {
      bias = r.in("mask");
    }
    float scale = r.fixture().hasAttribute("scale") ? r.fixture().number("scale")
        : (float) (1 / Math.sqrt(q.shape().dim(-1)));
    return AttentionOps.maskedAttention(q, k, r.in("v"), mask, bias, scale);
  }

  /** Recorded with cosines repeated for both halves; the positions are the rows of those tables. */
  private static Variable rotated(FixtureRun r) {
    Shape shape = r.fixture().shape("x");
    int headDim = shape.dim(-1);
    int[] positions = new int[shape.rows()];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = i % shape.dim(-2);
    }
    Variable x = r.in("x").reshape(shape.rows(), headDim);
    Tensor cos = ShapeOps.slice(r.in("cos"), 1, 0, headDim / 2).value();
    Tensor sin = ShapeOps.slice(r.in("sin"), 1, 0, headDim / 2).value();
    return AttentionOps.rotate(x, headDim, cos, sin, positions).reshape(shape.toArray());
  }

  private static void losses() {
    OPS.put("cross_entropy", r -> LossFixturesTest.crossEntropy(r,
        new CrossEntropySettings(null, r.fixture().number("label_smoothing"), 0)));
    OPS.put("mse_loss", r -> LossOps.squaredError(r.in("x"), r.fixture().tensor("y"), 1f / r.fixture().shape("x").length()));
    OPS.put("bce_with_logits",
        r -> LossOps.binaryCrossEntropy(r.in("x"), r.fixture().tensor("y"), null, 1f / r.fixture().shape("x").length()));
  }
}
