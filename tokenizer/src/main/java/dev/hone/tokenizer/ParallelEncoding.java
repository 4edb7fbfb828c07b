package dev.hone.tokenizer;

import dev.hone.tokenizer.definition.TokenizerException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Encodes a list of texts on several threads; each takes the next few texts that nobody has taken. */
final class ParallelEncoding {
  private static final int GRAIN = 4;

  private final Tokenizer tokenizer;
  private final List<String> texts;
  private final EncodeOptions options;
  private final Encoding[] results;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  ParallelEncoding(Tokenizer tokenizer, List<String> texts, EncodeOptions options) {
    this.tokenizer = tokenizer;
    this.texts = texts;
    this.options = options;
    this.results = new Encoding[texts.size()];
  }

  List<Encoding> run(int threads) {
    if (threads < 1) {
      throw new TokenizerException("encodeAll: threads must be >= 1, got " + threads);
    }
    int helpers = Math.min(threads, (texts.size() + GRAIN - 1) / GRAIN) - 1;
    Thread[] others = new Thread[Math.max(0, helpers)];
    for (int i = 0; i < others.length; i++) {
      others[i] = Thread.ofPlatform().daemon().name("hone-tokenizer-" + i).start(this::work);
    }
    work();
    join(others);
    switch (failure.get()) {
      case null -> { }
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    }
    return Arrays.asList(results);
  }

  private void work() {
    int size = results.length;
    try {
      for (int from; (from = next.getAndAdd(GRAIN)) < size && failure.get() == null; ) {
        int to = Math.min(size, from + GRAIN);
        for (int i = from; i < to; i++) {
          results[i] = tokenizer.encode(texts.get(i), options);
        }
      }
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    }
  }

  private static void join(Thread[] threads) {
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
