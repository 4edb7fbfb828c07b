package dev.hone.train.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.hone.autograd.Parameter;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.train.TinyModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.Trainer;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class RunRecorderTest {
  @TempDir
  Path directory;

  @Test
  void answersFromBeforeAreThoseOfTheUntrainedModelThoughAskedForAtTheEnd() throws IOException {
    Path base = TinyModel.write(directory.resolve("model"));
    Path data = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(60));
    Dataset<Example.Labelled> rows = Dataset.labelled(data, DataOptions.DETECT);
    ClassifierTuning tuning = ClassifierTuning.adapted(base, ClassifierTuning.labels(rows, Labels.Kind.SINGLE_LABEL),
        LoraConfig.of(4, 8), 1);
    RunRecorder recorder = RunRecorder.of(tuning, rows, null, new RunRecorder.About("tiny", "lora", List.of(), ""));
    String untrained = answer(tuning, rows.row(0).text());
    recorder.before();
    Trainer.Result result = tuning.train(rows, null, TrainConfig.of(Map.of("learning_rate", 0.01, "num_train_epochs", 3)));
    String trained = answer(tuning, rows.row(0).text());
    assertNotEquals(untrained, trained);
    List<float[]> values = values(tuning);
    recorder.finish(directory, result, tuning.encode(rows));
    JsonNode sample = JsonMapper.shared().readTree(directory.resolve("run.json").toFile()).get("samples").get(0);
    assertEquals(untrained, sample.get("before").asString());
    assertEquals(trained, sample.get("after").asString());
    List<float[]> after = values(tuning);
    for (int i = 0; i < values.size(); i++) {
      assertArrayEquals(values.get(i), after.get(i), "what was trained is what it was");
    }
  }

  private static List<float[]> values(ClassifierTuning tuning) {
    return tuning.parameters().stream().map(Parameter::value).map(value -> value.toFloatArray()).toList();
  }

  private static String answer(ClassifierTuning tuning, String text) {
    TextClassifier.Prediction prediction = tuning.classifier().predict(List.of(text)).getFirst();
    return String.format(Locale.ROOT, "%s (%.2f)", prediction.label(), prediction.probability());
  }
}
