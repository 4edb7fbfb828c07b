package dev.hone.train.serve;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.ToIntFunction;

/**
 * Gathers what requests want computed, so that one pass answers many: what comes while a pass runs goes into the next one
 * together,
 * and nobody waits for company. Results do not depend on it.
 *
 * @param <K> what must be equal within a pass, such as an adapter
 * @param <I> a text
 * @param <O> what is said of it
 */
final class Gatherer<K, I, O> implements AutoCloseable {
  /** One pass. */
  interface Work<K, I, O> {
    /** The results of these, in their order. */
    List<O> of(K key, List<I> items);
  }

  private record Job<K, I, O>(K key, I item, CompletableFuture<O> result) {}

  private final int most;
  private final int budget;
  private final ToIntFunction<I> weight;
  private final Work<K, I, O> work;
  private final Deque<Job<K, I, O>> jobs = new ArrayDeque<>(); // guarded by itself
  private boolean closed;
  private final Thread thread;

  /**
   * With nothing to do yet.
   *
   * @param most items of a pass
   * @param budget weight of a pass, but for a single item
   */
  Gatherer(String name, int most, int budget, ToIntFunction<I> weight, Work<K, I, O> work) {
    this.most = most;
    this.budget = budget;
    this.weight = weight;
    this.work = work;
    this.thread = Thread.ofPlatform().daemon().name(name).start(this::run);
  }

  /** Results to come, in the order of the items. */
  List<CompletableFuture<O>> submit(K key, List<I> items) {
    List<CompletableFuture<O>> results = new ArrayList<>();
    synchronized (jobs) {
      if (closed) {
        throw ApiException.unavailable("the server is stopping");
      }
      for (I item : items) {
        CompletableFuture<O> result = new CompletableFuture<>();
        jobs.add(new Job<>(Objects.requireNonNull(key), item, result));
        results.add(result);
      }
      jobs.notifyAll();
    }
    return results;
  }

  private void run() {
    for (List<Job<K, I, O>> batch = next(); !batch.isEmpty(); batch = next()) {
      try {
        List<O> results = work.of(batch.getFirst().key, batch.stream().map(Job::item).toList());
        for (int i = 0; i < results.size(); i++) {
          batch.get(i).result.complete(results.get(i));
        }
      } catch (Throwable e) { // the next pass may go well
        batch.forEach(job -> job.result.completeExceptionally(e));
      }
    }
  }

  /** What one pass takes; nothing when this is closed. Jobs that their requests gave up are passed over. */
  private List<Job<K, I, O>> next() {
    List<Job<K, I, O>> batch = new ArrayList<>();
    synchronized (jobs) {
      while (true) {
        jobs.removeIf(job -> job.result.isDone());
        if (closed || !jobs.isEmpty()) {
          break;
        }
        try {
          jobs.wait();
        } catch (InterruptedException _) {
          // nobody else has this thread
        }
      }
      if (closed) {
        jobs.forEach(job -> job.result.completeExceptionally(ApiException.unavailable("the server is stopping")));
        jobs.clear();
        return batch;
      }
      int sum = 0;
      for (var all = jobs.iterator(); all.hasNext() && batch.size() < most;) {
        Job<K, I, O> job = all.next();
        int size = weight.applyAsInt(job.item);
        if (batch.isEmpty() || job.key.equals(batch.getFirst().key) && sum + size <= budget) {
          batch.add(job);
          sum += size;
          all.remove();
        }
      }
    }
    return batch;
  }

  int waiting() {
    synchronized (jobs) {
      return jobs.size();
    }
  }

  @Override
  public void close() {
    synchronized (jobs) {
      closed = true;
      jobs.notifyAll();
    }
  }
}
