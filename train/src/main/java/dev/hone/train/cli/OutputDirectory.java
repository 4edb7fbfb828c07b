package dev.hone.train.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The directory a run writes to. */
final class OutputDirectory {
  private OutputDirectory() {}

  /** Fails if there is something in the directory that the run may not replace. Makes nothing yet. */
  static void check(Path directory, boolean overwrite) throws IOException {
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
