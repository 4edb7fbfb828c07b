package dev.hone.nn;

import static dev.hone.nn.Fixtures.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.autograd.Variable;
import dev.hone.core.TestDevice;
import dev.hone.core.io.Safetensors;
import dev.hone.nn.bert.BertConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Models of every family against transformers: hidden states, logits, other spellings, other paddings. */
@Tag("fixtures")
class StoredModelsTest {
  static Stream<Path> decoders() {
    return Stream.concat(DecoderCase.directories(Task.CAUSAL_LM).stream(),
        DecoderCase.directories(Task.SEQUENCE_CLASSIFICATION).stream());
  }

  static Stream<Path> classifiers() {
    return DecoderCase.directories(Task.SEQUENCE_CLASSIFICATION).stream();
  }

  static Stream<Path> encoders() {
    return Fixtures.directories("models", directory -> BertConfig.MODEL_TYPES.contains(Fixtures.modelType(directory)))
        .stream();
  }

  private static float[] logits(PretrainedModel model, TokenBatch batch) {
    return model.forward(batch, Pass.inference()).value().toFloatArray();
  }

  private static void assertLogits(Path directory, PretrainedModel model, Safetensors io) {
    float[] expected = model.task() == Task.CAUSAL_LM ? Fixtures.pick(io.tensor("logits"), Fixtures.realRows(io))
        : io.tensor("logits").toFloatArray();
    assertClose(directory + " logits", expected, logits(model, Fixtures.batch(io, "")), 2e-5, 0);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("decoders")
  void logitsAndHiddenStatesAreThoseOfTransformers(Path directory) {
    PretrainedModel model = DecoderCase.load(directory);
    Safetensors io = Fixtures.tensors(directory.resolve("io.safetensors"));
    int[] rows = Fixtures.realRows(io);
    List<float[]> hidden = new ArrayList<>();
    model.backbone().forward(Fixtures.batch(io, ""), Pass.inference(), state -> hidden.add(state.value().toFloatArray()));
    assertEquals(model.config().layers() + 1, hidden.size());
    for (int i = 0; i < hidden.size(); i++) {
      assertClose("hidden_states." + i, Fixtures.pick(io.tensor("hidden_states." + i), rows), hidden.get(i), 2e-5, 0);
    }
    assertLogits(directory, model, io);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("encoders")
  void encodersHaveTheLogitsAndHiddenStatesOfTransformers(Path directory) {
    PretrainedModel model = PretrainedModel.load(directory, Task.SEQUENCE_CLASSIFICATION).to(TestDevice.chosen());
    Safetensors io = Fixtures.tensors(directory.resolve("io.safetensors"));
    TokenBatch batch = Fixtures.batch(io, "");
    int[] rows = Fixtures.realRows(io);
    List<float[]> hidden = new ArrayList<>();
    Variable last = model.backbone().forward(batch, Pass.inference(), state -> hidden.add(state.value().toFloatArray()));
    assertEquals(model.config().layers() + 1, hidden.size());
    for (int i = 0; i < hidden.size(); i++) {
      assertClose("hidden_states." + i, Fixtures.pick(io.tensor("hidden_states." + i), rows), hidden.get(i), 2e-5, 0);
    }
    assertClose("logits", io.tensor("logits").toFloatArray(),
        model.head().forward(last, batch, Pass.inference()).value().toFloatArray(), 2e-5, 0);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("decoders")
  void otherSpellingsOfTheSameModelGiveTheSameLogits(Path directory, @TempDir Path copy) throws IOException {
    Safetensors io = Fixtures.tensors(directory.resolve("io.safetensors"));
    Path legacy = directory.resolve("config.legacy.json");
    Path original = directory.resolve("original_layout");
    assumeTrue(Files.exists(legacy) || Files.exists(original), "this fixture has one spelling only");
    if (Files.exists(original)) {
      assertLogits(original, PretrainedModel.load(original, DecoderCase.task(directory)).to(TestDevice.chosen()), io);
    }
    if (Files.exists(legacy)) {
      try (Stream<Path> files = Files.list(directory)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Files.copy(file, copy.resolve(file.getFileName()));
        }
      }
      Files.copy(legacy, copy.resolve("config.json"), StandardCopyOption.REPLACE_EXISTING);
      assertLogits(legacy, PretrainedModel.load(copy, DecoderCase.task(directory)).to(TestDevice.chosen()), io);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("classifiers")
  void classifiersFindTheLastTokenByItsIdWhateverThePadding(Path directory) {
    PretrainedModel model = DecoderCase.load(directory);
    Safetensors io = Fixtures.tensors(directory.resolve("io.safetensors"));
    TokenBatch left = Fixtures.batch(io, "left_");
    int width = io.tensor("left_input_ids").dim(1);
    int[] positions = left.positions().clone(); // the reference counts the padding in front
    for (int s = 0; s < left.sequences(); s++) {
      int length = left.offsets()[s + 1] - left.offsets()[s];
      for (int i = left.offsets()[s]; i < left.offsets()[s + 1]; i++) {
        positions[i] += width - length;
      }
    }
    assertClose("left_logits", io.tensor("left_logits").toFloatArray(),
        logits(model, new TokenBatch(left.tokens(), positions, left.offsets(), null)), 2e-5, 0);
    assertClose("edge_logits", io.tensor("edge_logits").toFloatArray(), logits(model, Fixtures.batch(io, "edge_")), 2e-5, 0);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("decoders")
  void longSequencesUseTheirOwnFrequencies(Path directory) {
    Safetensors io = Fixtures.tensors(directory.resolve("io.safetensors"));
    assumeTrue(io.contains("long_logits"), "this fixture has no logits of a long sequence");
    PretrainedModel model = DecoderCase.load(directory);
    int[] ids = DecoderCase.ids(io, "long_ids");
    float[] expected = io.tensor("long_logits").toFloatArray();
    assertClose("long_logits", expected, logits(model, TokenBatch.of(List.of(ids))), 2e-5, 0);
    Variable both = model.forward(TokenBatch.of(List.of(DecoderCase.ids(io, "prompt_ids"), ids)), Pass.inference());
    int prompt = DecoderCase.ids(io, "prompt_ids").length;
    assertClose("beside a short one", expected, both.value().slice(prompt, prompt + ids.length).toFloatArray(), 2e-5, 0);
  }
}
