package dev.hone.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.nn.CausalHead;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A head that is the table of embeddings, and adapters of one or both. */
class TieTest {
  private static final LoraConfig LORA = LoraConfig.of(2, 4);
  private static final LoraConfig TIED = LORA.withEnsureWeightTying(true);
  private static final String TABLE = "model.embed_tokens";
  private static final String KEY = "base_model.model.";

  @TempDir
  Path directory;

  private static boolean isTied(PretrainedModel model) {
    return ((CausalHead) model.head()).tied();
  }

  private Map<String, float[]> saved(Adapter adapter) throws IOException {
    AdapterFiles.save(adapter, directory, "base");
    Safetensors tensors = Safetensors.open(directory.resolve(AdapterFiles.WEIGHTS));
    Map<String, float[]> values = new TreeMap<>();
    tensors.names().forEach(name -> values.put(name, tensors.tensor(name).toFloatArray()));
    return values;
  }

  @ParameterizedTest
  @ValueSource(strings = {"embed_tokens", "lm_head"})
  void savedTogetherBothAreOneTableInMemoryAndTwoInTheFile(String named) throws IOException {
    PretrainedModel model = TinyModel.llama(directory, true);
    Adapter adapter = Adapter.attach(model, TIED.withModulesToSave(List.of(named)), 1);
    TinyModel.change(adapter);
    assertTrue(isTied(model));
    Map<String, float[]> file = saved(adapter);
    assertArrayEquals(file.get(KEY + TABLE + ".weight"), file.get(KEY + "lm_head.weight"), "PEFT wants both");
    PretrainedModel again = TinyModel.llama(directory, true);
    Adapter loaded = AdapterFiles.load(directory, again);
    assertArrayEquals(TinyModel.answers(model), TinyModel.answers(again));
    loaded.merge();
    assertTrue(isTied(again));
    assertArrayEquals(TinyModel.answers(model), TinyModel.answers(again), 1e-4f);
  }

  @Test
  void aCopyThatDiffersIsRefused() throws IOException {
    Adapter adapter = Adapter.attach(TinyModel.llama(directory, true), TIED.withModulesToSave(List.of("embed_tokens")), 1);
    TinyModel.change(adapter);
    Map<String, float[]> file = saved(adapter);
    file.get(KEY + "lm_head.weight")[3] += 1;
    Path weights = directory.resolve(AdapterFiles.WEIGHTS);
    Safetensors tensors = Safetensors.open(weights);
    SafetensorsWriter writer = new SafetensorsWriter();
    file.forEach((name, value) -> writer.add(name, Tensor.of(value, tensors.shape(name).toArray())));
    writer.write(weights);
    String message = assertThrows(AdapterException.class,
        () -> AdapterFiles.load(directory, TinyModel.llama(directory, true))).getMessage();
    assertTrue(message.endsWith("base_model.model.lm_head.weight differs from what it is a copy of, and ensure_weight_tying says "
        + "that they are the same"), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"embed_tokens", "lm_head", "(?:.*q_proj|lm_head)"})
  void adaptedTogetherTheHeadHasTheTransposedLoraOfTheTable(String named) throws IOException {
    PretrainedModel model = TinyModel.llama(directory, true);
    Adapter adapter = Adapter.attach(model, TIED.withTargets(List.of(named)), 1);
    TinyModel.change(adapter);
    Map<String, float[]> file = saved(adapter);
    float[] a = file.get(KEY + TABLE + ".lora_embedding_A"); // [2, 40]
    float[] up = file.get(KEY + "lm_head.lora_B.weight"); // [40, 2]
    assertEquals(a[40 + 7], up[7 * 2 + 1]);
    float[] b = file.get(KEY + TABLE + ".lora_embedding_B"); // [16, 2]
    float[] down = file.get(KEY + "lm_head.lora_A.weight"); // [2, 16]
    assertEquals(b[5 * 2 + 1], down[16 + 5]);
    float[] adapted = TinyModel.answers(model);
    PretrainedModel again = TinyModel.llama(directory, true);
    AdapterFiles.load(directory, again).merge();
    assertTrue(isTied(again), "one table with the change in it");
    float[] merged = TinyModel.answers(again);
    for (int i = 0; i < merged.length; i++) {
      assertEquals(adapted[i], merged[i], 2e-5 * 10, "logit " + i);
    }
  }

  private static void backward(PretrainedModel model) {
    TokenBatch batch = TokenBatch.of(List.of(new int[] {5, 6, 7, 8, 9}));
    model.loss(batch, batch.tokens(), CrossEntropySettings.PLAIN, 0.25f, Pass.inference()).loss().backward();
  }

  @Test
  void theTablesGradientIsTheSumOfThatOfBothPlaces() throws IOException {
    PretrainedModel together = TinyModel.llama(directory, true);
    Adapter one = Adapter.attach(together, TIED.withTargets(List.of("embed_tokens")), 1);
    TinyModel.change(one);
    PretrainedModel apart = TinyModel.llama(directory, true);
    Adapter two = Adapter.attach(apart, LORA.withTargets(List.of("embed_tokens", "lm_head")), 1);
    Map<String, Parameter> shared = one.parameters();
    Map<String, Parameter> own = two.parameters();
    shared.forEach((name, parameter) -> own.get(name).setValue(parameter.value().copy().keep()));
    one.copies().forEach((name, value) -> own.get(name).setValue(value));
    assertArrayEquals(TinyModel.answers(apart), TinyModel.answers(together), 1e-5f);
    backward(together);
    backward(apart);
    float[] sum = shared.get(TABLE + ".lora_embedding_B").gradient().toFloatArray(); // [16, 2]
    float[] table = own.get(TABLE + ".lora_embedding_B").gradient().toFloatArray();
    float[] head = own.get("lm_head.lora_A.weight").gradient().toFloatArray(); // [2, 16]
    for (int i = 0; i < sum.length; i++) {
      assertEquals(table[i] + head[i % 2 * 16 + i / 2], sum[i], 1e-5, "gradient " + i);
    }
    float largest = 0;
    for (float value : head) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertTrue(largest > 1e-2, "the head's share counts");
  }

  @Test
  void aLoraOfTheHeadAloneLeavesTheTable() throws IOException {
    PretrainedModel model = TinyModel.llama(directory, true);
    Adapter adapter = Adapter.attach(model, LORA.withTargets(List.of("lm_head")), 1);
    TinyModel.change(adapter);
    float[] adapted = TinyModel.answers(model);
    float[] table = model.baseParameters().get(TABLE + ".weight").value().toFloatArray();
    adapter.merge();
    assertFalse(isTied(model));
    assertArrayEquals(table, model.baseParameters().get(TABLE + ".weight").value().toFloatArray());
    assertArrayEquals(adapted, TinyModel.answers(model), 1e-4f);
  }

  @Test
  void whatPeftWouldNotTieIsRefused() throws IOException {
    PretrainedModel model = TinyModel.llama(directory, true);
    String excluded = assertThrows(AdapterException.class, () -> Adapter.attach(model, TIED.withTargets(
        Targets.of(List.of("lm_head", "q_proj")).withExclude(ModuleNames.of(List.of("embed_tokens")))), 1)).getMessage();
    assertEquals("ensure_weight_tying: model.embed_tokens is excluded, and lm_head follows it", excluded);
    assertTrue(isTied(model));
  }
}
