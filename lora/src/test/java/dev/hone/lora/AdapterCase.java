package dev.hone.lora;

import static dev.hone.lora.Fixtures.assertClose;

import dev.hone.autograd.GradMode;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.TestDevice;
import dev.hone.core.io.Safetensors;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import java.nio.file.Path;
import java.util.Arrays;

/** What tests of stored adapters share. */
final class AdapterCase {
  private AdapterCase() {}

  static Path directory(String name) {
    return Fixtures.root().resolve("lora").resolve(name);
  }

  /** A fresh base model of a fixture. */
  static PretrainedModel base(Path directory) {
    Path base = Fixtures.root().resolve(Fixtures.json(directory.resolve("expected.json")).path("base").asString());
    boolean writes = Fixtures.json(base.resolve("expected.json")).path("kind").asString().equals("causal_lm");
    return PretrainedModel.load(base, writes ? Task.CAUSAL_LM : Task.SEQUENCE_CLASSIFICATION).to(TestDevice.chosen());
  }

  static Adapter load(Path directory, String which) {
    return AdapterFiles.load(directory.resolve(which), base(directory));
  }

  static float[] logits(PretrainedModel model, Path directory) {
    try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open()) {
      return model.forward(Fixtures.batch(Fixtures.tensors(directory.resolve("io.safetensors")), ""), Pass.inference())
          .value().toFloatArray();
    }
  }

  /** Stored logits of the real tokens; virtual ones come first in every sequence and have none here. */
  static float[] expected(Path directory, String name) {
    Safetensors io = Fixtures.tensors(directory.resolve("io.safetensors"));
    Tensor stored = io.tensor(name);
    if (stored.shape().rank() == 2) {
      return stored.toFloatArray();
    }
    int width = io.shape("input_ids").dim(1);
    int added = stored.dim(1) - width;
    return Fixtures.pick(stored, Arrays.stream(Fixtures.realRows(io)).map(row -> row + (row / width + 1) * added).toArray());
  }

  static void assertLogits(Path directory, String name, PretrainedModel model) {
    assertClose(name, expected(directory, name), logits(model, directory), 2e-5, 0);
  }
}
