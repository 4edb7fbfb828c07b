package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.lora.LoraConfig;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.task.classify.ClassifierTuning;
import dev.hone.train.task.generate.LanguageTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The setting {@code dropout} does what the same numbers in the model's configuration do, and nothing to adapters. */
class DropoutTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir
  Path directory;

  private static TrainConfig config(double dropout) {
    return TrainConfig.of(Map.of("max_steps", 3, "batch_size", 8, "learning_rate", 1e-2, "dropout", dropout));
  }

  private static void write(Path model, double dropout, String... keys) throws IOException {
    Path file = model.resolve("config.json");
    ObjectNode tree = (ObjectNode) JSON.readTree(Files.readString(file));
    for (String key : keys) {
      tree.put(key, dropout);
    }
    Files.writeString(file, JSON.writeValueAsString(tree));
  }

  private float[] classifier(Path model, double dropout, float adapters) throws IOException {
    Dataset<Example.Labelled> data = Dataset.labelled(Files.writeString(directory.resolve("reviews.csv"),
        TinyModel.reviews(40)), DataOptions.DETECT);
    LoraConfig lora = new LoraConfig(4, 8, adapters, List.of(), List.of());
    ClassifierTuning tuning = ClassifierTuning.lora(model, LabelSet.of(data), lora, 1);
    tuning.train(data, null, config(dropout));
    return tuning.parameters().iterator().next().value().toFloatArray();
  }

  private float[] language(Path model, double dropout) throws IOException {
    Dataset<Example.Language> data = Dataset.language(Files.writeString(directory.resolve("rows.jsonl"),
        "{\"text\": \"once upon a time\"}\n{\"text\": \"there was a fox\"}\n".repeat(10)), DataOptions.DETECT);
    LanguageTuning tuning = LanguageTuning.lora(model, LoraConfig.of(4, 8), 1);
    tuning.train(data, null, config(dropout));
    return tuning.parameters().iterator().next().value().toFloatArray();
  }

  @Test
  void anEncodersDropoutIsReplacedEverywhere() throws IOException {
    Path model = TinyModel.write(directory.resolve("model"));
    float[] own = classifier(model, -1, 0);
    assertArrayEquals(own, classifier(model, 0.1, 0), "0.1 is what the model has");
    float[] other = classifier(model, 0.3, 0);
    float[] none = classifier(model, 0, 0);
    assertFalse(Arrays.equals(own, other));
    write(model, 0.3, "hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout");
    assertArrayEquals(other, classifier(model, -1, 0));
    write(model, 0, "hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout");
    assertArrayEquals(none, classifier(model, -1, 0));
  }

  @Test
  void aDecodersDropoutIsReplacedEverywhere() throws IOException {
    Path model = TinyLanguageModel.write(directory.resolve("model"));
    float[] own = language(model, -1);
    assertArrayEquals(own, language(model, 0), "Llama has none");
    float[] other = language(model, 0.3);
    assertFalse(Arrays.equals(own, other));
    write(model, 0.3, "embd_pdrop", "resid_pdrop", "attention_dropout");
    assertArrayEquals(other, language(model, -1));
  }

  @Test
  void adaptersKeepTheirs() throws IOException {
    Path model = TinyModel.write(directory.resolve("model"));
    float[] none = classifier(model, 0, 0);
    float[] adapters = classifier(model, 0, 0.5f);
    assertFalse(Arrays.equals(none, adapters));
    write(model, 0, "hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout");
    assertArrayEquals(adapters, classifier(model, -1, 0.5f));
    assertEquals("dropout must be from 0 to below 1, or -1 for the model's own, is 1.0",
        assertThrows(IllegalArgumentException.class, () -> config(1)).getMessage());
  }
}
