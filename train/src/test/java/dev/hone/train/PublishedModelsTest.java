package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.nn.CausalHead;
import dev.hone.nn.Labels;
import dev.hone.nn.Linear;
import dev.hone.nn.ModelException;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.infer.TextClassifier;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Directories as they are published: what older programs wrote, what does not fit its configuration, what is missing. */
class PublishedModelsTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String HEAD = "lm_head.weight";
  private static final String TABLE = "model.embed_tokens.weight";
  private static final int[] IDS = {4, 9, 20, 33, 5, 7};

  @TempDir
  Path directory;

  private Path decoder() throws IOException {
    return TinyLanguageModel.write(directory.resolve("decoder"));
  }

  private Path encoder() throws IOException {
    return TinyModel.write(directory.resolve("encoder"));
  }

  /** Three classes with a head that was saved. */
  private Path classifier() throws IOException {
    Path model = directory.resolve("classifier");
    Path base = encoder();
    PretrainedModel.load(base, new Labels(List.of("a", "b", "c"), Labels.Kind.SINGLE_LABEL), 5).save(model, DType.F32);
    Files.copy(base.resolve("tokenizer.json"), model.resolve("tokenizer.json"));
    return model;
  }

  private static float[] answers(Path model, Task task, int... ids) {
    return answers(PretrainedModel.load(model, task), ids);
  }

  private static float[] answers(PretrainedModel model, int... ids) {
    return model.forward(TokenBatch.of(List.of(ids)), Pass.inference()).value().toFloatArray();
  }

  /** Writes the weights again: the change gets those of the file and a writer's list to fill. */
  private static void rewrite(Path model, BiConsumer<Map<String, Tensor>, SafetensorsWriter> change) throws IOException {
    Path file = model.resolve("model.safetensors");
    Safetensors source = Safetensors.open(file);
    Map<String, Tensor> weights = new LinkedHashMap<>();
    source.names().forEach(name -> weights.put(name, source.tensor(name)));
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    change.accept(weights, writer);
    weights.forEach(writer::add);
    writer.write(file);
  }

  private static void configure(Path model, Consumer<ObjectNode> change) throws IOException {
    Path file = model.resolve("config.json");
    ObjectNode tree = (ObjectNode) JSON.readTree(Files.readString(file));
    change.accept(tree);
    Files.writeString(file, JSON.writeValueAsString(tree));
  }

  private static Tensor half(Tensor table) {
    float[] values = table.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = values[i] / 2 + 0.1f;
    }
    return Tensor.of(values, table.shape().toArray());
  }

  @Test
  void aHeadThatIsNotTheTableIsKeptWhateverTheConfigurationSays() throws IOException {
    Path model = decoder();
    float[] tied = answers(model, Task.CAUSAL_LM, IDS);
    rewrite(model, (weights, _) -> weights.put(HEAD, weights.get(TABLE)));
    assertArrayEquals(tied, answers(model, Task.CAUSAL_LM, IDS));
    assertTrue(((CausalHead) PretrainedModel.load(model, Task.CAUSAL_LM).head()).tied(), "the same values twice are one table");

    rewrite(model, (weights, _) -> weights.put(HEAD, half(weights.get(TABLE))));
    PretrainedModel loaded = PretrainedModel.load(model, Task.CAUSAL_LM);
    assertFalse(((CausalHead) loaded.head()).tied());
    float[] own = answers(loaded, IDS);
    configure(model, tree -> tree.put("tie_word_embeddings", false));
    assertArrayEquals(answers(model, Task.CAUSAL_LM, IDS), own);
    loaded.save(directory.resolve("saved"), null);
    assertArrayEquals(own, answers(directory.resolve("saved"), Task.CAUSAL_LM, IDS), "saving says that they are two");
  }

  @Test
  void aTiedTableMayBearTheHeadsName() throws IOException {
    Path model = decoder();
    float[] tied = answers(model, Task.CAUSAL_LM, IDS);
    rewrite(model, (weights, _) -> weights.put(HEAD, weights.remove(TABLE)));
    assertArrayEquals(tied, answers(model, Task.CAUSAL_LM, IDS));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert.", ""})
  void gammaAndBetaAreTheWeightAndBiasOfALayerNorm(String prefix) throws IOException {
    Path model = prefix.isEmpty() ? encoder() : classifier();
    Task task = prefix.isEmpty() ? Task.EMBEDDING : Task.SEQUENCE_CLASSIFICATION;
    float[] expected = answers(model, task, IDS);
    rewrite(model, (weights, writer) -> {
      for (String name : List.copyOf(weights.keySet())) {
        if (name.contains("LayerNorm.")) {
          assertTrue(name.startsWith(prefix), name);
          writer.add(name.replace("Norm.weight", "Norm.gamma").replace("Norm.bias", "Norm.beta"), weights.remove(name));
        }
      }
      writer.add("cls.predictions.transform.LayerNorm.gamma", Tensor.of(new float[16], 16));
    });
    assertArrayEquals(expected, answers(model, task, IDS));
  }

  @Test
  void tensorsWithoutAPlaceAreNamedInOneLineAndIgnored() throws IOException, InterruptedException {
    Path model = decoder();
    float[] expected = answers(model, Task.CAUSAL_LM, IDS);
    rewrite(model, (weights, _) -> {
      weights.put("mtp.layers.0.weight", Tensor.of(new float[3], 3));
      weights.put("model.layers.7.self_attn.q_proj.weight", Tensor.of(new float[4], 2, 2));
    });
    assertArrayEquals(expected, answers(model, Task.CAUSAL_LM, IDS));
    Path io = directory.resolve("io.safetensors");
    new SafetensorsWriter().add("input_ids", Tensor.of(new float[] {4, 9, 20, 33, 5, 7}, 1, 6))
        .add("logits", Tensor.of(expected, 1, 6, TinyLanguageModel.VOCABULARY)).write(io);
    Process process = ChildJvm.hone("verify", "--model", model, "--expected", io).start();
    String said = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    List<String> lines = said.lines().filter(line -> line.contains("no place in this model")).toList();
    assertEquals(List.of("WARNING: " + model.resolve("model.safetensors") + ": 2 tensors have no place in this model and are "
        + "ignored: model.layers.7.self_attn.q_proj.weight, mtp.layers.0.weight"), lines, said);
    assertFalse(said.contains("ModelLoader"), "one line, not two: " + said);
  }

  @Test
  void aClassifierWithoutItsHeadAnswersNothing() throws IOException {
    Path model = classifier();
    float[] expected = answers(model, Task.SEQUENCE_CLASSIFICATION, IDS);
    assertEquals(3, expected.length);
    Path out = directory.resolve("out");
    configure(model, tree -> tree.putObject("id2label").put("0", "yes").put("1", "no"));
    String reason = assertThrows(ModelException.class, () -> TextClassifier.load(model, null)).getMessage();
    assertTrue(reason.contains("no trained head for the labels yes, no: classifier.weight, classifier.bias are missing or of "
        + "another size"), reason);
    assertEquals(1, reason.lines().count());
    assertThrows(ModelException.class, () -> new ModelLoader(model).quantize(DType.Q8_0).load().save(out, null));

    Path bare = encoder();
    reason = assertThrows(ModelException.class, () -> TextClassifier.load(bare, null)).getMessage();
    assertTrue(reason.contains("classifier.weight"), reason);
    PretrainedModel fresh = PretrainedModel.load(bare, new Labels(List.of("x", "y"), Labels.Kind.SINGLE_LABEL), 1);
    assertTrue(fresh.newParameters().contains("classifier.weight"), "training begins with a new head");
  }

  @Test
  void inADecodersBertATokenSeesNothingThatFollows() throws IOException {
    Path model = encoder();
    int[] some = Arrays.copyOf(IDS, 3);
    float[] both = hidden(model, IDS);
    float[] first = hidden(model, some);
    assertFalse(Arrays.equals(first, Arrays.copyOf(both, first.length)));
    configure(model, tree -> tree.put("is_decoder", true));
    first = hidden(model, some);
    assertArrayEquals(first, Arrays.copyOf(hidden(model, IDS), first.length), 1e-6f);
  }

  private static float[] hidden(Path model, int... ids) {
    return PretrainedModel.load(model, Task.EMBEDDING).hidden(TokenBatch.of(List.of(ids)), Pass.inference()).value()
        .toFloatArray();
  }

  @Test
  void relativePositionsAreRefusedWhereTheWeightsHaveThem() throws IOException {
    Path model = encoder();
    float[] expected = answers(model, Task.EMBEDDING, IDS);
    configure(model, tree -> tree.put("position_embedding_type", "relative_key_query"));
    assertArrayEquals(expected, answers(model, Task.EMBEDDING, IDS));
    rewrite(model, (weights, _) -> weights.put("encoder.layer.0.attention.self.distance_embedding.weight",
        Tensor.of(new float[127 * 4], 127, 4)));
    String reason = assertThrows(ModelException.class, () -> answers(model, Task.EMBEDDING, IDS)).getMessage();
    assertTrue(reason.contains("'position_embedding_type' is 'relative_key_query'; known: absolute"), reason);
  }

  @Test
  void weightsOfF64AreComputedWithInF32AndSavedAsTheyWere() throws IOException {
    Path model = decoder();
    float[] expected = answers(model, Task.CAUSAL_LM, IDS);
    rewrite(model, (weights, writer) -> {
      weights.forEach((name, value) -> writer.add(name, value, DType.F64));
      weights.clear();
    });
    PretrainedModel loaded = PretrainedModel.load(model, Task.CAUSAL_LM);
    assertArrayEquals(expected, answers(loaded, IDS));
    loaded.save(directory.resolve("saved"), null);
    assertArrayEquals(Files.readAllBytes(model.resolve("model.safetensors")),
        Files.readAllBytes(directory.resolve("saved/model.safetensors")));
  }

  /** As a merge does: one matrix gets new values, everything else is written back as it was read. */
  @ParameterizedTest
  @ValueSource(strings = {"BF16", "F16"})
  void whatDidNotChangeKeepsItsBits(String type) throws IOException {
    Path model = decoder();
    rewrite(model, (weights, writer) -> {
      weights.forEach((name, value) -> writer.add(name, value, DType.valueOf(type)));
      weights.clear();
    });
    PretrainedModel loaded = PretrainedModel.load(model, Task.CAUSAL_LM);
    String changed = "model.layers.0.self_attn.q_proj";
    Linear linear = (Linear) loaded.layers().get(changed);
    linear.weight().setValue(half(linear.weight().value()));
    loaded.save(directory.resolve("saved"), null);
    Safetensors before = Safetensors.open(model.resolve("model.safetensors"));
    Safetensors after = Safetensors.open(directory.resolve("saved/model.safetensors"));
    assertEquals(before.names(), after.names());
    for (String name : before.names()) {
      boolean same = before.dtype(name) == after.dtype(name)
          && before.tensor(name).segment().mismatch(after.tensor(name).segment()) < 0;
      assertEquals(!name.equals(changed + ".weight"), same, name + " " + after.dtype(name));
    }
  }

  @Test
  void classesWithoutANameHaveTheUsualOne() throws IOException {
    Path model = classifier();
    float[] expected = answers(model, Task.SEQUENCE_CLASSIFICATION, IDS);
    configure(model, tree -> tree.putObject("id2label").put("1", "A").put("2", "B").put("3", "C"));
    PretrainedModel loaded = PretrainedModel.load(model, Task.SEQUENCE_CLASSIFICATION);
    assertEquals(List.of("LABEL_0", "A", "B"), loaded.labels().names());
    assertArrayEquals(expected, answers(loaded, IDS));
    configure(model, tree -> tree.putObject("id2label").put("A", 0).put("B", 1));
    String reason = assertThrows(ModelException.class, () -> answers(model, Task.SEQUENCE_CLASSIFICATION, IDS)).getMessage();
    assertTrue(reason.contains("its key 'A' is no whole number"), reason);
  }

  @Test
  void whatAConfigurationLeavesOutIsAsInTransformers() throws IOException {
    Path model = decoder();
    DecoderConfig mistral = llama(model, tree -> tree.put("model_type", "mistral").remove("max_position_embeddings"));
    assertEquals(131_072, mistral.maxLength());
    assertEquals(List.of(4096, 4096), mistral.windows());
    assertEquals(Collections.nCopies(2, Integer.MAX_VALUE), llama(model, tree -> tree.putNull("sliding_window")).windows());
    assertEquals(List.of(7, 7), llama(model, tree -> tree.put("sliding_window", 7).putArray("layer_types")
        .add("full_attention").add("sliding_attention")).windows(), "Mistral has no kinds of layers");
    assertEquals(List.of(Integer.MAX_VALUE, 7), llama(model, tree -> tree.put("model_type", "qwen2")
        .put("use_sliding_window", true)).windows(), "Qwen has");
    assertEquals(Collections.nCopies(2, Integer.MAX_VALUE), llama(model, tree -> tree.remove("layer_types")).windows(),
        "windows begin at layer 28");
    assertEquals(4, llama(model, tree -> tree.putNull("num_key_value_heads")).kvHeads());
    assertEquals(32, llama(model, tree -> tree.put("hidden_size", 64).put("num_attention_heads", 32)
        .remove("num_key_value_heads")).kvHeads());
    assertEquals(8, llama(model, tree -> tree.put("model_type", "mistral")).kvHeads());
    assertEquals(32, llama(model, tree -> tree.put("model_type", "llama")).kvHeads());
  }

  @Test
  void gemma3HasNoCapOfItsScoresWhateverTheConfigurationSays() throws IOException {
    Path model = decoder();
    Consumer<ObjectNode> caps = tree -> tree.put("head_dim", 8).put("attn_logit_softcapping", 5)
        .put("final_logit_softcapping", 3);
    configure(model, caps.andThen(tree -> tree.put("model_type", "gemma3_text")));
    DecoderConfig third = (DecoderConfig) ModelLoader.configOf(model.resolve("config.json"));
    assertEquals(List.of(0f, 3f), List.of(third.attentionCap(), third.logitCap()));
    configure(model, tree -> tree.put("model_type", "gemma2"));
    DecoderConfig second = (DecoderConfig) ModelLoader.configOf(model.resolve("config.json"));
    assertEquals(List.of(5f, 3f), List.of(second.attentionCap(), second.logitCap()));
  }

  private static DecoderConfig llama(Path model, Consumer<ObjectNode> change) throws IOException {
    configure(model, change);
    return (DecoderConfig) ModelLoader.configOf(model.resolve("config.json"));
  }
}
