package dev.hone.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What names in a configuration mean, and what the tensors are called. */
class SelectionTest {
  private static final LoraConfig LORA = LoraConfig.of(2, 4);

  @TempDir
  Path directory;

  private Set<String> keys() throws IOException {
    return new TreeSet<>(Safetensors.open(directory.resolve(AdapterFiles.WEIGHTS)).names());
  }

  private static Set<String> saved(Adapter adapter) {
    Set<String> names = new TreeSet<>(adapter.parameters().keySet());
    names.removeIf(name -> name.contains("lora_"));
    return names;
  }

  @Test
  void aSavedModuleIsNamedByTheEndOfItsPath() throws IOException {
    Adapter norms = Adapter.attach(TinyModel.llama(directory, false), LORA.withModulesToSave(List.of("norm")), 1);
    assertEquals(Set.of("model.layers.0.input_layernorm.weight", "model.layers.0.post_attention_layernorm.weight",
        "model.layers.1.input_layernorm.weight", "model.layers.1.post_attention_layernorm.weight", "model.norm.weight"),
        saved(norms));
    Adapter one = Adapter.attach(TinyModel.llama(directory, false), LORA.withModulesToSave(List.of("model.norm")), 1);
    assertEquals(Set.of("model.norm.weight"), saved(one));
    Adapter whole = Adapter.attach(TinyModel.llama(directory, false), LORA.withModulesToSave(List.of("1.mlp")), 1);
    assertEquals(Set.of("model.layers.1.mlp.gate_proj.weight", "model.layers.1.mlp.up_proj.weight",
        "model.layers.1.mlp.down_proj.weight"), saved(whole));
    assertEquals(Set.of("classifier.bias", "classifier.weight", "pre_classifier.bias", "pre_classifier.weight"),
        saved(Adapter.attach(TinyModel.distilBert(directory), LORA, 1)), "PEFT saves 'classifier' of every classifier");
  }

  @Test
  void whatIsNamedTwiceOrNotThereIsRefused() throws IOException {
    PretrainedModel model = TinyModel.llama(directory, false);
    String twice = assertThrows(AdapterException.class,
        () -> Adapter.attach(model, LORA.withModulesToSave(List.of("proj")), 1)).getMessage();
    assertTrue(twice.startsWith("layer model.layers.0.self_attn.q_proj is named by target_modules, and trained whole by "
        + "modules_to_save [proj]"), twice);
    String none = assertThrows(AdapterException.class,
        () -> Adapter.attach(model, LORA.withModulesToSave(List.of("nrom")), 1)).getMessage();
    assertTrue(none.startsWith("modules_to_save 'nrom' is the end of no part's name; near: norm"), none);
    assertEquals(Set.of("model.layers.0.mlp.down_proj.weight", "model.layers.1.mlp.down_proj.weight"), saved(Adapter.attach(model,
        LORA.withTargets(List.of("all-linear")).withModulesToSave(List.of("down_proj")), 1)), "words leave the targets");
  }

  @Test
  void anAdapterOfEmbeddingsBearsTheNamesOfTheBareBackbone() throws IOException {
    PretrainedModel model = TinyModel.bert(directory, Task.EMBEDDING);
    Adapter adapter = Adapter.attach(model, LORA.withTargets(List.of("all-linear")).withBias(LoraConfig.Bias.LORA_ONLY)
        .withPatterns(Map.of("^encoder.layer.0.output.dense", 1), Map.of()), 1);
    TinyModel.change(adapter);
    AdapterFiles.save(adapter, directory, "base");
    assertTrue(keys().stream().allMatch(key -> key.startsWith("base_model.model.encoder.layer.")), keys().toString());
    assertEquals(1, Safetensors.open(directory.resolve(AdapterFiles.WEIGHTS))
        .shape("base_model.model.encoder.layer.0.output.dense.lora_A.weight").dim(0));
    String config = Files.readString(directory.resolve(AdapterFiles.CONFIG));
    assertTrue(config.contains("\"encoder.layer.0.attention.output.dense\""), config);
    assertFalse(config.contains("bert.encoder"), config);
    PretrainedModel again = TinyModel.bert(directory, Task.EMBEDDING);
    AdapterFiles.load(directory, again);
    assertArrayEquals(TinyModel.answers(model), TinyModel.answers(again));
  }

