package dev.hone.nn.load;

import dev.hone.core.DType;
import dev.hone.nn.Labels;
import dev.hone.nn.ModelFiles;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** What {@link PretrainedModel} reads and writes directories with: {@link ModelLoader} and {@link ModelWriter}. */
public final class HuggingFaceFiles implements ModelFiles {
  /** For the lookup of services. */
  public HuggingFaceFiles() {}

  @Override
  public PretrainedModel load(Path directory, Task task, Labels labels, long seed, DType quantized) {
    return new ModelLoader(directory).task(task).labels(labels).seed(seed).quantize(quantized).load();
  }

  @Override
  public PretrainedModel twin(PretrainedModel model) {
    return ModelLoader.twin(model);
  }

  @Override
  public void write(PretrainedModel model, Path directory, DType dtype, long shardBytes) throws IOException {
    ModelWriter.write(model, Map.of(), directory, dtype, shardBytes);
  }
}
