package dev.hone.example.spark;

import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextEmbedder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The models of this JVM: the first task that asks for one loads it, and it answers all tasks of the executor, which compute as
 * many at a time as {@code -Dhone.threads} says. Nothing of a model is ever serialised: directories are, which each executor must
 * see under the same name.
 */
final class Models {
  private static final Map<String, TextEmbedder> EMBEDDERS = new ConcurrentHashMap<>();
  private static final Map<String, TextClassifier> CLASSIFIERS = new ConcurrentHashMap<>();

  private Models() {}

  static TextEmbedder embedder(String directory) {
    return EMBEDDERS.computeIfAbsent(directory, model -> {
      try {
        return TextEmbedder.load(Path.of(model));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }

  static TextClassifier classifier(String directory, String adapter) {
    return CLASSIFIERS.computeIfAbsent(directory + "\n" + adapter, _ -> {
      try {
        return TextClassifier.load(Path.of(directory), Path.of(adapter));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }
}