  @Test
  void namesWithThePrefixOfTheBackboneAreReadAsWell() throws IOException {
    PretrainedModel model = TinyModel.bert(directory, Task.EMBEDDING);
    Adapter adapter = Adapter.attach(model, LORA.withTargets(List.of("bert.encoder.layer.1.output.dense")), 1);
    TinyModel.change(adapter);
    AdapterFiles.save(adapter, directory, "base");
    assertEquals(Set.of("base_model.model.encoder.layer.1.output.dense.lora_A.weight",
        "base_model.model.encoder.layer.1.output.dense.lora_B.weight"), keys());
    rename("base_model.model.", "base_model.model.bert.");
    PretrainedModel again = TinyModel.bert(directory, Task.EMBEDDING);
    AdapterFiles.load(directory, again);
    assertArrayEquals(TinyModel.answers(model), TinyModel.answers(again));
  }

  /** Writes the tensors again under other names. */
  private void rename(String from, String to) throws IOException {
    Path file = directory.resolve(AdapterFiles.WEIGHTS);
    Safetensors tensors = Safetensors.open(file);
    SafetensorsWriter writer = new SafetensorsWriter();
    for (String name : tensors.names()) {
      Tensor value = tensors.tensor(name);
      writer.add(name.replace(from, to), Tensor.of(value.toFloatArray(), value.shape().toArray()));
    }
    writer.write(file);
  }

  @Test
  void namesOfOtherProgramsAndOlderVersionsAreRead() throws IOException {
    PretrainedModel model = TinyModel.llama(directory, false);
    Adapter adapter = Adapter.attach(model, LORA.withDora(true).withModulesToSave(List.of("lm_head")), 1);
    float[] base = TinyModel.answers(model);
    TinyModel.change(adapter);
    float[] wanted = TinyModel.answers(model);
    assertNotEquals(Arrays.hashCode(base), Arrays.hashCode(wanted));
    for (String[] names : new String[][] {{"lora_A.weight", "lora_A.default.weight"}, {"lora_B.weight", "lora_B.mine.weight"},
        {"lora_magnitude_vector", "lora_magnitude_vector.weight"},
        {"lora_magnitude_vector", "lora_magnitude_vector.default.weight"},
        {"lm_head.weight", "lm_head.modules_to_save.default.weight"}, {"base_model.model.", "base_model.model._orig_mod."},
        {"base_model.model.", "_orig_mod.base_model.model."}, {"base_model.model.", "module.base_model.model."},
        {"base_model.model.", ""}}) {
      AdapterFiles.save(adapter, directory, "base");
      rename(names[0], names[1]);
      PretrainedModel again = TinyModel.llama(directory, false);
      AdapterFiles.load(directory, again);
      assertArrayEquals(wanted, TinyModel.answers(again), names[1]);
    }
  }

  private static void forgetSaved(Path config) throws IOException {
    Files.writeString(config,
        Files.readString(config).replaceFirst("\"modules_to_save\"[^\\]]*\\]", "\"modules_to_save\" : null"));
  }

  @Test
  void messagesSayWhatTheConfigurationSays() throws IOException {
    PretrainedModel model = TinyModel.llama(directory, false);
    AdapterFiles.save(Adapter.attach(model, LORA.withModulesToSave(List.of("lm_head")), 1), directory, "base");
    Path config = directory.resolve(AdapterFiles.CONFIG);
    forgetSaved(config);
    AdapterFiles.load(directory, TinyModel.llama(directory, false)); // the base's values: harmless
    Adapter adapter = Adapter.attach(TinyModel.llama(directory, false), LORA.withModulesToSave(List.of("lm_head")), 1);
    TinyModel.change(adapter);
    AdapterFiles.save(adapter, directory, "base");
    forgetSaved(config);
    String message = assertThrows(AdapterException.class,
        () -> AdapterFiles.load(directory, TinyModel.llama(directory, false))).getMessage();
    assertTrue(message.endsWith("base_model.model.lm_head.weight has other values than the base model, and nothing in "
        + "adapter_config.json says that it was trained"), message);
  }
}
