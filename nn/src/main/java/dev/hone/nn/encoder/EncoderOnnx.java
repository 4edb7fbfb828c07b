package dev.hone.nn.encoder;

import dev.hone.core.Activation;
import dev.hone.core.Tensor;
import dev.hone.nn.Embedding;
import dev.hone.nn.Head;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.Linear;
import dev.hone.nn.ModelException;
import dev.hone.nn.Norm;
import dev.hone.nn.RmsNorm;
import dev.hone.nn.decoder.Rotary;
import dev.hone.nn.onnx.OnnxBuilder;
import java.util.Arrays;
import java.util.Map;

/**
 * An encoder as a graph of ONNX: [B, T] ids and mask (and token types where the model tells segments apart) to
 * {@code last_hidden_state} [B, T, C], or with a classifier to {@code logits} [B, labels]. Names of inputs and outputs are those
 * of transformers' own exports, which LangChain4j and Spring AI ask for.
 */
final class EncoderOnnx {
  private static final String BATCH = "batch_size";
  private static final String LENGTH = "sequence_length";
  private static final float MASKED = -1e30f; // two of them are still a number

  private final EncoderConfig config;
  private final OnnxBuilder graph;
  private String mask; // [B, T]
  private String places; // [T]: 0, 1, 2, ...
  private String padding; // what is added to scores: 0 where a token is, [B, 1, 1, T]

  EncoderOnnx(EncoderConfig config, OnnxBuilder graph) {
    this.config = config;
    this.graph = graph;
  }

  void export(EncoderModel model, Head head) {
    String ids = graph.input("input_ids", BATCH, LENGTH);
    mask = graph.input("attention_mask", BATCH, LENGTH);
    String length = graph.node("Gather", Map.of("axis", 0), graph.node("Shape", ids), graph.integer(1));
    places = graph.node("Range", graph.integer(0), length, graph.integer(1));
    padding = biasWhereNot(graph.node("Unsqueeze", cast(mask), graph.longs(1, 2)));
    String x = embed(model.input(), ids);
    for (int i = 0; i < model.layers().size(); i++) {
      if (!(model.layers().get(i) instanceof EncoderBlock block)) {
        throw refused("its layers");
      }
      x = block(block, x, "layer." + i + ".");
    }
    if (model.norm() != null) {
      x = norm(x, "norm", model.norm());
    }
    if (head instanceof ClassificationHead classifier) {
      int labels = classifier.classifier().layer().outputs();
      graph.output(classify(classifier, x), "logits", BATCH, Integer.toString(labels));
    } else {
      graph.output(x, "last_hidden_state", BATCH, LENGTH, Integer.toString(config.hiddenSize()));
    }
  }

  private ModelException refused(String what) {
    return new ModelException("ONNX: model_type '" + config.modelType() + "' is not exported: " + what + " have no graph here");
  }

  private String cast(String x) {
    return graph.node("Cast", Map.of("to", OnnxBuilder.FLOAT), x);
  }

  /** 0 where {@code open} is 1, and next to minus infinity where it is 0. */
  private String biasWhereNot(String open) {
    return graph.node("Mul", graph.node("Sub", graph.floats(1), open), graph.floats(MASKED));
  }

  private String embed(EncoderEmbeddings input, String ids) {
    String x = rows("embeddings.word", input.words(), ids);
    if (input.types() != null) {
      Tensor table = input.types().layer().weight().value();
      x = graph.node("Add", x, table.dim(0) == 1 ? graph.row("embeddings.token_type", table.toFloatArray())
          : rows("embeddings.token_type", input.types(), graph.input("token_type_ids", BATCH, LENGTH)));
    }
    if (input.positions() != null) {
      String numbers = places;
      if (input.firstPosition() > 0) { // tokens are counted from the first row, padding has the one before it
        String counted = graph.node("Mul", graph.node("CumSum", mask, graph.integer(1)), mask);
        numbers = graph.node("Add", counted, graph.integer(input.firstPosition() - 1));
      }
      x = graph.node("Add", x, rows("embeddings.position", input.positions(), numbers));
    }
    if (input.normedLast()) {
      return norm(project(input, x), "embeddings.norm", input.norm());
    }
    return project(input, input.norm() == null ? x : norm(x, "embeddings.norm", input.norm()));
  }

  private String project(EncoderEmbeddings input, String x) {
    return input.projection() == null ? x : linear(x, "embeddings.projection", input.projection());
  }

