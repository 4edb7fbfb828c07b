package dev.hone.nn;

import dev.hone.core.DType;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Reads and writes the directories of models for {@link PretrainedModel}. It knows all families, which are made of what is in
 * this package; so it stands above them and is found as a service.
 */
public interface ModelFiles {
  /**
   * Loads a directory for a task.
   *
   * @param labels of a new classification task; null for those of {@code config.json}
   * @param seed of a new head
   * @param quantized what {@link dev.hone.nn.load.ModelLoader#quantize} takes, or null
   */
  PretrainedModel load(Path directory, Task task, Labels labels, long seed, DType quantized);

  /** A model with layers of its own on the weights of one that has no adapter; see {@link PretrainedModel#twin}. */
  PretrainedModel twin(PretrainedModel model);

  /** Writes a directory; see {@link PretrainedModel#save(Path, DType, long)}. */
  void write(PretrainedModel model, Path directory, DType dtype, long shardBytes) throws IOException;
}
