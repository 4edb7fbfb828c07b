package dev.hone.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.autograd.Parameter;
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

/** Norms with values of their own: PEFT's {@code LN_TUNING}. */
class LnTuningTest {
  private static final String KEY = "base_model.model.";

  @TempDir
  Path directory;

  private PretrainedModel llama() throws IOException {
    return TinyModel.llama(directory, false);
  }

  private Set<String> keys() throws IOException {
    return new TreeSet<>(Safetensors.open(directory.resolve(AdapterFiles.WEIGHTS)).names());
  }

  @Test
  void aStoredAdapterReplacesTheWeightsOfTheNorms() throws IOException {
    Files.writeString(directory.resolve(AdapterFiles.CONFIG), """
        {"peft_type": "LN_TUNING", "task_type": "CAUSAL_LM", "target_modules": ["input_layernorm", "norm"],
         "exclude_modules": ["layers.1.input_layernorm"], "modules_to_save": null, "peft_version": "0.21.0"}""");
    float[] first = new float[16];
    float[] last = new float[16];
    for (int i = 0; i < first.length; i++) {
      first[i] = 0.5f + 0.1f * i;
    }
    for (int i = 0; i < last.length; i++) {
      last[i] = 2 - 0.2f * i;
    }
    new SafetensorsWriter()
        .add(KEY + "model.layers.0.input_layernorm.ln_tuning_layers.weight", Tensor.of(first, 16))
        .add(KEY + "model.norm.ln_tuning_layers.default.weight", Tensor.of(last, 16))
        .write(directory.resolve(AdapterFiles.WEIGHTS));
    PretrainedModel model = llama();
    float[] before = TinyModel.answers(model);
    Adapter adapter = AdapterFiles.load(directory, model);
    float[] adapted = TinyModel.answers(model);
    PretrainedModel other = llama();
    Map<String, Parameter> base = other.baseParameters();
    base.get("model.layers.0.input_layernorm.weight").setValue(Tensor.of(first, 16));
    base.get("model.norm.weight").setValue(Tensor.of(last, 16));
    assertArrayEquals(TinyModel.answers(other), adapted);
    assertFalse(Arrays.equals(before, adapted));
    adapter.detach();
    assertArrayEquals(before, TinyModel.answers(model), "the base is what it was");
    adapter.reattach();
    adapter.merge();
    assertArrayEquals(adapted, TinyModel.answers(model));
  }

  @Test
  void itIsTrainedAndStoredWithBiasesAndTheHead() throws IOException {
    PretrainedModel model = TinyModel.bert(directory, Task.SEQUENCE_CLASSIFICATION);
    Adapter adapter = Adapter.attach(model, new LnTuningConfig(Targets.of(List.of("output.LayerNorm"))
        .withExclude(ModuleNames.of(List.of("attention.output.LayerNorm"))), List.of()), 1);
    TinyModel.change(adapter);
    AdapterFiles.save(adapter, directory, "base");
    assertEquals(Set.of(KEY + "bert.encoder.layer.0.output.LayerNorm.ln_tuning_layers.weight",
        KEY + "bert.encoder.layer.0.output.LayerNorm.ln_tuning_layers.bias",
        KEY + "bert.encoder.layer.1.output.LayerNorm.ln_tuning_layers.weight",
        KEY + "bert.encoder.layer.1.output.LayerNorm.ln_tuning_layers.bias",
        KEY + "bert.pooler.dense.weight", KEY + "bert.pooler.dense.bias", KEY + "classifier.weight", KEY + "classifier.bias"),
        keys());
    PretrainedModel again = TinyModel.bert(directory, Task.SEQUENCE_CLASSIFICATION);
    AdapterFiles.load(directory, again);
    assertArrayEquals(TinyModel.answers(model), TinyModel.answers(again));
  }

  @Test
  void theUsualNormsAreThoseOfPeft() throws IOException {
    AdapterFiles.save(Adapter.attach(llama(), LnTuningConfig.usual(), 1), directory, "base");
    assertEquals(Set.of(KEY + "model.layers.0.input_layernorm.ln_tuning_layers.weight",
        KEY + "model.layers.0.post_attention_layernorm.ln_tuning_layers.weight",
        KEY + "model.layers.1.input_layernorm.ln_tuning_layers.weight",
        KEY + "model.layers.1.post_attention_layernorm.ln_tuning_layers.weight",
        KEY + "model.norm.ln_tuning_layers.weight"), keys());
  }

  private static String refusal(PretrainedModel model, LnTuningConfig config) {
    return assertThrows(AdapterException.class, () -> Adapter.attach(model, config, 1)).getMessage();
  }

  @Test
  void whatIsNoNormIsRefused() throws IOException {
    assertEquals("LN_TUNING of model.embed_tokens, which is no norm, is not supported; take it out of target_modules, or merge a "
        + "stored adapter where it was made",
        refusal(llama(), new LnTuningConfig(Targets.of(List.of("norm", "embed_tokens")), List.of())));
    assertEquals("target_modules [] matches no layer; there are: LayerNorm",
        refusal(TinyModel.bert(directory, Task.SEQUENCE_CLASSIFICATION), LnTuningConfig.usual()));
    assertEquals("layer model.norm is named by target_modules, and trained whole by modules_to_save [l.norm], whose names fit "
        + "ends of words, too; name it in one of them",
        refusal(llama(), new LnTuningConfig(Targets.of(List.of("norm")), List.of("l.norm"))));
  }
}
