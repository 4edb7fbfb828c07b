package dev.hone.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** VeRA, LoHa and AdaLoRA, as far as it needs no values of PEFT. */
class AdapterKindsTest {
  private static final Targets TARGETS = Targets.of(List.of("q_proj", "down_proj"));

  @TempDir
  Path directory;

  static List<AdapterConfig> kinds() {
    return List.of(VeraConfig.of(3).withTargets(TARGETS), LohaConfig.of(2, 3).withTargets(TARGETS),
        new VeraConfig(3, 0.5f, 0.2, -7, false, TARGETS, List.of()), AdaLoraConfig.of(3, 4).withTargets(TARGETS),
        new AdaLoraConfig(3, 0, 0.5f, 0, Map.of("model.layers.0.self_attn.q_proj", 1, "model.layers.1.mlp.down_proj", 0), TARGETS,
            List.of()));
  }

  /** The first word of the generator's authors for the seed 5489 is 3499211612, whose low 24 bits are 9550684. */
  @Test
  void numbersAreThoseOfTheMersenneTwister() {
    float[] first = new float[1];
    new TorchUniform(5489).fill(first, 1);
    assertEquals((float) (9550684 * 0x1p-23 - 1), first[0], 0);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void itIsStoredReadAndMerged(AdapterConfig config) throws IOException {
    PretrainedModel model = TinyModel.llama(directory, false);
    float[] before = TinyModel.answers(model);
    Adapter adapter = Adapter.attach(model, config, 1);
    assertArrayEquals(before, TinyModel.answers(model), "training starts from the base");
    TinyModel.change(adapter);
    float[] adapted = TinyModel.answers(model);
    assertTrue(Math.abs(adapted[0] - before[0]) > 1e-3, adapted[0] + " after " + before[0]);
    AdapterFiles.save(adapter, directory, "base");
    PretrainedModel again = TinyModel.llama(directory, false);
    Adapter loaded = AdapterFiles.load(directory, again);
    assertEquals(adapter.config(), loaded.config());
    assertArrayEquals(adapted, TinyModel.answers(again));
    loaded.merge();
    assertArrayEquals(adapted, TinyModel.answers(again), 1e-4f);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void severalOfAKindAreChosenPerSequence(AdapterConfig config) throws IOException {
    Adapters adapters = new Adapters(TinyModel.llama(directory, false));
    List<int[]> texts = List.of(new int[] {5, 6, 7}, new int[] {11, 4});
    for (String name : List.of("a", "b")) {
      TinyModel.change(adapters.add(name, config, name.hashCode()));
    }
    float[] mixed = adapters.forward(TokenBatch.of(texts), List.of("a", "b"), Pass.inference()).value().toFloatArray();
    float[] first = adapters.forward(TokenBatch.of(List.of(texts.get(0))), List.of("a"), Pass.inference()).value()
        .toFloatArray();
    for (int i = 0; i < first.length; i++) {
      assertEquals(first[i], mixed[i], 1e-4);
    }
  }

  @Test
  void namesWithTheAdaptersNameAreReadAndMatricesThatAreMissingAreNamed() throws IOException {
    Adapter adapter = Adapter.attach(TinyModel.llama(directory, false), VeraConfig.of(3).withTargets(TARGETS), 1);
    TinyModel.change(adapter);
    AdapterFiles.save(adapter, directory, "base");
    float[] adapted = TinyModel.answers(adapter.model());
    Safetensors tensors = Safetensors.open(directory.resolve(AdapterFiles.WEIGHTS));
    SafetensorsWriter longer = new SafetensorsWriter();
    SafetensorsWriter shorter = new SafetensorsWriter();
    for (String name : tensors.names()) {
      Tensor value = Tensor.of(tensors.tensor(name).toFloatArray(), tensors.shape(name).toArray());
      longer.add(name + ".default", value);
      if (!name.endsWith("vera_B")) {
        shorter.add(name, value);
      }
    }
    longer.write(directory.resolve(AdapterFiles.WEIGHTS));
    PretrainedModel again = TinyModel.llama(directory, false);
    AdapterFiles.load(directory, again);
    assertArrayEquals(adapted, TinyModel.answers(again));
    shorter.write(directory.resolve(AdapterFiles.WEIGHTS));
    String message = assertThrows(AdapterException.class,
        () -> AdapterFiles.load(directory, TinyModel.llama(directory, false))).getMessage();
    assertTrue(message.contains("base_model.vera_B is missing, and save_projection says that it is there"), message);
  }

  /** A = [[2, 0], [0, 1]]: |A · Aᵀ - I| = 3; B = I: 0; times 0.5, over two matrices. */
  @Test
  void thePenaltyIsTheDistanceFromOrthonormalVectors() throws IOException {
    PretrainedModel model = TinyModel.llama(directory, false);
    Adapter adapter = Adapter.attach(model, new AdaLoraConfig(2, 1, 0, 0.5, Map.of(),
        Targets.of(List.of("q_proj")).withLayers(List.of(0), List.of()), List.of()), 1);
    adapter.parameters().forEach((name, parameter) -> {
      float[] values = new float[parameter.shape().length()];
      boolean down = name.endsWith("lora_A");
      values[0] = down ? 2 : 1;
      values[down ? values.length / 2 + 1 : 3 % values.length] = 1;
      parameter.setValue(Tensor.of(values, parameter.shape().toArray()));
    });
    assertEquals(0.75, adapter.penalty().value().item(), 1e-6);
    assertNull(Adapter.attach(TinyModel.llama(directory, false), VeraConfig.of(2), 1).penalty());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      "peft_type": "VERA", "bias": "vera_only" | which is not supported with VERA
      "peft_type": "VERA", "r": 0 | 'r'
      "peft_type": "ADALORA", "bias": "all" | which is not supported with ADALORA
      "peft_type": "ADALORA", "init_r": 2, "rank_pattern": {"a.lora_E": [true]} | is not a list of init_r 2 times true or false
      "peft_type": "ADALORA", "orth_reg_weight": -1 | orth_reg_weight -1.0 must not be below 0
      "peft_type": "LOHA", "module_dropout": 1.5 | 'module_dropout'
      """, quoteCharacter = '`')
  void whatIsComputedOtherwiseIsRefused(String settings, String words) throws IOException {
    Files.writeString(directory.resolve(AdapterFiles.CONFIG), "{\"target_modules\": [\"q_proj\"], " + settings + "}");
    String message = assertThrows(AdapterException.class, () -> AdapterFiles.config(directory)).getMessage();
    assertTrue(message.contains(words), message);
  }

  @Test
  void aLohaThatDropsOutAnswersButDoesNotTrain() throws IOException {
    PretrainedModel model = TinyModel.bert(directory, Task.EMBEDDING);
    Adapter.attach(model, new LohaConfig(2, 2, 0.1f, 0, Targets.of(List.of("query")), Map.of(), Map.of(), List.of()), 1);
    TinyModel.answers(model);
    TokenBatch batch = TokenBatch.of(List.of(new int[] {5, 6}));
    String message = assertThrows(AdapterException.class, () -> model.forward(batch, Pass.training(1, 1))).getMessage();
    assertEquals("LoHa: rank_dropout 0.1 is not supported while training; set it to 0", message);
  }
}
