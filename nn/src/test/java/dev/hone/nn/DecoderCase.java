package dev.hone.nn;

import dev.hone.core.TestDevice;
import dev.hone.core.io.Safetensors;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.load.ModelLoader;
import java.nio.file.Path;
import java.util.List;

/** What tests of decoders share: which directories, and stored ids. */
final class DecoderCase {
  private DecoderCase() {}

  static boolean isDecoder(Path directory) {
    try {
      return ModelLoader.configOf(directory.resolve("config.json")) instanceof DecoderConfig;
    } catch (ModelException e) {
      if (e.getMessage().contains("'model_type' is '")) {
        return false; // of a family that is not read
      }
      throw e;
    }
  }

  static Task task(Path directory) {
    return Fixtures.json(directory.resolve("expected.json")).path("kind").asString().equals("causal_lm")
        ? Task.CAUSAL_LM : Task.SEQUENCE_CLASSIFICATION;
  }

  static List<Path> directories(Task task) {
    return Fixtures.directories("models", directory -> isDecoder(directory) && task(directory) == task);
  }

  static PretrainedModel load(Path directory) {
    return PretrainedModel.load(directory, task(directory)).to(TestDevice.chosen());
  }

  /** The ids of a tensor of one row. */
  static int[] ids(Safetensors io, String name) {
    long[] stored = io.tensor(name).toLongArray();
    int[] ids = new int[stored.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (int) stored[i];
    }
    return ids;
  }
}
