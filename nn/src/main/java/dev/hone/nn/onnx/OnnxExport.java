package dev.hone.nn.onnx;

import dev.hone.autograd.GradMode;
import dev.hone.core.Scope;
import dev.hone.core.io.TensorFileException;
import dev.hone.core.random.Philox;
import dev.hone.nn.ModelException;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes encoders as ONNX graphs for ONNX Runtime, LangChain4j's in-process models and Spring AI, and reads each again: the graph
 * is computed as the file has it, in 64 bits, and its answers are compared with the model's.
 */
public final class OnnxExport {
  /** The most by which answers may differ, as a share of the largest, where weights keep their 32 bits. */
  public static final double EXACT = 1e-4;
  /** How far answers may be off in 8 bits. */
  public static final double ROUNDED = 0.25;
  private static final int LONG = 12;
  private static final int SHORT = 7;

  private OnnxExport() {}

  /**
   * Writes a model without adapters; above {@link OnnxBuilder#MAX_INLINE} bytes of weights they go to {@code FILE.data}.
   *
   * @param quantized whether matrices are held in 8 bits
   * @param version of the library, which the file names
   * @return by how much the answers of the file differ from the model's, as a share of the largest: about what ONNX Runtime's
   *     will, since it and the model compute in 32 bits
   * @throws dev.hone.nn.ModelException if the family has no such graph
   * @throws TensorFileException if the file does not compute what the model does; it is deleted then
   */
  public static double write(PretrainedModel model, Path file, boolean quantized, String version) throws IOException {
    return write(model, file, quantized, version, OnnxBuilder.MAX_INLINE);
  }

  static double write(PretrainedModel model, Path file, boolean quantized, String version, long maxInline) throws IOException {
    if (!(model.config() instanceof OnnxWritable family)) {
      throw new ModelException("ONNX: model_type '" + model.config().modelType() + "' is not exported; only encoders are");
    }
    OnnxBuilder graph = new OnnxBuilder(quantized);
    family.onnx(model, graph);
    graph.write(file, version, maxInline);
    double difference = difference(model, file);
    if (!(difference <= (quantized ? ROUNDED : EXACT))) {
      Files.deleteIfExists(file);
      Files.deleteIfExists(file.resolveSibling(file.getFileName() + ".data"));
      throw new TensorFileException(file + ": read again, its answers differ by " + difference + " of the largest from the "
          + "model's; the file was deleted");
    }
    return difference;
  }

  /** By how much the answers of a file differ from a model's for two texts of random tokens, as a share of the largest. */
  static double difference(PretrainedModel model, Path file) throws IOException {
    int longer = Math.min(LONG, model.maxLength());
    int shorter = Math.min(SHORT, longer);
    Philox random = new Philox(1, 1);
    long[] ids = new long[2 * longer];
    long[] mask = new long[2 * longer];
    long[] types = new long[2 * longer];
    List<int[]> texts = new ArrayList<>();
    for (int text = 0; text < 2; text++) {
      int[] tokens = new int[text == 0 ? longer : shorter];
      for (int i = 0; i < tokens.length; i++) {
        tokens[i] = random.below(text * longer + i, model.config().vocabSize());
        ids[text * longer + i] = tokens[i];
        mask[text * longer + i] = 1;
      }
      texts.add(tokens);
    }
    int[] dims = {2, longer};
    OnnxRun.Value answer = OnnxRun.run(file, OnnxGraph.open(file), Map.of("input_ids", OnnxRun.Value.of(dims, ids),
        "attention_mask", OnnxRun.Value.of(dims, mask), "token_type_ids", OnnxRun.Value.of(dims, types)));
    float[] expected;
    try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open()) {
      TokenBatch batch = TokenBatch.of(texts);
      expected = (model.task() == Task.EMBEDDING ? model.hidden(batch, Pass.inference()) : model.forward(batch, Pass.inference()))
          .value().toFloatArray();
    }
    // Hidden states of padding, which follow those of the shorter text, are no answers.
    double largest = Float.MIN_NORMAL;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs(expected[i] - answer.data()[i]));
    }
    return expected.length > answer.data().length ? Double.POSITIVE_INFINITY : difference / largest;
  }
}