  private String rows(String name, Named<Embedding> table, String numbers) {
    if (table.layer().adapter() != null) {
      throw new IllegalStateException("ONNX: merge the adapter first");
    }
    String rows = graph.rows(name, table.layer().weight().value(), numbers);
    return table.layer().scale() == 1 ? rows : graph.node("Mul", rows, graph.floats(table.layer().scale()));
  }

  private String block(EncoderBlock block, String x, String at) {
    if (!(block.attention() instanceof ProjectedAttention attention) || attention.causal()
        || attention.heads() != attention.kvHeads()) {
      throw refused("its relative positions, one direction or shared keys");
    }
    String in = block.normFirst() && block.attentionNorm() != null ? norm(x, at + "attention.norm", block.attentionNorm()) : x;
    String mixed = linear(attention(attention, in, at), at + "attention", block.output());
    String h = graph.node("Add", mixed, x);
    if (block.normFirst()) {
      String inner = norm(h, at + "output.norm", block.feedForwardNorm());
      return graph.node("Add", feedForward(block.feedForward(), inner, at), h);
    }
    h = norm(h, at + "attention.norm", block.attentionNorm());
    return norm(graph.node("Add", feedForward(block.feedForward(), h, at), h), at + "output.norm", block.feedForwardNorm());
  }

  private String attention(ProjectedAttention attention, String x, String at) {
    int width = attention.heads() * attention.headDim();
    String query;
    String key;
    String value;
    if (attention.fused() != null) {
      String all = linear(x, at + "qkv", attention.fused());
      query = part(all, 0, width);
      key = part(all, width, 2L * width);
      value = part(all, 2L * width, 3L * width);
    } else {
      query = linear(x, at + "query", attention.query());
      key = linear(x, at + "key", attention.key());
      value = linear(x, at + "value", attention.value());
    }
    query = turned(attention, heads(attention, query));
    key = graph.node("Transpose", Map.of("perm", new long[] {0, 1, 3, 2}), turned(attention, heads(attention, key)));
    float scale = (float) (1 / Math.sqrt(attention.headDim()));
    String scores = graph.node("Add", graph.node("Mul", graph.node("MatMul", query, key), graph.floats(scale)), padding);
    if (attention.window() != Integer.MAX_VALUE) {
      scores = graph.node("Add", scores, near(attention.window()));
    }
    String mixed = graph.node("MatMul", graph.node("Softmax", Map.of("axis", -1), scores), heads(attention, value));
    String byToken = graph.node("Transpose", Map.of("perm", new long[] {0, 2, 1, 3}), mixed);
    return graph.node("Reshape", byToken, graph.longs(0, 0, width));
  }

  /** Columns of the last axis. */
  private String part(String x, long from, long to) {
    return graph.node("Slice", x, graph.longs(from), graph.longs(to), graph.longs(-1));
  }

  /** [B, T, H · D] -> [B, H, T, D]. */
  private String heads(ProjectedAttention attention, String x) {
    String split = graph.node("Reshape", x, graph.longs(0, 0, attention.heads(), attention.headDim()));
    return graph.node("Transpose", Map.of("perm", new long[] {0, 2, 1, 3}), split);
  }

  /** What is added to scores where keys further away are not seen, [T, T]. */
  private String near(int window) {
    String distance = graph.node("Abs", graph.node("Sub", graph.node("Unsqueeze", places, graph.longs(1)),
        graph.node("Unsqueeze", places, graph.longs(0))));
    return biasWhereNot(cast(graph.node("Less", distance, graph.integer(window))));
  }

  /** Both halves of each head turned by cosines and sines of the position, from tables. */
  private String turned(ProjectedAttention attention, String x) {
    Rotary rotary = attention.rotary();
    if (rotary == null) {
      return x;
    }
    int half = attention.headDim() / 2;
    if (rotary.interleaved() || rotary.rope().reach() != Integer.MAX_VALUE || rotary.rope().near().length != half) {
      throw refused("its rotary positions");
    }
    int length = config.maxLength();
    float[] cos = new float[length * half];
    float[] sin = new float[length * half];
    for (int i = 0; i < cos.length; i++) {
      double angle = i / half * rotary.rope().near()[i % half];
      cos[i] = (float) (Math.cos(angle) * rotary.rope().magnitude());
      sin[i] = (float) (Math.sin(angle) * rotary.rope().magnitude());
    }
    String name = "rotary." + Integer.toHexString(Arrays.hashCode(rotary.rope().near()));
    String c = graph.table(name + ".cos", Tensor.of(cos, length, half), places);
    String s = graph.table(name + ".sin", Tensor.of(sin, length, half), places);
    String left = part(x, 0, half);
    String right = part(x, half, 2L * half);
    return graph.node("Concat", Map.of("axis", -1), graph.node("Sub", graph.node("Mul", left, c), graph.node("Mul", right, s)),
        graph.node("Add", graph.node("Mul", right, c), graph.node("Mul", left, s)));
  }

