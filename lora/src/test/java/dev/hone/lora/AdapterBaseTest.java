package dev.hone.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.nn.ModelException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters of a base of which something is made first: layers in other places, other adapters merged. */
class AdapterBaseTest {
  private static final LoraConfig LORA = LoraConfig.of(2, 4);
  private static final LoraConfig REPLICATED = LORA.withBase(new LoraConfig.Base(
      List.of(new LoraConfig.Layers(0, 2), new LoraConfig.Layers(1, 2)), List.of())); // layers 0, 1, 1

  @TempDir
  Path directory;

  private Path base;

  @BeforeEach
  void prepare() throws IOException {
    base = Files.createDirectory(directory.resolve("base"));
    TinyModel.llama(base, true).save(base, null);
  }

  private PretrainedModel model() {
    return PretrainedModel.load(base, Task.CAUSAL_LM);
  }

  /** A model of three layers in a file of its own, the last a copy of the second. */
  private PretrainedModel copied() throws IOException {
    Path copied = Files.createDirectory(directory.resolve("copied"));
    SafetensorsWriter writer = new SafetensorsWriter();
    Safetensors tensors = Safetensors.open(base.resolve("model.safetensors"));
    for (String name : tensors.names()) {
      writer.add(name, tensors.tensor(name));
      if (name.contains(".layers.1.")) {
        writer.add(name.replace(".layers.1.", ".layers.2."), tensors.tensor(name));
      }
    }
    writer.write(copied.resolve("model.safetensors"));
    Files.writeString(copied.resolve("config.json"), Files.readString(base.resolve("config.json"))
        .replaceFirst("\"num_hidden_layers\"\\s*:\\s*2", "\"num_hidden_layers\": 3"));
    return PretrainedModel.load(copied, Task.CAUSAL_LM);
  }

  @Test
  void layersThatStandTwiceHaveAdaptersOfTheirOwn() throws IOException {
    PretrainedModel three = copied();
    Adapter adapter = Adapter.attach(three, REPLICATED, 1);
    TinyModel.change(adapter);
    Path stored = directory.resolve("adapter");
    AdapterFiles.save(adapter, stored, "base");
    assertTrue(Files.readString(stored.resolve("adapter_config.json")).replaceAll("\\s", "")
        .contains("\"layer_replication\":[[0,2],[1,2]]"));
    PretrainedModel again = AdapterFiles.base(stored, base);
    Adapter loaded = AdapterFiles.load(stored, again);
    assertEquals(3, again.config().layers());
    assertArrayEquals(TinyModel.answers(three), TinyModel.answers(again));
    loaded.merge();
    Path merged = directory.resolve("merged");
    again.save(merged, null);
    assertArrayEquals(TinyModel.answers(again), TinyModel.answers(PretrainedModel.load(merged, Task.CAUSAL_LM)));
    String message = assertThrows(AdapterException.class, () -> AdapterFiles.load(stored, model())).getMessage();
    assertTrue(message.contains("layer_replication makes 3 layers of those of its base, and this model has 2"), message);
  }

  @Test
  void layersThatAreNotThereAndFamiliesWhoseLayersDifferAreRefused() throws IOException {
    Path stored = directory.resolve("adapter");
    AdapterFiles.save(Adapter.attach(copied(), REPLICATED, 1), stored, "base");
    Path file = stored.resolve("adapter_config.json");
    String config = Files.readString(file);
    Files.writeString(file, config.replaceAll(
        "(?s)\"layer_replication\"\\s*:.*?\\]\\s*\\]", "\"layer_replication\": [[0, 2], [2, 3]]"));
    assertTrue(assertThrows(ModelException.class, () -> AdapterFiles.base(stored, base)).getMessage()
        .endsWith("layer_replication: layer 2 of a model of 2"));
    Files.writeString(file, config);
    Files.writeString(base.resolve("config.json"),
        Files.readString(base.resolve("config.json")).replace("\"llama\"", "\"gemma2\""));
    assertTrue(assertThrows(ModelException.class, () -> AdapterFiles.base(stored, base)).getMessage()
        .contains("not for gemma2; merge the adapter with PEFT"));
  }

