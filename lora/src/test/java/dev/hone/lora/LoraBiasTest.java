package dev.hone.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** LoRA whose B has a bias: PEFT's {@code lora_bias}. */
class LoraBiasTest {
  private static final LoraConfig PLAIN = LoraConfig.of(2, 8).withTargets(List.of("query")); // a scale of 4
  private static final LoraConfig BIASED = PLAIN.withLoraBias(true);
  private static final String QUERY = "bert.encoder.layer.0.attention.self.query";

  @TempDir
  Path directory;

  private PretrainedModel bert() throws IOException {
    return TinyModel.bert(directory, Task.SEQUENCE_CLASSIFICATION);
  }

  @Test
  void theBiasIsAddedTimesTheScale() throws IOException {
    PretrainedModel model = bert();
    Adapter adapter = Adapter.attach(model, BIASED, 1);
    TinyModel.change(adapter);
    PretrainedModel other = bert();
    Adapter plain = Adapter.attach(other, PLAIN, 1);
    Map<String, Parameter> base = other.baseParameters();
    Map<String, Parameter> without = plain.parameters();
    adapter.parameters().forEach((name, parameter) -> {
      float[] values = parameter.value().toFloatArray();
      if (!name.endsWith("lora_B.bias")) {
        without.get(name).setValue(Tensor.of(values, parameter.shape().toArray()));
        return;
      }
      Parameter bias = base.get(name.replace("lora_B.bias", "bias"));
      float[] sum = bias.value().toFloatArray();
      for (int i = 0; i < sum.length; i++) {
        sum[i] += 4 * values[i];
      }
      bias.setValue(Tensor.of(sum, sum.length));
    });
    assertArrayEquals(TinyModel.answers(other), TinyModel.answers(model), 1e-5f);
    float[] adapted = TinyModel.answers(model);
    adapter.merge();
    assertArrayEquals(adapted, TinyModel.answers(model), 1e-5f);
  }

  private static Map<String, Parameter> backward(PretrainedModel model, LoraConfig config) {
    Adapter adapter = Adapter.attach(model, config, 1);
    model.forward(TokenBatch.of(List.of(new int[] {5, 6, 7, 8, 9}, new int[] {11, 4, 30})), Pass.inference())
        .backward(Tensor.of(new float[] {1, -2, 0.5f, 0, 3, -1}, 2, 3));
    return adapter.parameters();
  }

  @Test
  void itsGradientIsThatOfTheLayersBiasTimesTheScale() throws IOException {
    float[] own = backward(bert(), BIASED).get(QUERY + ".lora_B.bias").gradient().toFloatArray();
    float[] layers = backward(bert(), PLAIN.withBias(LoraConfig.Bias.LORA_ONLY)).get(QUERY + ".base_layer.bias").gradient()
        .toFloatArray();
    float largest = 0;
    for (int i = 0; i < own.length; i++) {
      assertEquals(4 * layers[i], own[i], 1e-6, "gradient " + i);
      largest = Math.max(largest, Math.abs(own[i]));
    }
    assertTrue(largest > 1e-4, "largest gradient " + largest);
  }

  @Test
  void itIsStoredAsPeftStoresIt() throws IOException {
    PretrainedModel model = bert();
    Adapter adapter = Adapter.attach(model, BIASED, 1);
    TinyModel.change(adapter);
    AdapterFiles.save(adapter, directory, "base");
    Path weights = directory.resolve(AdapterFiles.WEIGHTS);
    Safetensors file = Safetensors.open(weights);
    assertArrayEquals(new int[] {16}, file.shape("base_model.model." + QUERY + ".lora_B.bias").toArray());
    PretrainedModel again = bert();
    Adapter loaded = AdapterFiles.load(directory, again);
    assertTrue(((LoraConfig) loaded.config()).loraBias());
    assertArrayEquals(TinyModel.answers(model), TinyModel.answers(again));
    SafetensorsWriter writer = new SafetensorsWriter();
    file.names().forEach(name -> writer.add(name.replace("lora_B.", "lora_B.default."),
        Tensor.of(file.tensor(name).toFloatArray(), file.shape(name).toArray())));
    writer.write(weights);
    PretrainedModel renamed = bert();
    AdapterFiles.load(directory, renamed);
    assertArrayEquals(TinyModel.answers(model), TinyModel.answers(renamed));
  }

  private static String refusal(Runnable call) {
    return assertThrows(RuntimeException.class, call::run).getMessage();
  }

  @Test
  void whatPeftCannotDoIsRefused() throws IOException {
    PretrainedModel llama = TinyModel.llama(directory, false);
    Adapter adapter = Adapter.attach(llama, LoraConfig.of(2, 4).withTargets(List.of("q_proj")).withLoraBias(true), 1);
    TinyModel.change(adapter);
    float[] before = TinyModel.answers(llama);
    assertEquals("lora_bias cannot be merged: model.layers.0.self_attn.q_proj has no bias of its own to add it to; keep the "
        + "adapter beside its base", refusal(adapter::merge));
    assertArrayEquals(before, TinyModel.answers(llama));
    adapter.detach();
    assertEquals("lora_bias is for linear layers, model.embed_tokens is an embedding; take it out of target_modules",
        refusal(() -> Adapter.attach(llama, LoraConfig.of(2, 4).withTargets(List.of("embed_tokens")).withLoraBias(true), 1)));
    assertEquals("LoraConfig: lora_bias is for plain LoRA, not for use_dora; choose one of them",
        refusal(() -> BIASED.withDora(true)));
    assertEquals("LoraConfig: lora_bias is for plain LoRA, not for pissa; choose one of them",
        refusal(() -> BIASED.withInit(LoraInit.parse("pissa"))));
  }
}
