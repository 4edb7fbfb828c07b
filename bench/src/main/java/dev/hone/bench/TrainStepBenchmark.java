package dev.hone.bench;

import java.io.IOException;
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

/** A whole training step of a BERT, on all threads of Hone. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-XX:PerMethodTrapLimit=10000",
    "-XX:+UseSerialGC", "-Xmn16m"})
@Warmup(iterations = 2, time = 5)
@Measurement(iterations = 2, time = 5)
public class TrainStepBenchmark {
  /** A name of {@link TrainCase}. */
  @Param({"bert-minilm/32x32/lora8", "bert-minilm/32x32/full"})
  public String bench;

  private TrainStep step;

  /** Makes the model. */
  @Setup
  public void prepare() throws IOException {
    step = new TrainStep(TrainCase.all(null).get(bench));
  }

  /** Forward, loss, backward, clipping and AdamW; returns the loss. */
  @Benchmark
  public float step() {
    return step.run();
  }
}
