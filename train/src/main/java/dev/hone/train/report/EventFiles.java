package dev.hone.train.report;

import dev.hone.train.TrainListener;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Event files for TensorBoard, with the names that Hugging Face runs have: {@code train/loss}, {@code train/learning_rate},
 * {@code train/grad_norm}, {@code train/epoch}, {@code eval/loss}, {@code eval/accuracy}.
 *
 * <p>Every start writes a file of its own. A run that goes on from a checkpoint cuts what an earlier file has of the steps that
 * are done again, so that no reader meets a point twice, and begins its file with a session start at the first of them, which
 * makes a TensorBoard that is open drop them, too.
 */
public final class EventFiles implements TrainListener, AutoCloseable {
  private static final String PREFIX = "events.out.tfevents.";
  private static final String SUFFIX = ".hone";
  private static final String FILE = "tensorboard_file";
  private static final String POSITION = "tensorboard_bytes";
  private static final String STEP = "tensorboard_step";

  private final Path directory;
  private RandomAccessFile file; // null until there is something to write
  private String name;
  private int step;

  /** Files in this directory, which is made when there is something to write. */
  public EventFiles(Path directory) {
    this.directory = directory;
  }

  @Override
  public void onStep(Step s) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("train/loss", s.loss());
    values.put("train/learning_rate", s.learningRate());
    values.put("train/grad_norm", s.gradientNorm());
    values.put("train/epoch", s.epoch());
    values.put("train/tokens_per_second", s.tokensPerSecond());
    step = s.step();
    write(values);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("eval/loss", evaluation.loss());
    if (!Double.isNaN(evaluation.accuracy())) {
      values.put("eval/accuracy", evaluation.accuracy());
    }
    if (evaluation.logits() == null) {
      values.put("eval/perplexity", Math.exp(evaluation.loss()));
    }
    step = evaluation.step();
    write(values);
  }

  private void write(Map<String, Double> values) {
    try {
      begin(false);
      file.write(EventRecords.scalars(now(), step, values));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** The system's message, such as that the disk is full, does not say for which file. */
  private UncheckedIOException failed(IOException e) {
    return new UncheckedIOException(
        new IOException("write " + (name == null ? directory : directory.resolve(name)) + ": " + e.getMessage(), e));
  }

  /** A run that did not take up a checkpoint begins without the files of an earlier one. */
  private void begin(boolean goesOn) throws IOException {
    if (file != null) {
      return;
    }
    Files.createDirectories(directory);
    List<String> earlier = names();
    if (!goesOn) {
      for (String old : earlier) {
        Files.delete(directory.resolve(old));
      }
    }
    // Readers take files in the order of their names: a start in the same second, or after the clock was set, comes later.
    long newest = earlier.isEmpty() ? 0 : Long.parseLong(earlier.getLast().substring(PREFIX.length()).replace(SUFFIX, ""));
    name = String.format(Locale.ROOT, "%s%010d%s", PREFIX, Math.max((long) now(), newest + 1), SUFFIX);
    file = new RandomAccessFile(directory.resolve(name).toFile(), "rw");
    file.write(EventRecords.version(now()));
    if (goesOn) {
      file.write(EventRecords.start(now(), step + 1L));
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(path -> path.getFileName().toString()).filter(n -> n.matches("events\\.out\\.tfevents\\.\\d{10}\\.hone"))
          .sorted().toList();
    }
  }

  private static double now() {
    return System.currentTimeMillis() / 1000.0;
  }

  @Override
  public Map<String, String> save() {
    try {
      begin(false);
      file.getFD().sync(); // a checkpoint must not know points that a power failure takes away
      return Map.of(FILE, name, POSITION, Long.toString(file.getFilePointer()), STEP, Integer.toString(step));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public void resume(Map<String, String> saved) {
    if (!saved.containsKey(FILE) || !Files.isDirectory(directory)) {
      return;
    }
    try {
      for (String old : names()) {
        int order = old.compareTo(saved.get(FILE));
        if (order > 0) {
          Files.delete(directory.resolve(old));
        } else if (order == 0) {
          cut(directory.resolve(old), Long.parseLong(saved.get(POSITION)));
        }
      }
      step = Integer.parseInt(saved.get(STEP));
      begin(true);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static void cut(Path path, long length) throws IOException {
    try (RandomAccessFile old = new RandomAccessFile(path.toFile(), "rw")) {
      old.setLength(Math.min(length, old.length()));
    }
  }

  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }
}
