package dev.hone.bench.tokenizer;

import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Encoding;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.training.TokenizerKind;
import dev.hone.tokenizer.training.TokenizerTrainer;
import dev.hone.tokenizer.training.TrainingListener;
import dev.hone.tokenizer.training.TrainingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Encoding of a text's lines with a tokenizer trained on it: {@code -p text=FILE}, the repository's README by default. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class EncodeBenchmark {
  private static final int VOCABULARY = 4000;

  /** A UTF-8 file. */
  @Param("README.md")
  public String text;

  /** What is trained on it. */
  @Param
  public TokenizerKind kind;

  /** Number of threads. */
  @Param({"1", "2"})
  public int threads;

  private Tokenizer tokenizer;
  private List<String> lines;

  /** Trains. */
  @Setup
  public void train() throws IOException {
    Path file = Path.of(text);
    lines = Files.readAllLines(file);
    tokenizer = TokenizerTrainer.train(List.of(file), TrainingOptions.of(kind, VOCABULARY), TrainingListener.NONE);
  }

  /** All lines once. */
  @Benchmark
  public List<Encoding> encode() {
    return tokenizer.encodeAll(lines, EncodeOptions.DEFAULT, threads);
  }
}
