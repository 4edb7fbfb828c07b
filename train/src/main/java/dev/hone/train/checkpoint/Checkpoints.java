package dev.hone.train.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The checkpoints of one run, in a directory of their own. A new one is written beside the others and renamed, and only then
 * the oldest goes: at every moment there is a whole one.
 */
public final class Checkpoints {
  private static final Pattern NAME = Pattern.compile("step-(\\d{1,10})\\.safetensors");
  private static final Pattern UNFINISHED = Pattern.compile("\\.(step-\\d+\\.safetensors\\..*|frozen)\\.tmp");

  private final Path directory;
  private final int limit;

  /**
   * The checkpoints in a directory, which is made when the first is written.
   *
   * @param limit how many are kept, 1 or more
   */
  public Checkpoints(Path directory, int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("Checkpoints: at least 1 must be kept, got " + limit);
    }
    this.directory = directory;
    this.limit = limit;
  }

  /** The directory. */
  public Path directory() {
    return directory;
  }

  /**
   * Writes a checkpoint, then removes the oldest above the limit, and those of later steps, which a run that fell back has
   * given up.
   *
   * @return the file
   */
  public Path save(int step, Checkpoint checkpoint) throws IOException {
    Path file = directory.resolve(String.format(Locale.ROOT, "step-%d.safetensors", step));
    try {
      Files.createDirectories(directory);
      checkpoint.write(file);
    } catch (IOException e) {
      String last = newestFile().map(path -> "; the last good one is " + path).orElse("");
      throw new IOException("checkpoint of step " + step + ": " + e.getMessage() + last, e);
    }
    List<Path> files = files();
    int kept = 0;
    for (Path other : files) {
      if (step(other) > step || ++kept > limit) {
        Files.deleteIfExists(other);
      }
    }
    return file;
  }

  /** Removes what a run before has left: all checkpoints. */
  public void clear() throws IOException {
    for (Path file : files()) {
      Files.delete(file);
    }
    removeUnfinished();
  }

  /**
   * The newest checkpoint that is whole.
   *
   * @param say hears of damaged ones, which are passed over
   */
  public Optional<Checkpoint> newest(Consumer<String> say) throws IOException {
    for (Path file : files()) {
      try {
        return Optional.of(Checkpoint.read(file));
      } catch (IOException e) {
        say.accept("checkpoint passed over: " + e.getMessage());
      }
    }
    return Optional.empty();
  }

  private Optional<Path> newestFile() throws IOException {
    return files().stream().findFirst();
  }

  /** Newest first. */
  private List<Path> files() throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(directory)) {
      return all.filter(file -> NAME.matcher(file.getFileName().toString()).matches() && Files.isRegularFile(file))
          .sorted(Comparator.comparingLong(Checkpoints::step).reversed()).toList();
    }
  }

  /** Removes what a killed process was writing. */
  public void removeUnfinished() throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    List<Path> unfinished;
    try (Stream<Path> all = Files.list(directory)) {
      unfinished = all.filter(file -> UNFINISHED.matcher(file.getFileName().toString()).matches()).toList();
    }
    for (Path file : unfinished) {
      Files.deleteIfExists(file);
    }
  }

  private static long step(Path file) {
    Matcher matcher = NAME.matcher(file.getFileName().toString());
    return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
  }
}
