package dev.hone.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.nn.PretrainedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Adapters of MLX, converted both ways. */
class MlxAdapterTest {
  private static final String QUERY = "model.layers.1.self_attn.q_proj";

  @TempDir
  Path directory;

  private Path mlx(String kind, SafetensorsWriter tensors) throws IOException {
    Path mlx = Files.createDirectories(directory.resolve("mlx"));
    Files.writeString(mlx.resolve("adapter_config.json"), "{\"fine_tune_type\": \"" + kind + "\", \"model\": \"mine\", "
        + "\"num_layers\": 1, \"lora_parameters\": {\"rank\": 2, \"scale\": 10.0, \"dropout\": 0.0}}");
    tensors.write(mlx.resolve("adapters.safetensors"));
    return mlx;
  }

  private static SafetensorsWriter pair() {
    float[] a = new float[32];
    float[] b = new float[32];
    for (int i = 0; i < 32; i++) {
      a[i] = i; // [in 16, R 2]
      b[i] = 100 + i; // [R 2, out 16]
    }
    return new SafetensorsWriter().add(QUERY + ".lora_a", Tensor.of(a, 16, 2)).add(QUERY + ".lora_b", Tensor.of(b, 2, 16));
  }

  @Test
  void matricesAreTransposedAndTheScaleBecomesAlpha() throws IOException {
    Path peft = directory.resolve("peft");
    MlxAdapter.toPeft(mlx("lora", pair()), peft);
    LoraConfig config = (LoraConfig) AdapterFiles.config(peft);
    assertEquals(2, config.r());
    assertEquals(20, config.alpha());
    assertEquals("mine", AdapterFiles.baseModel(peft));
    Safetensors tensors = Safetensors.open(peft.resolve(AdapterFiles.WEIGHTS));
    Tensor a = tensors.tensor("base_model.model." + QUERY + ".lora_A.weight");
    Tensor b = tensors.tensor("base_model.model." + QUERY + ".lora_B.weight");
    assertArrayEquals(new int[] {2, 16}, a.shape().toArray());
    assertArrayEquals(new int[] {16, 2}, b.shape().toArray());
    assertEquals(7, a.get(16 + 3), 0, "A[1][3] is a[3][1]");
    assertEquals(119, b.get(3 * 2 + 1), 0, "B[3][1] is b[1][3]");
    AdapterFiles.load(peft, TinyModel.llama(directory, false));
  }

  @Test
  void thereAndBackTheAnswersAreTheSame() throws IOException {
    PretrainedModel model = TinyModel.llama(directory, false);
    Adapter adapter = Adapter.attach(model, new LoraConfig(3, 5, 0, Targets.of(List.of("q_proj", "down_proj", "lm_head")),
        List.of(), LoraConfig.Bias.NONE, Map.of(), Map.of("down_proj", 2.0), true, false, LoraInit.KAIMING, false, false,
        TokenIndices.NONE), 1);
    TinyModel.change(adapter);
    float[] answers = TinyModel.answers(model);
    Path peft = directory.resolve("ours");
    AdapterFiles.save(adapter, peft, "base");
    Path mlx = directory.resolve("theirs");
    MlxAdapter.fromPeft(peft, mlx);
    assertTrue(MlxAdapter.isMlx(mlx));
    assertFalse(MlxAdapter.isMlx(peft));
    String config = Files.readString(mlx.resolve("adapter_config.json"));
    assertTrue(config.contains("\"lm_head\", \"mlp.down_proj\", \"self_attn.q_proj\"") && config.contains("\"num_layers\" : -1"),
        config);
    MlxAdapter.toPeft(mlx, directory.resolve("back"));
    PretrainedModel again = TinyModel.llama(directory, false);
    AdapterFiles.load(directory.resolve("back"), again);
    assertArrayEquals(answers, TinyModel.answers(again), 1e-4f);
  }

  @Test
  void whatIsNotConvertedIsNamed() throws IOException {
    Path dora = mlx("dora", pair());
    assertTrue(message(() -> MlxAdapter.toPeft(dora, directory.resolve("x"))).contains("'fine_tune_type' is 'dora'"));
    Path table = mlx("lora", pair().add("model.embed_tokens.lora_a", Tensor.of(new float[8], 4, 2)));
    assertTrue(message(() -> MlxAdapter.toPeft(table, directory.resolve("x"))).contains("model.embed_tokens.lora_a"));
    Path half = mlx("lora", new SafetensorsWriter().add(QUERY + ".lora_a", Tensor.of(new float[32], 16, 2)));
    assertTrue(message(() -> MlxAdapter.toPeft(half, directory.resolve("x"))).contains(QUERY + ".lora_b is missing"));
    assertTrue(message(() -> AdapterFiles.config(half)).contains("an adapter of MLX; hone adapter convert"));
    assertFalse(Files.exists(directory.resolve("x")), "nothing is written");
    Path vera = directory.resolve("vera");
    AdapterFiles.save(Adapter.attach(TinyModel.llama(directory, false), VeraConfig.of(2), 1), vera, "base");
    assertTrue(message(() -> MlxAdapter.fromPeft(vera, directory.resolve("x"))).contains("it is of the kind VERA"));
  }

  private static String message(Executable what) {
    return assertThrows(AdapterException.class, what).getMessage();
  }
}
