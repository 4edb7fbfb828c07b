package dev.hone.train.infer;

/**
 * Prepares a JVM for its first request: until the compiler has seen them often enough, kernels run in the interpreter, which
 * makes a first answer take a second or more where later ones take milliseconds. The models' own {@code warmUp} also makes their
 * {@link dev.hone.nn.InterleavedWeights}, which takes memory.
 *
 * {@snippet :
 * TextClassifier classifier = TextClassifier.load(Path.of("minilm"), Path.of("out/adapter"));
 * classifier.warmUp(); // before the service says that it is ready
 * }
 */
public final class WarmUp {
  private static final int MAX = 1000;
  private static final int MIN = 3;
  private static final long NANOS = 2_000_000_000;

  private WarmUp() {}

  /**
   * Makes a request of your own again and again, on this thread: for about two seconds, at least 3 times and at most 1,000 times.
   * An interrupt ends it after the request that runs, and is kept.
   *
   * @param request such as {@code () -> classifier.predict(texts)}, with texts like those to come
   */
  public static void run(Runnable request) {
    long start = System.nanoTime();
    for (int i = 0; i < MAX && (i < MIN || System.nanoTime() - start < NANOS); i++) {
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
      request.run();
    }
  }
}
