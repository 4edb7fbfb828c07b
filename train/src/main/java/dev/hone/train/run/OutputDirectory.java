package dev.hone.train.run;

import dev.hone.train.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The directory a run writes to. */
public final class OutputDirectory {
  private OutputDirectory() {}

  /** Fails if there is something in the directory that the run may not replace. Makes nothing yet. */
  public static void check(Path directory, boolean overwrite) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    if (!Files.isDirectory(directory)) {
      throw new UserError(directory + ": exists and is not a directory");
    }
    try (Stream<Path> entries = Files.list(directory)) {
      if (!overwrite && entries.findAny().isPresent()) {
        throw new UserError(directory + ": exists and is not empty; --overwrite replaces what a run writes there");
      }
    }
  }
}
