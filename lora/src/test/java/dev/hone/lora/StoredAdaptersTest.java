package dev.hone.lora;

import static dev.hone.lora.Fixtures.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.nn.PretrainedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every method that PEFT has, against PEFT: both stored adapters, merging, and what we write back. */
@Tag("fixtures")
class StoredAdaptersTest {
  static Stream<Path> adapters() {
    return Fixtures.directories("lora", directory -> Files.exists(directory.resolve("adapter_init"))).stream();
  }

  /** Those that PEFT merged. */
  static Stream<Path> mergeable() {
    return adapters().filter(directory -> Files.exists(directory.resolve("merged_weights.safetensors")));
  }

  private static boolean isPissa(Path directory) {
    return Files.exists(directory.resolve("adapter_converted"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("adapters")
  void storedAdaptersGiveTheLogitsOfPeft(Path directory) {
    AdapterCase.assertLogits(directory, "logits", AdapterCase.load(directory, "adapter_init").model());
    AdapterCase.assertLogits(directory, "logits_final", AdapterCase.load(directory, "adapter_final").model());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mergeable")
  void mergingGivesTheWeightsAndLogitsOfPeft(Path directory) {
    Adapter adapter = AdapterCase.load(directory, "adapter_init");
    adapter.merge();
    Safetensors merged = Fixtures.tensors(directory.resolve("merged_weights.safetensors"));
    Map<String, Parameter> base = adapter.model().baseParameters();
    for (String name : merged.names()) {
      assertClose(name, merged.tensor(name).toFloatArray(), base.get(name).value().toFloatArray(), 1e-6, 1e-7);
    }
    AdapterCase.assertLogits(directory, "logits_merged", adapter.model());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("adapters")
  void whatWeWriteHasPeftsNamesAndReadsBack(Path directory, @TempDir Path temporary) throws IOException {
    String keep = System.getProperty("hone.saved");
    Path out = (keep == null ? temporary : Path.of(keep)).resolve(directory.getFileName());
    Adapter adapter = AdapterCase.load(directory, "adapter_final");
    AdapterFiles.save(adapter, out, "base");
    Safetensors ours = Fixtures.tensors(out.resolve(AdapterFiles.WEIGHTS));
    Safetensors theirs = Fixtures.tensors(
        directory.resolve(isPissa(directory) ? "adapter_converted" : "adapter_final").resolve(AdapterFiles.WEIGHTS));
    assertEquals(theirs.names(), ours.names());
    PretrainedModel again = AdapterFiles.load(out, AdapterCase.base(directory)).model();
    if (isPissa(directory)) {
      AdapterCase.assertLogits(directory, "logits_converted", again);
      return;
    }
    for (String name : theirs.names()) {
      assertArrayEquals(theirs.tensor(name).toFloatArray(), ours.tensor(name).toFloatArray(), name);
    }
    assertArrayEquals(AdapterCase.logits(adapter.model(), directory), AdapterCase.logits(again, directory));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("adapters")
  void takingAnAdapterOutBringsTheBaseBackToTheBit(Path directory) {
    PretrainedModel model = AdapterCase.base(directory);
    Map<String, float[]> before = values(model);
    float[] base = AdapterCase.logits(model, directory);
    Adapter adapter = AdapterFiles.load(directory.resolve("adapter_final"), model);
    float[] adapted = AdapterCase.logits(model, directory);
    try (Adapter.Off _ = adapter.off()) {
      assertArrayEquals(base, AdapterCase.logits(model, directory), "switched off");
    }
    assertArrayEquals(adapted, AdapterCase.logits(model, directory), "switched on again");
    adapter.detach();
    assertArrayEquals(base, AdapterCase.logits(model, directory), "detached");
    Map<String, float[]> after = values(model);
    assertEquals(before.keySet(), after.keySet());
    before.forEach((name, value) -> assertArrayEquals(value, after.get(name), name));
    adapter.reattach();
    assertArrayEquals(adapted, AdapterCase.logits(model, directory), "attached again");
  }

  private static Map<String, float[]> values(PretrainedModel model) {
    Map<String, float[]> values = new TreeMap<>();
    model.parameters().forEach((name, parameter) -> values.put(name, parameter.value().toFloatArray()));
    return values;
  }

  @Test
  void pissaLeavesTheResidualOfPeftInTheBaseAndTakesTheSameProductOut() {
    Path directory = AdapterCase.directory("llama_pissa");
    PretrainedModel model = AdapterCase.base(directory);
    Map<String, float[]> before = values(model);
    Adapter adapter = Adapter.attach(model, AdapterCase.load(directory, "adapter_init").config(), 1);
    Safetensors exact = Fixtures.tensors(directory.resolve("pissa_f64.safetensors"));
    for (String path : adapter.targets()) {
      String weight = path + ".weight";
      float[] residual = model.baseParameters().get(weight).value().toFloatArray();
      assertClose(weight, exact.tensor(weight + ".residual").toFloatArray(), residual, 2e-6, 0);
      float[] product = new float[residual.length];
      for (int i = 0; i < product.length; i++) {
        product[i] = before.get(weight)[i] - residual[i];
      }
      assertClose(weight + " product", exact.tensor(weight + ".low_rank").toFloatArray(), product, 2e-6, 0);
    }
    Tensor base = Fixtures.tensors(directory.resolve("residual_weights.safetensors"))
        .tensor(adapter.targets().iterator().next() + ".weight");
    assertClose("PEFT's residual", base.toFloatArray(),
        model.baseParameters().get(adapter.targets().iterator().next() + ".weight").value().toFloatArray(), 5e-6, 0);
  }

  @Test
  void ranksThatAdaLoraCutAreReadMergedAndWritten(@TempDir Path out) throws IOException {
    Path directory = AdapterCase.directory("llama_adalora_pruned");
    Adapter adapter = AdapterCase.load(directory, "adapter_pruned");
    AdapterCase.assertLogits(directory, "logits", adapter.model());
    AdapterFiles.save(adapter, out, "base");
    Adapter again = AdapterFiles.load(out, AdapterCase.base(directory));
    assertEquals(adapter.config(), again.config());
    assertArrayEquals(AdapterCase.logits(adapter.model(), directory), AdapterCase.logits(again.model(), directory));
    again.merge();
    AdapterCase.assertLogits(directory, "logits", again.model());
  }

  @Test
  void theMatricesOfVeraAreDrawnAsPyTorchDrawsThem(@TempDir Path out) throws IOException {
    Path directory = AdapterCase.directory("llama_vera");
    Safetensors stored = Fixtures.tensors(directory.resolve("adapter_init").resolve(AdapterFiles.WEIGHTS));
    VeraConfig config = (VeraConfig) AdapterCase.load(directory, "adapter_init").config();
    AdapterFiles.save(Adapter.attach(AdapterCase.base(directory), config, 5), out, "base");
    Safetensors drawn = Fixtures.tensors(out.resolve(AdapterFiles.WEIGHTS));
    for (String name : List.of("base_model.vera_A", "base_model.vera_B")) {
      assertArrayEquals(stored.tensor(name).toFloatArray(), drawn.tensor(name).toFloatArray(), name);
    }
  }
}