  private Path trained(String name, LoraConfig config, PretrainedModel model) throws IOException {
    Adapter adapter = Adapter.attach(model, config, name.hashCode());
    TinyModel.change(adapter);
    Path stored = directory.resolve(name);
    AdapterFiles.save(adapter, stored, "base");
    return stored;
  }

  @Test
  void anAdapterAboveOthersIsThatOfTheModelWithThoseMerged() throws IOException {
    Path first = trained("first", LORA, model());
    Path second = trained("second", LORA.withTargets(List.of("embed_tokens", "down_proj")), model());
    PretrainedModel merged = model();
    AdapterFiles.load(first, merged).merge();
    AdapterFiles.load(second, merged).merge();
    float[] below = TinyModel.answers(merged);
    PretrainedModel stacked = model();
    Adapter above = Adapter.attach(stacked, LORA.withDora(true).withBelow(List.of(first, second)), 3);
    assertArrayEquals(below, TinyModel.answers(stacked), 1e-5f, "untrained, it changes nothing");
    Adapter own = Adapter.attach(merged, LORA.withDora(true), 3);
    TinyModel.change(above);
    TinyModel.change(own);
    assertArrayEquals(TinyModel.answers(merged), TinyModel.answers(stacked));
    Path stored = directory.resolve("above");
    AdapterFiles.save(above, stored, "base");
    AdapterFiles.load(stored, model()); // once more from its own copies
    AdapterFiles.save(above, stored, "base");
    for (Path one : List.of(first, second)) {
      Files.delete(one.resolve("adapter_config.json"));
    }
    PretrainedModel again = model();
    Adapter loaded = AdapterFiles.load(stored, again);
    assertArrayEquals(TinyModel.answers(stacked), TinyModel.answers(again));
    assertTrue(loaded.merges().containsKey("model.layers.0.self_attn.q_proj.weight"));
    loaded.merge();
    assertArrayEquals(TinyModel.answers(stacked), TinyModel.answers(again), 1e-4f);
  }

  @Test
  void itNeverComesWithoutThoseBelow() throws IOException {
    Path first = trained("first", LORA, model());
    Path above = trained("above", LORA.withBelow(List.of(first)), model());
    Adapters adapters = new Adapters(model());
    adapters.load("first", first);
    adapters.load("above", above);
    PretrainedModel alone = model();
    AdapterFiles.load(above, alone);
    assertArrayEquals(TinyModel.answers(alone), TinyModel.answers(adapters.model("above")));
    assertNotEquals(Arrays.hashCode(TinyModel.answers(model())), Arrays.hashCode(TinyModel.answers(adapters.model("first"))));
    assertArrayEquals(TinyModel.answers(model()), TinyModel.answers(adapters.model()), "the base is as it was");
    String message = assertThrows(AdapterException.class,
        () -> adapters.combine("x", List.of("first", "above"), new double[] {1, 1}, Combination.CAT, 0)).getMessage();
    assertTrue(message.contains("'above' cannot be combined: it stands on others"), message);
    Files.delete(above.resolve("below/0/adapter_config.json"));
    assertTrue(assertThrows(AdapterException.class, () -> AdapterFiles.load(above, model())).getMessage()
        .contains("it was trained above 1 other adapters, and"));
  }

  @Test
  void whatCannotBeMergedCannotBeBelow() throws IOException {
    Path prompt = directory.resolve("prompt");
    AdapterFiles.save(Adapter.attach(model(), PromptConfig.of(2), 1), prompt, "base");
    String message = assertThrows(AdapterException.class,
        () -> Adapter.attach(model(), LORA.withBelow(List.of(prompt)), 1)).getMessage();
    assertTrue(message.contains("below the new adapter: ") && message.contains("PROMPT_TUNING cannot be merged"), message);
  }
}
