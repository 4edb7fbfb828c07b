package dev.hone.lora;

import dev.hone.autograd.GradMode;
import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.load.ModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Models of two layers with weights drawn at random, the same for the same seed. */
final class TinyModel {
  private static final String SIZES = """
      "vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24,
      "max_position_embeddings": 64, "initializer_range": 0.3""";

  private TinyModel() {}

  /** The language model of a family. */
  static PretrainedModel llama(Path directory, boolean tied) throws IOException {
    return load(directory, "\"model_type\": \"llama\", \"num_key_value_heads\": 1, \"tie_word_embeddings\": " + tied,
        Task.CAUSAL_LM);
  }

  /** BERT for classification into three, or for embeddings. */
  static PretrainedModel bert(Path directory, Task task) throws IOException {
    return load(directory, "\"model_type\": \"bert\", \"type_vocab_size\": 2", task);
  }

  /** DistilBERT for classification into three. */
  static PretrainedModel distilBert(Path directory) throws IOException {
    return load(directory, "\"model_type\": \"distilbert\", \"dim\": 16, \"n_layers\": 2, \"n_heads\": 2, \"hidden_dim\": 24",
        Task.SEQUENCE_CLASSIFICATION);
  }

  private static PretrainedModel load(Path directory, String family, Task task) throws IOException {
    Path config = Files.writeString(directory.resolve("config.json"), "{" + family + "," + SIZES + "}");
    ModelLoader loader = ModelLoader.ofConfig(config).task(task).seed(3);
    return (task == Task.SEQUENCE_CLASSIFICATION
        ? loader.labels(new Labels(List.of("a", "b", "c"), Labels.Kind.SINGLE_LABEL)) : loader).load();
  }

  /** Gives what an adapter trains other values, as training would. */
  static void change(Adapter adapter) {
    long stream = 0;
    for (Parameter parameter : adapter.parameters().values()) {
      float[] values = parameter.value().toFloatArray();
      float[] noise = new float[values.length];
      new Philox(5, stream++).fillNormal(noise, 0, noise.length, 0, 0.2f);
      for (int i = 0; i < values.length; i++) {
        values[i] += noise[i];
      }
      parameter.setValue(Tensor.of(values, parameter.shape().toArray()));
    }
  }

  static float[] answers(PretrainedModel model) {
    try (GradMode _ = GradMode.disabled()) {
      return model.forward(TokenBatch.of(List.of(new int[] {5, 6, 7, 8, 9}, new int[] {11, 4, 30})), Pass.inference()).value()
          .toFloatArray();
    }
  }
}
