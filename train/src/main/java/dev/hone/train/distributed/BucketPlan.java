package dev.hone.train.distributed;

import dev.hone.autograd.Parameter;
import java.util.ArrayList;
import java.util.List;

/** The numbers of some parameters in one row, cut in buckets of one size; of each bucket a process owns a slice. */
final class BucketPlan {
  /** Numbers {@code first} to {@code first + count} of a parameter stand at {@code at} of a bucket. */
  record Part(int parameter, int first, int count, int at) {
    int end() {
      return at + count;
    }

    /** What of it stands between {@code from} and {@code to} of the bucket; null if nothing does. */
    Part within(int from, int to) {
      int begin = Math.max(at, from);
      int end = Math.min(end(), to);
      return begin < end ? new Part(parameter, first + begin - at, end - begin, begin) : null;
    }
  }

  private final int[] order; // parameters
  private final long[] ends; // by place in the order
  private final List<List<Part>> buckets = new ArrayList<>();
  private final int processes;

  /**
   * A plan.
   *
   * @param order indices of parameters, all of them, in the order in which their numbers stand
   * @param bucket numbers of one
   */
  BucketPlan(List<Parameter> parameters, int[] order, int bucket, int processes) {
    this.order = order;
    this.processes = processes;
    ends = new long[order.length];
    long start = 0;
    for (int place = 0; place < order.length; place++) {
      long size = parameters.get(order[place]).value().size();
      ends[place] = start + size;
      for (long from = start; from < ends[place]; ) {
        int index = (int) (from / bucket);
        long to = Math.min(ends[place], (index + 1L) * bucket);
        if (index == buckets.size()) {
          buckets.add(new ArrayList<>());
        }
        int at = (int) (from - (long) index * bucket);
        buckets.get(index).add(new Part(order[place], (int) (from - start), (int) (to - from), at));
        from = to;
      }
      start = ends[place];
    }
  }

  /** The parameter at a place of the order. */
  int parameter(int place) {
    return order[place];
  }

  int parameters() {
    return order.length;
  }

  /** How many buckets there are. */
  int count() {
    return buckets.size();
  }

  /** What stands in a bucket. */
  List<Part> parts(int bucket) {
    return buckets.get(bucket);
  }

  /** Numbers of a bucket. */
  int length(int bucket) {
    return buckets.get(bucket).getLast().end();
  }

  /** How many buckets have nothing but the first parameters of the order, so many of them. */
  int complete(int first) {
    if (first == order.length) {
      return buckets.size();
    }
    long numbers = first == 0 ? 0 : ends[first - 1];
    return (int) (numbers / length(0));
  }

  /** Where the slice of a process begins in a bucket; that of the next process is its end. */
  int slice(int bucket, int rank) {
    return (int) ((long) length(bucket) * rank / processes);
  }
}
