package dev.hone.train.cli;

import dev.hone.autograd.ActivationOps;
import dev.hone.autograd.AttentionOps;
import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.GatherOps;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.NormOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Activation;
import dev.hone.core.AttentionSpec;
import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.io.WeightFiles;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.random.Philox;
import dev.hone.nn.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/**
 * Runs a small layer on a thread of its own while the command line reads files, forward and backward or as a model that answers,
 * so that the JVM has compiled the kernels when the work starts: vector code is hundreds of times slower until then. Results do
 * not change.
 */
final class KernelWarmUp implements AutoCloseable {
  private static final int TOKENS = 24; // small: the first pass runs in the interpreter, and calls count towards compilation
  private static final int WIDTH = 32;
  private static final int HEADS = 2;
  private static final int WIDE = 32;
  private static final int RANK = 8;
  private static final long COMPILED_NANOS = 6_000_000; // a pass takes less when most kernels are compiled
  private static final long COMPILED_ANSWER_NANOS = 3_000_000;
  private static final long LARGE = 128L << 20; // bytes of a model that takes longer in the interpreter than compiling takes
  private static final int PASSES = 1000; // then all is compiled, however long reading may take
  private static final long PATIENCE_MILLIS = 1500;

  private final Supplier<IntConsumer> work; // makes what is run with the number of each pass
  private final long compiledNanos;
  private final CountDownLatch ready = new CountDownLatch(1);
  private final Thread thread = Thread.ofPlatform().daemon().name("hone-warm-up").unstarted(this::run);
  private final Thread hook = new Thread(this::end, "hone-warm-up-end"); // whatever ends the process, it waits for the thread
  private volatile boolean done;

  private KernelWarmUp(Supplier<IntConsumer> work, long compiledNanos) {
    this.work = work;
    this.compiledNanos = compiledNanos;
  }

  /** Starts it, for training. */
  static KernelWarmUp start() {
    return start(new KernelWarmUp(() -> new Layer()::step, COMPILED_NANOS));
  }

  /**
   * Starts it for a model that is to answer on the CPU. A small one needs none, and has a warm-up that has ended.
   *
   * @param directory of the model
   * @param quantized what its weights become, or null
   */
  static KernelWarmUp start(Path directory, Task task, DType quantized, Device device) {
    KernelWarmUp warmUp = new KernelWarmUp(() -> new AnswerPass(directory, task, quantized)::run, COMPILED_ANSWER_NANOS);
    if (device != Device.CPU || bytes(directory) < LARGE) {
      warmUp.ready.countDown();
      return warmUp;
    }
    return start(warmUp);
  }

  private static long bytes(Path directory) {
    try {
      return Files.exists(directory.resolve(WeightFiles.INDEX)) ? Long.MAX_VALUE
          : Files.size(directory.resolve(WeightFiles.SINGLE));
    } catch (IOException _) {
      return 0; // whoever loads the model says what is wrong
    }
  }

  private static KernelWarmUp start(KernelWarmUp warmUp) {
    try {
      Runtime.getRuntime().addShutdownHook(warmUp.hook);
      warmUp.thread.start();
    } catch (IllegalStateException _) {
      warmUp.ready.countDown(); // the process is ending: nothing is left to prepare
    }
    return warmUp;
  }

  /**
   * Waits until the kernels are compiled, but not for long. Work that begins before runs them at full size in the
   * interpreter, which takes the processor from the compiler.
   */
  void await() {
    try {
      ready.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends it, and waits for the pass that is under way. */
  @Override
  public void close() {
    end();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // the process is ending already
    }
  }

  private void end() {
    done = true;
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      IntConsumer pass = work.get();
      for (int step = 1; step <= PASSES && !done; step++) {
        long start = System.nanoTime();
        pass.accept(step);
        if (System.nanoTime() - start < compiledNanos) {
          ready.countDown();
        }
      }
      Scope.trim();
    } finally {
      ready.countDown();
    }
  }

  /** An encoder's layer with adapters, as training runs it. */
  private static final class Layer {
    private final List<Parameter> parameters = new ArrayList<>();
    private final Parameter table = parameter(TOKENS, WIDTH);
    private final Parameter query = parameter(WIDTH, WIDTH);
    private final Parameter output = parameter(WIDTH, WIDTH);
    private final Parameter up = parameter(WIDE, WIDTH);
    private final Parameter down = parameter(WIDTH, WIDE);
    private final Parameter a = parameter(RANK, WIDTH);
    private final Parameter b = parameter(WIDTH, RANK);
    private final Parameter head = parameter(3, WIDTH);
    private final Parameter scale = parameter(WIDTH);
    private final Parameter bias = parameter(WIDTH);
    private final Parameter wideBias = parameter(WIDE);
    private final int[] rows = new int[TOKENS];
    private final int[] labels = new int[TOKENS];

    private Parameter parameter(int... dims) {
      Tensor values = Tensor.zeros(dims).keep();
      Kernels.of(values).elementwise().uniform(new Philox(1, parameters.size()), -0.1f, 0.1f, values);
      Parameter parameter = new Parameter("", values, true);
      parameters.add(parameter);
      return parameter;
    }

    private void step(int step) {
      int[] offsets = {0, TOKENS * 3 / 8, TOKENS};
      AttentionSpec spec = new AttentionSpec(offsets, offsets, HEADS, HEADS, WIDTH / HEADS, 0.2f, false, Integer.MAX_VALUE, 0,
          0.1f, new Philox(1, step));
      try (Scope _ = Scope.open()) {
        Variable x = NormOps.addLayerNorm(GatherOps.rows(table, rows), GatherOps.rows(table, rows), scale, bias, 1e-5f);
        Variable q = MatMulOps.linear(x, query, bias);
        Variable low = MatMulOps.linear(MatMulOps.linear(x, a, null), b, null);
        Variable mixed = MatMulOps.linear(AttentionOps.attention(spec, q.add(low), q, low), output, bias);
        Variable h = NormOps.addLayerNorm(ActivationOps.dropout(mixed, 0.1f, new Philox(2, step)), x, scale, bias, 1e-5f);
        Variable wide = MatMulOps.linearActivation(h, up, true, wideBias, Activation.GELU);
        Variable y = NormOps.addLayerNorm(MatMulOps.linear(wide, down, bias), h, scale, bias, 1e-5f);
        LossOps.crossEntropy(MatMulOps.linear(y, head, null), labels, CrossEntropySettings.PLAIN, 1f / TOKENS).backward();
      }
      for (Parameter parameter : parameters) {
        Kernels.active().reduce().sumOfSquares(parameter.gradient());
        Tensor state = Tensor.zeros(parameter.shape());
        Kernels.active().optimizer().adamW(parameter.value(), parameter.gradient(), null, state, state.copy(), 1, 0, 0.9, 0.999,
            1e-8,
            0, 1);
        parameter.clearGradient();
      }
    }
  }
}
