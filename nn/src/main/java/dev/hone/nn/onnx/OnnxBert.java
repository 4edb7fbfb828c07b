package dev.hone.nn.onnx;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.io.AtomicFile;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.core.io.TensorFileException;
import dev.hone.core.io.TensorSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * A BERT encoder in an ONNX file as PyTorch's exporter writes it: the sentence embedders that Maven Central has are such files.
 * Everything is checked when it is opened: the tensors are those of a Hugging Face {@code BertModel}, no more and no less
 * (the pooler may be absent), and fit each other.
 *
 * <p>The configuration comes from the file alone. Widths and counts are shapes; heads, epsilon and activation stand
 * in the graph. For all-MiniLM-L6-v2: 6 layers, hidden 384, 12 heads, feed-forward 1536, epsilon 1e-12, exact gelu.
 */
public final class OnnxBert {
  private static final String WORDS = "embeddings.word_embeddings.weight";
  private static final String POSITIONS = "embeddings.position_embeddings.weight";
  private static final String TOKEN_TYPES = "embeddings.token_type_embeddings.weight";
  private static final int MAX_LAYERS = 1000;

  private final Path file;
  private final TensorSource weights;
  private final Map<String, Object> config = new LinkedHashMap<>();

  private OnnxBert(Path file, OnnxGraph graph) throws TensorFileException {
    this.file = file;
    this.weights = new OnnxWeights(file, graph);
    int hidden = matrix(WORDS).dim(1);
    int layers = layers();
    int inner = matrix("encoder.layer.0.intermediate.dense.weight").dim(0);
    checkNames(BertShapes.of(weights, layers, hidden, inner));
    BertGraph structure = new BertGraph(file, graph);
    config.put("architectures", List.of("BertModel"));
    config.put("model_type", "bert");
    config.put("dtype", "float32");
    config.put("vocab_size", matrix(WORDS).dim(0));
    config.put("hidden_size", hidden);
    config.put("num_hidden_layers", layers);
    config.put("num_attention_heads", structure.heads(hidden));
    config.put("intermediate_size", inner);
    config.put("hidden_act", structure.activation());
    config.put("hidden_dropout_prob", 0.1); // BERT's own, for training; an exported graph has no dropout
    config.put("attention_probs_dropout_prob", 0.1);
    config.put("max_position_embeddings", matrix(POSITIONS).dim(0));
    config.put("type_vocab_size", matrix(TOKEN_TYPES).dim(0));
    config.put("initializer_range", 0.02);
    config.put("layer_norm_eps", Double.valueOf(Float.toString(structure.layerNormEps())));
    config.put("pad_token_id", 0);
    config.put("position_embedding_type", "absolute");
  }

  /**
   * Opens and checks a file.
   *
   * @throws TensorFileException if it is not a valid ONNX file, or not a BERT with float weights
   */
  public static OnnxBert open(Path file) throws IOException {
    return new OnnxBert(file, OnnxGraph.open(file));
  }

  /** The weights under Hugging Face's names; linear layers are {@code [out, in]}. */
  public TensorSource weights() {
    return weights;
  }

  /** The content of {@code config.json}. */
  public Map<String, Object> config() {
    return Collections.unmodifiableMap(config);
  }

  /** Writes {@code config.json} and {@code model.safetensors} into an existing directory. */
  public void writeTo(Path directory) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    for (String name : weights.names()) {
      writer.add(name, weights.shape(name), DType.F32, () -> weights.tensor(name));
    }
    writer.writeModel(directory, SafetensorsWriter.DEFAULT_SHARD_BYTES);
    JsonMapper json = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    AtomicFile.writeString(directory.resolve("config.json"), json.writeValueAsString(config) + "\n");
  }

  private int layers() throws TensorFileException {
    int layers = 0;
    while (layers < MAX_LAYERS && weights.contains("encoder.layer." + layers + ".output.LayerNorm.weight")) {
      layers++;
    }
    return layers;
  }

  private Shape matrix(String name) throws TensorFileException {
    require(name);
    Shape shape = weights.shape(name);
    if (shape.rank() != 2) {
      throw new TensorFileException(file + ": tensor " + TensorFileException.quote(name) + ": expected a matrix, it is " + shape);
    }
    return shape;
  }

  private void require(String name) throws TensorFileException {
    if (!weights.contains(name)) {
      throw new TensorFileException(file + ": not an exported BERT: tensor " + TensorFileException.quote(name) + " is missing");
    }
  }

  private void checkNames(Map<String, Shape> expected) throws TensorFileException {
    for (Map.Entry<String, Shape> tensor : expected.entrySet()) {
      String name = tensor.getKey();
      require(name);
      if (!weights.shape(name).equals(tensor.getValue())) {
        throw new TensorFileException(file + ": tensor " + TensorFileException.quote(name) + ": expected " + tensor.getValue()
            + ", it is " + weights.shape(name));
      }
    }
    for (String name : weights.names()) {
      if (!expected.containsKey(name)) {
        throw new TensorFileException(file + ": not an exported BERT: tensor " + TensorFileException.quote(name)
            + " has no place in one");
      }
    }
  }
}
