package dev.hone.train.cli;

import dev.hone.train.source.ModelCache;
import dev.hone.train.source.ModelReference;
import java.io.IOException;
import java.nio.file.Path;

/** What {@code --model} names: a directory, or a Maven artifact that holds a model. */
final class ModelArgument {
  private ModelArgument() {}

  /** The Hugging Face directory; an artifact is fetched and unpacked if it was not before. */
  static Path resolve(String argument, Console console) throws IOException {
    return ModelCache.ofUser().directory(ModelReference.parse(argument), console::note);
  }
}
