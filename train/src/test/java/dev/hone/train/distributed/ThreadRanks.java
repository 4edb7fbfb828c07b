package dev.hone.train.distributed;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** Ranks that are threads of this process. */
public final class ThreadRanks implements Ranks {
  private final int rank;
  private final MemorySegment[][] offered; // by sender
  private final CyclicBarrier together;

  private ThreadRanks(int rank, MemorySegment[][] offered, CyclicBarrier together) {
    this.rank = rank;
    this.offered = offered;
    this.together = together;
  }

  /** What each of some ranks makes, all at the same time. */
  public static <T> List<T> run(int size, Function<Ranks, Callable<T>> work) throws Exception {
    MemorySegment[][] offered = new MemorySegment[size][];
    CyclicBarrier together = new CyclicBarrier(size);
    try (ExecutorService threads = Executors.newFixedThreadPool(size)) {
      List<Future<T>> running = new ArrayList<>();
      for (int rank = 0; rank < size; rank++) {
        Callable<T> own = work.apply(new ThreadRanks(rank, offered, together));
        running.add(threads.submit(() -> {
          try {
            return own.call();
          } catch (Throwable e) {
            together.reset(); // the others must not wait
            throw e;
          }
        }));
      }
      List<T> results = new ArrayList<>();
      Exception first = null;
      for (Future<T> each : running) {
        try {
          results.add(each.get());
        } catch (ExecutionException e) {
          Exception cause = e.getCause() instanceof Exception known ? known : new IllegalStateException(e.getCause());
          first = first == null || first.getCause() instanceof BrokenBarrierException ? cause : first;
        }
      }
      if (first != null) {
        throw first;
      }
      return results;
    }
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return offered.length;
  }

  @Override
  public void exchange(MemorySegment[] sent, MemorySegment[] received) {
    offered[rank] = sent;
    await();
    for (int r = 0; r < offered.length; r++) {
      MemorySegment given = offered[r][rank];
      if (r != rank && given != null) {
        if (given.byteSize() != received[r].byteSize()) {
          throw new IllegalStateException("rank " + r + " sends " + given.byteSize() + " bytes, rank " + rank + " expects "
              + received[r].byteSize());
        }
        received[r].copyFrom(given);
      }
    }
    await();
  }

  private void await() {
    try {
      together.await();
    } catch (BrokenBarrierException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
