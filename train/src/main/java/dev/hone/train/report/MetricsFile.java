package dev.hone.train.report;

import dev.hone.train.TrainListener;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code metrics.jsonl}: one JSON object per step and per evaluation, written as they happen. A run that goes on from a
 * checkpoint cuts off the lines of the steps it does again, so that none is missing or doubled.
 */
public final class MetricsFile implements TrainListener, AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String POSITION = "metrics_bytes";

  private final Path path;
  private RandomAccessFile file; // not a channel, which an interrupt of the training thread would close; null until a run begins
  private boolean begun;

  /**
   * The file of a run, whose directory is made if it does not exist. It is opened when the run begins: anew, or, if a checkpoint
   * is taken up, where that was written. A run that is refused leaves it as it was.
   */
  public MetricsFile(Path file) {
    path = file;
  }

  @Override
  public void onStart() {
    try {
      begin();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void open() throws IOException {
    if (file == null) {
      Files.createDirectories(path.toAbsolutePath().getParent());
      file = new RandomAccessFile(path.toFile(), "rw");
    }
  }

  @Override
  public void onStep(Step step) {
    ObjectNode line = JSON.createObjectNode();
    line.put("step", step.step());
    line.put("epoch", step.epoch());
    number(line, "loss", step.loss());
    line.put("learning_rate", step.learningRate());
    number(line, "grad_norm", step.gradientNorm());
    line.put("tokens", step.tokens());
    line.put("tokens_per_second", step.tokensPerSecond());
    line.put("seconds", step.seconds());
    step.figures().forEach((name, value) -> number(line, name, value));
    write(line);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    ObjectNode line = JSON.createObjectNode();
    line.put("step", evaluation.step());
    line.put("epoch", evaluation.epoch());
    number(line, "eval_loss", evaluation.loss());
    if (!Double.isNaN(evaluation.accuracy())) {
      line.put("eval_accuracy", evaluation.accuracy());
    }
    if (evaluation.metric() != evaluation.loss()) {
      number(line, "eval_metric", evaluation.metric()); // what the best step is chosen by, where that is not the loss
    }
    evaluation.figures().forEach((name, value) -> number(line, "eval_" + name, value));
    line.put("best", evaluation.best());
    write(line);
  }

  /** JSON has no word for what is not finite. */
  private static void number(ObjectNode line, String key, double value) {
    if (Double.isFinite(value)) {
      line.put(key, value);
    } else {
      line.putNull(key);
    }
  }

  private void write(ObjectNode line) {
    try {
      begin();
      file.write((JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** The system's message, such as that the disk is full, does not say for which file. */
  private UncheckedIOException failed(IOException e) {
    return new UncheckedIOException(new IOException("write " + path + ": " + e.getMessage(), e));
  }

  /** A run that did not take up a checkpoint begins with an empty file. */
  private void begin() throws IOException {
    open();
    if (!begun) {
      file.setLength(0);
      begun = true;
    }
  }

  @Override
  public Map<String, String> save() {
    try {
      begin();
      file.getFD().sync(); // a checkpoint must not know lines that a power failure takes away
      return Map.of(POSITION, Long.toString(file.getFilePointer()));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public void resume(Map<String, String> saved) {
    try {
      open();
      long position = Long.parseLong(saved.getOrDefault(POSITION, "0"));
      file.setLength(Math.min(position, file.length()));
      file.seek(file.length());
      begun = true;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }
}
