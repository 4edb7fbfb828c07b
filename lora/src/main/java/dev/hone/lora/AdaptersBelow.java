package dev.hone.lora;

import dev.hone.nn.PretrainedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Adapters that another one stands on: they are merged into its base before it is attached. Its directory has copies of theirs,
 * {@code below/0} and so on, so that it never comes without them.
 */
final class AdaptersBelow {
  private static final String FOLDER = "below";
  private static final List<String> FILES = List.of(AdapterFiles.CONFIG, AdapterFiles.WEIGHTS, AdapterFiles.LABELS);

  private AdaptersBelow() {}

  /** Makes of a base what an adapter wants to be attached to. */
  static void prepare(PretrainedModel model, LoraConfig config) {
    int layers = config.base().layers().stream().mapToInt(part -> part.to() - part.from()).sum();
    if (layers > 0 && layers != model.config().layers()) {
      throw new AdapterException("layer_replication makes " + layers + " layers of those of its base, and this model has "
          + model.config().layers() + "; AdapterFiles.base loads the base so (hone generate, evaluate, predict, merge); to serve "
          + "it or to train on, merge the adapter (hone merge) and take the merged model");
    }
    for (Path directory : config.base().below()) {
      try {
        AdapterFiles.load(directory, model).merge();
      } catch (AdapterException e) {
        throw new AdapterException("below the new adapter: " + directory + ": " + e.getMessage(), e);
      }
    }
  }

  /** A configuration as its directory completes it. */
  static AdapterConfig read(Path directory, AdapterConfig config, int count) {
    if (count == 0) {
      return config;
    }
    List<Path> below = IntStream.range(0, count).mapToObj(i -> directory.resolve(FOLDER).resolve(Integer.toString(i))).toList();
    for (Path one : below) {
      if (!AdapterFiles.isAdapter(one)) {
        throw new AdapterException(directory + ": it was trained above " + count + " other adapters, and " + one
            + " is not there; copy the whole directory");
      }
    }
    LoraConfig lora = (LoraConfig) config;
    return lora.withBase(new LoraConfig.Base(lora.base().layers(), below));
  }

  /** Writes copies beside an adapter. */
  static void save(AdapterConfig config, Path directory) throws IOException {
    List<Path> below = config instanceof LoraConfig lora ? lora.base().below() : List.of();
    for (int i = 0; i < below.size(); i++) {
      Path target = directory.resolve(FOLDER).resolve(Integer.toString(i));
      if (Files.isDirectory(target) && Files.isSameFile(target, below.get(i))) {
        continue; // it is saved where it came from
      }
      Files.createDirectories(target);
      for (String file : FILES) {
        if (Files.exists(below.get(i).resolve(file))) {
          Files.copy(below.get(i).resolve(file), target.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
      }
      save(AdapterFiles.config(below.get(i)), target);
    }
  }
}
