package dev.hone.train.source;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/** What {@code --model} names: a directory, or a Maven artifact that holds a model. */
public final class ModelArgument {
  private ModelArgument() {}

  /** The Hugging Face directory; an artifact is fetched and unpacked if it was not before, which is said to {@code say}. */
  public static Path resolve(String argument, Consumer<String> say) throws IOException {
    return ModelCache.ofUser().directory(ModelReference.parse(argument), say);
  }
}
