package dev.hone.train.infer;

import dev.hone.core.io.AtomicFile;
import dev.hone.nn.ModelException;
import dev.hone.nn.family.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A classifier on the vectors of an embedding model, as few-shot training makes it.
 *
 * {@snippet :
 * FewShotClassifier classifier = FewShotClassifier.load(Path.of("out/model"));
 * classifier.predict(List.of("works like a charm")).getFirst().label();
 * }
 *
 * @param embedder makes the vectors
 * @param labels names of the classes
 * @param head on the vectors
 */
public record FewShotClassifier(TextEmbedder embedder, List<String> labels, LogisticRegression head) {
  /** The file of the labels and the head, in the directory of the embedding model. */
  public static final String FILE = "few_shot_head.json";

  /** Checks that both parts belong together. */
  public FewShotClassifier {
    labels = List.copyOf(labels);
    if (labels.size() != head.classes() || head.weights()[0].length != embedder.dimensions()) {
      throw new IllegalArgumentException("FewShotClassifier: " + labels.size() + " labels and vectors of " + embedder.dimensions()
          + " numbers, the head is for " + head.classes() + " and " + head.weights()[0].length);
    }
  }

  /** Whether a directory has such a classifier. */
  public static boolean isIn(Path directory) {
    return Files.isRegularFile(directory.resolve(FILE));
  }

  /** Loads a directory that few-shot training wrote. */
  public static FewShotClassifier load(Path directory) throws IOException {
    return load(directory, null);
  }

  /**
   * Loads a base and the adapter that few-shot training wrote.
   *
   * @param adapter with the head in it, or null if it is in {@code directory}
   */
  public static FewShotClassifier load(Path directory, Path adapter) throws IOException {
    Path file = (adapter == null ? directory : adapter).resolve(FILE);
    ConfigReader json = ConfigReader.read(file);
    List<String> labels = json.texts("labels");
    JsonNode weights = json.tree().path("weights");
    JsonNode intercepts = json.tree().path("intercepts");
    int rows = labels.size() == 2 ? 1 : labels.size();
    TextEmbedder embedder = TextEmbedder.load(directory, adapter);
    if (labels.size() < 2 || weights.size() != rows || intercepts.size() != rows) {
      throw new ModelException(file + ": " + labels.size() + " labels, " + weights.size() + " rows of weights, "
          + intercepts.size()
          + " intercepts; expected 2 labels or more, and a row per label, or one of two labels");
    }
    double[][] read = new double[rows][];
    double[] shifts = new double[rows];
    for (int k = 0; k < rows; k++) {
      read[k] = weights.get(k).valueStream().mapToDouble(JsonNode::asDouble).toArray();
      shifts[k] = intercepts.get(k).asDouble();
      if (read[k].length != embedder.dimensions()) {
        throw new ModelException(file + ": row " + k + " has " + read[k].length + " weights, vectors have "
            + embedder.dimensions()
            + " numbers");
      }
    }
    return new FewShotClassifier(embedder, labels, new LogisticRegression(labels.size(), read, shifts));
  }

  /** Writes labels and head. */
  public void saveHead(Path directory) throws IOException {
    ObjectNode tree = JsonMapper.shared().createObjectNode();
    labels.forEach(tree.putArray("labels")::add);
    ArrayNode rows = tree.putArray("weights");
    for (double[] row : head.weights()) {
      ArrayNode numbers = rows.addArray();
      for (double number : row) {
        numbers.add(number);
      }
    }
    ArrayNode shifts = tree.putArray("intercepts");
    for (double shift : head.intercepts()) {
      shifts.add(shift);
    }
    AtomicFile.writeString(directory.resolve(FILE), JsonMapper.shared().writeValueAsString(tree) + "\n");
  }

  /** Labels of texts, in their order. */
  public List<TextClassifier.Prediction> predict(List<String> texts) {
    List<TextClassifier.Prediction> predictions = new ArrayList<>();
    for (float[] vector : embedder.embed(texts)) {
      double[] exact = head.probabilities(vector);
      float[] probabilities = new float[exact.length];
      int best = 0;
      for (int k = 0; k < exact.length; k++) {
        probabilities[k] = (float) exact[k];
        best = exact[k] > exact[best] ? k : best;
      }
      predictions.add(new TextClassifier.Prediction(labels.get(best), probabilities[best], probabilities));
    }
    return predictions;
  }
}
