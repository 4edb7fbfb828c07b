package dev.hone.train.evaluation;

import dev.hone.core.io.AtomicFile;
import dev.hone.train.data.DataException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code predictions.jsonl}: a JSON object per row, which can be read back and compared with those of another run by
 * {@code key}. All have {@code key, line, text, loss}; a classifier's have {@code truth, predicted, probabilities} (by label),
 * a regression's {@code truth, predicted}, a language model's {@code tokens, hits} and perhaps {@code reference, generated},
 * a pair's {@code chosen, rejected, chosen_tokens, rejected_tokens} and perhaps {@code chosen_reward, rejected_reward}, a
 * tagger's {@code tags, predicted_tags}.
 *
 * @param labels the names of classes or labels; empty if there are none
 * @param predictions the rows
 */
public record PredictionsFile(List<String> labels, List<Prediction> predictions) {
  /** The usual name of the file in a run's directory. */
  public static final String NAME = "predictions.jsonl";

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** What {@link #write} would write. */
  public static PredictionsFile of(Evaluation evaluation) {
    return new PredictionsFile(evaluation.labels(), evaluation.predictions());
  }

  /** Writes the rows of an evaluation. */
  public static void write(Path file, Evaluation evaluation) throws IOException {
    try (AtomicFile out = AtomicFile.create(file)) {
      for (Prediction prediction : evaluation.predictions()) {
        String line = JSON.writeValueAsString(tree(prediction, evaluation.labels())) + "\n";
        out.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
      }
      out.commit();
    }
  }

  static ObjectNode tree(Prediction prediction, List<String> labels) {
    Row row = prediction.row();
    ObjectNode tree = JSON.createObjectNode().put("key", row.key()).put("line", row.line()).put("text", row.text());
    switch (prediction) {
      case Prediction.OneClass one -> {
        tree.put("truth", labels.get(one.truth())).put("predicted", labels.get(one.predicted()));
        probabilities(tree, labels, one.probabilities());
      }
      case Prediction.SomeLabels some -> {
        names(tree.putArray("truth"), labels, some.truth());
        names(tree.putArray("predicted"), labels, some.predicted());
        probabilities(tree, labels, some.probabilities());
      }
      case Prediction.OneNumber number -> tree.put("truth", number.truth()).put("predicted", number.predicted());
      case Prediction.OnePair pair -> {
        tree.put("chosen", pair.chosen()).put("rejected", pair.rejected()).put("chosen_tokens", pair.chosenTokens())
            .put("rejected_tokens", pair.rejectedTokens());
        if (!Double.isNaN(pair.chosenReward())) {
          tree.put("chosen_reward", pair.chosenReward()).put("rejected_reward", pair.rejectedReward());
        }
      }
      case Prediction.OneTagging tagging -> {
        tagging.truth().forEach(tree.putArray("tags")::add);
        tagging.predicted().forEach(tree.putArray("predicted_tags")::add);
      }
      case Prediction.OneText text -> {
        tree.put("tokens", text.tokens()).put("hits", text.hits());
        if (text.reference() != null) {
          tree.put("reference", text.reference());
        }
        if (text.generated() != null) {
          tree.put("generated", text.generated());
        }
      }
    }
    return tree.put("loss", prediction.loss());
  }

  private static void probabilities(ObjectNode tree, List<String> labels, double[] probabilities) {
    ObjectNode all = tree.putObject("probabilities");
    for (int i = 0; i < probabilities.length; i++) {
      all.put(labels.get(i), probabilities[i]);
    }
  }

  private static void names(ArrayNode array, List<String> labels, boolean[] chosen) {
    IntStream.range(0, chosen.length).filter(l -> chosen[l]).forEach(l -> array.add(labels.get(l)));
  }

  /** Reads a file. Throws {@link DataException} with the line that is not what is written here. */
  public static PredictionsFile read(Path file) throws IOException {
    List<String> labels = List.of();
    List<Prediction> predictions = new ArrayList<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      try {
        JsonNode tree = JSON.readTree(lines.get(i));
        if (i == 0) {
          labels = List.copyOf(tree.path("probabilities").propertyNames());
        }
        predictions.add(prediction(tree, labels));
      } catch (JacksonException | IllegalArgumentException e) {
        throw new DataException(file.toString(), i + 1, "is not a prediction: " + (e instanceof JacksonException j
            ? j.getOriginalMessage() : e.getMessage()), e);
      }
    }
    if (predictions.isEmpty()) {
      throw new DataException(file.toString(), "has no predictions");
    }
    return new PredictionsFile(labels, predictions);
  }

  private static Prediction prediction(JsonNode tree, List<String> labels) {
    Row row = new Row(required(tree, "key").asString(), required(tree, "line").asInt(), required(tree, "text").asString());
    double loss = required(tree, "loss").asDouble();
    if (tree.has("tokens")) {
      return new Prediction.OneText(row, tree.get("tokens").asLong(), required(tree, "hits").asLong(), loss,
          text(tree, "reference"), text(tree, "generated"));
    }
    if (tree.has("chosen")) {
      return new Prediction.OnePair(row, tree.get("chosen").asDouble(), required(tree, "rejected").asDouble(),
          required(tree, "chosen_tokens").asInt(), required(tree, "rejected_tokens").asInt(),
          tree.path("chosen_reward").asDouble(Double.NaN), tree.path("rejected_reward").asDouble(Double.NaN), loss);
    }
    if (tree.has("tags")) {
      return new Prediction.OneTagging(row, texts(tree.get("tags")), texts(required(tree, "predicted_tags")), loss);
    }
    JsonNode truth = required(tree, "truth");
    if (!tree.has("probabilities")) {
      return new Prediction.OneNumber(row, truth.asDouble(), required(tree, "predicted").asDouble());
    }
    double[] probabilities = labels.stream()
        .mapToDouble(label -> required(tree.get("probabilities"), label).asDouble()).toArray();
    if (!truth.isArray()) {
      return new Prediction.OneClass(row, number(labels, truth), probabilities, loss);
    }
    boolean[] holds = new boolean[labels.size()];
    truth.forEach(label -> holds[number(labels, label)] = true);
    return new Prediction.SomeLabels(row, holds, probabilities, loss);
  }

  private static List<String> texts(JsonNode list) {
    return list.valueStream().map(JsonNode::asString).toList();
  }

  private static int number(List<String> labels, JsonNode label) {
    int number = labels.indexOf(label.asString());
    if (number < 0) {
      throw new IllegalArgumentException("label '" + label.asString() + "' has no probability in the first row");
    }
    return number;
  }

  private static JsonNode required(JsonNode tree, String key) {
    JsonNode value = tree.get(key);
    if (value == null || value.isNull()) {
      throw new IllegalArgumentException("'" + key + "' is missing");
    }
    return value;
  }

  private static String text(JsonNode tree, String key) {
    return tree.has(key) ? tree.get(key).asString() : null;
  }
}
