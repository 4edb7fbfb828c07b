package dev.hone.train.report;

import dev.hone.train.TrainListener;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code metrics.jsonl}: one JSON object per step and per evaluation, written as they happen. */
public final class MetricsFile implements TrainListener, AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final BufferedWriter writer;

  /** Starts the file anew. */
  public MetricsFile(Path file) throws IOException {
    writer = Files.newBufferedWriter(file);
  }

  @Override
  public void onStep(Step step) {
    ObjectNode line = JSON.createObjectNode();
    line.put("step", step.step());
    line.put("epoch", step.epoch());
    line.put("loss", step.loss());
    line.put("learning_rate", step.learningRate());
    line.put("grad_norm", step.gradientNorm());
    line.put("tokens", step.tokens());
    line.put("tokens_per_second", step.tokensPerSecond());
    line.put("seconds", step.seconds());
    write(line);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    ObjectNode line = JSON.createObjectNode();
    line.put("step", evaluation.step());
    line.put("epoch", evaluation.epoch());
    line.put("eval_loss", evaluation.loss());
    if (!Double.isNaN(evaluation.accuracy())) {
      line.put("eval_accuracy", evaluation.accuracy());
    }
    line.put("best", evaluation.best());
    write(line);
  }

  private void write(ObjectNode line) {
    try {
      writer.write(JSON.writeValueAsString(line));
      writer.write('\n');
      writer.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