  private String feedForward(EncoderFeedForward part, String x, String at) {
    String wide;
    if (part.gate() != null) {
      String gate = activation(part.activation(), linear(x, at + "gate", part.gate()));
      wide = graph.node("Mul", gate, linear(x, at + "up", part.up()));
    } else if (part.fusedGate()) {
      String both = linear(x, at + "up", part.up());
      int width = part.up().layer().outputs() / 2;
      wide = graph.node("Mul", activation(part.activation(), part(both, 0, width)), part(both, width, 2L * width));
    } else {
      wide = activation(part.activation(), linear(x, at + "up", part.up()));
    }
    return linear(wide, at + "down", part.down());
  }

  private String classify(ClassificationHead head, String hidden) {
    return switch (head.pooling()) {
      case FIRST -> answers(head, graph.node("Gather", Map.of("axis", 1), hidden, graph.integer(0)));
      case MEAN -> answers(head, mean(hidden));
      case LATE -> mean(answers(head, hidden));
    };
  }

  /** Over the tokens. [B, T, X] -> [B, X]. */
  private String mean(String x) {
    String weights = cast(mask);
    String weighted = graph.node("Mul", x, graph.node("Unsqueeze", weights, graph.longs(2)));
    String sum = graph.node("ReduceSum", Map.of("keepdims", 0), weighted, graph.longs(1));
    return graph.node("Div", sum, graph.node("ReduceSum", Map.of("keepdims", 1), weights, graph.longs(1)));
  }

  private String answers(ClassificationHead head, String x) {
    String pooled = activation(head.activation(), linear(x, "head.dense", head.dense()));
    return linear(head.norm() == null ? pooled : norm(pooled, "head.norm", head.norm()), "head.classifier", head.classifier());
  }

  private String linear(String x, String name, Named<Linear> part) {
    Linear layer = part.layer();
    if (layer.adapter() != null) {
      throw new IllegalStateException("ONNX: merge the adapter first");
    }
    Tensor bias = layer.bias() == null ? null : layer.bias().value();
    return graph.linear(x, name, layer.weight().value(), layer.isTransposed(), bias);
  }

  private String norm(String x, String name, Named<? extends Norm> part) {
    return switch (part.layer()) {
      case LayerNorm norm -> graph.layerNorm(x, name, norm.weight().value(), norm.bias() == null ? null : norm.bias().value(),
          norm.eps());
      case RmsNorm norm when norm.offset() == 0 -> {
        String mean = graph.node("ReduceMean", Map.of("axes", new long[] {-1}), graph.node("Mul", x, x));
        String scaled = graph.node("Div", x, graph.node("Sqrt", graph.node("Add", mean, graph.floats(norm.eps()))));
        yield graph.node("Mul", scaled, graph.row(name + ".weight", norm.weight().value().toFloatArray()));
      }
      default -> throw refused("its norms");
    };
  }

  private String activation(Activation activation, String x) {
    return switch (activation) {
      case NONE -> x;
      case RELU -> graph.node("Relu", x);
      case TANH -> graph.node("Tanh", x);
      case SIGMOID -> graph.node("Sigmoid", x);
      case SILU -> graph.node("Mul", x, graph.node("Sigmoid", x));
      case GELU -> {
        String erf = graph.node("Erf", graph.node("Div", x, graph.floats((float) Math.sqrt(2))));
        yield graph.node("Mul", graph.node("Mul", x, graph.node("Add", erf, graph.floats(1))), graph.floats(0.5f));
      }
      case GELU_TANH -> {
        String cube = graph.node("Mul", graph.node("Mul", graph.node("Mul", x, x), x), graph.floats(0.044715f));
        String inner = graph.node("Mul", graph.node("Add", x, cube), graph.floats((float) Math.sqrt(2 / Math.PI)));
        String tanh = graph.node("Add", graph.node("Tanh", inner), graph.floats(1));
        yield graph.node("Mul", graph.node("Mul", x, tanh), graph.floats(0.5f));
      }
    };
  }
}
