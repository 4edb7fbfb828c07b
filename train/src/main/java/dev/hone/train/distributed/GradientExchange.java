package dev.hone.train.distributed;

import dev.hone.autograd.Parameter;
import dev.hone.core.HostArray;
import dev.hone.core.Tensor;
import dev.hone.train.distributed.BlockTree.Node;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Sums gradients over processes in the order of the {@linkplain BlockTree tree}. Of every bucket of numbers each process owns a
 * slice: it gets the sums of all others' subtrees there, adds them in the order of the tree, and gives the result to all. It
 * sends 2 (P - 1) / P of the gradient's size if its blocks are one subtree.
 */
public final class GradientExchange {
  /** Bytes of a bucket: enough to fill a link, few beside the gradients. */
  static final int BUCKET_BYTES = 25 << 20;

  private static final int BUCKET = BUCKET_BYTES / Float.BYTES;

  private final Ranks ranks;
  private final List<Parameter> parameters;
  private final long[] starts; // of parameters, among all numbers
  private final List<List<Node>> nodes = new ArrayList<>(); // by rank
  private final List<Node> all = new ArrayList<>();
  private final Arena arena = Arena.ofAuto();
  private MemorySegment outgoing = MemorySegment.NULL;
  private MemorySegment incoming = MemorySegment.NULL;
  private MemorySegment sums = MemorySegment.NULL;
  private float[] numbers = new float[0];
  private long bytesSent;

  /**
   * For these parameters.
   *
   * @param parameters in the same order everywhere
   * @param blocks of a step, at least as many as processes
   */
  public GradientExchange(Ranks ranks, List<Parameter> parameters, int blocks) {
    this.ranks = ranks;
    this.parameters = parameters;
    starts = new long[parameters.size() + 1];
    for (int i = 0; i < parameters.size(); i++) {
      starts[i + 1] = starts[i] + parameters.get(i).value().size();
    }
    for (int r = 0; r < ranks.size(); r++) {
      nodes.add(BlockTree.nodes(BlockTree.begin(blocks, r, ranks.size()), BlockTree.begin(blocks, r + 1, ranks.size())));
      all.addAll(nodes.getLast());
    }
  }

  /** Bytes of gradients that this process has given to others so far. */
  public long bytesSent() {
    return bytesSent;
  }

  /** Sums what waits here and in the other processes: the parameters of all have the gradients of all blocks then. */
  public void sum(BlockSums own) {
    boolean[][] there = there(own);
    HostArray[] gradients = new HostArray[parameters.size()];
    for (int i = 0; i < gradients.length; i++) {
      gradients[i] = anywhere(there, i) ? parameters.get(i).gradientToFill().onHost(HostArray.Access.WRITE) : null;
    }
    long end = starts[starts.length - 1];
    for (long from = 0; from < end; from += BUCKET) {
      bucket(own, there, from, (int) Math.min(BUCKET, end - from), gradients);
    }
    for (HostArray gradient : gradients) {
      if (gradient != null) {
        gradient.close();
      }
    }
    own.clear();
  }

  /** Of every subtree which parameters it has a gradient of. */
  private boolean[][] there(BlockSums own) {
    int words = Math.ceilDiv(parameters.size(), 48); // of a number's bits
    double[] bits = new double[words * own.waiting().size()];
    int at = 0;
    for (BlockSums.Sum sum : own.waiting()) {
      for (int i = 0; i < sum.there().length; i++) {
        bits[at + i / 48] += sum.there()[i] ? 1L << i % 48 : 0;
      }
      at += words;
    }
    int[] counts = nodes.stream().mapToInt(each -> words * each.size()).toArray();
    boolean[][] there = new boolean[all.size()][parameters.size()];
    int node = 0;
    for (double[] each : ranks.gather(bits, counts)) {
      for (int from = 0; from < each.length; from += words) {
        for (int i = 0; i < parameters.size(); i++) {
          there[node][i] = ((long) each[from + i / 48] >>> i % 48 & 1) != 0;
        }
        node++;
      }
    }
    return there;
  }

  private static boolean anywhere(boolean[][] there, int parameter) {
    for (boolean[] node : there) {
      if (node[parameter]) {
        return true;
      }
    }
    return false;
  }

  /** Numbers {@code from} to {@code from + length} of all. */
  private void bucket(BlockSums own, boolean[][] there, long from, int length, HostArray[] gradients) {
    int size = ranks.size();
    int me = ranks.rank();
    int mine = slice(length, me + 1) - slice(length, me);
    int sums = nodes.get(me).size();
    outgoing = atLeast(outgoing, (long) sums * length);
    incoming = atLeast(incoming, (long) all.size() * mine);
    this.sums = atLeast(this.sums, length);
    MemorySegment[] sent = new MemorySegment[size];
    MemorySegment[] received = new MemorySegment[size];
    long in = 0;
    for (int r = 0; r < size; r++) {
      int begin = slice(length, r);
      int count = slice(length, r + 1) - begin;
      long bytes = (long) nodes.get(r).size() * mine * Float.BYTES;
      received[r] = incoming.asSlice(in, bytes);
      in += bytes;
      sent[r] = r == me ? received[r] : outgoing.asSlice((long) sums * begin * Float.BYTES, (long) sums * count * Float.BYTES);
      for (int k = 0; k < sums; k++) {
        read(own.waiting().get(k), from + begin, count, sent[r], (long) k * count);
      }
      bytesSent += r == me ? 0 : sent[r].byteSize();
    }
    ranks.exchange(sent, received);
    MemorySegment result = this.sums.asSlice((long) slice(length, me) * Float.BYTES, (long) mine * Float.BYTES);
    add(there, from + slice(length, me), mine, result);
    for (int r = 0; r < size; r++) {
      sent[r] = result;
      received[r] = this.sums.asSlice((long) slice(length, r) * Float.BYTES,
          (long) (slice(length, r + 1) - slice(length, r)) * Float.BYTES);
      bytesSent += r == me ? 0 : result.byteSize();
    }
    ranks.exchange(sent, received);
    overlaps(from, length, (i, first, count, at) -> {
      if (gradients[i] != null) {
        MemorySegment.copy(this.sums, ValueLayout.JAVA_FLOAT, (long) at * Float.BYTES, gradients[i].array(),
            gradients[i].offset() + first, count);
      }
    });
  }

  /** Where the slice of a process begins in a bucket. */
  private int slice(int length, int rank) {
    return (int) ((long) length * rank / ranks.size());
  }

  private MemorySegment atLeast(MemorySegment buffer, long floats) {
    long bytes = Math.max(1, floats) * Float.BYTES;
    return buffer.byteSize() >= bytes ? buffer : arena.allocate(bytes, 64);
  }

  private interface Part {
    /** Numbers {@code first} to {@code first + count} of parameter {@code i} stand at {@code at} of what was asked for. */
    void accept(int i, int first, int count, int at);
  }

  private void overlaps(long from, int length, Part part) {
    for (int i = 0; i < parameters.size(); i++) {
      long first = Math.max(from, starts[i]);
      long end = Math.min(from + length, starts[i + 1]);
      if (first < end) {
        part.accept(i, (int) (first - starts[i]), (int) (end - first), (int) (first - from));
      }
    }
  }

  private void read(BlockSums.Sum sum, long from, int length, MemorySegment target, long floats) {
    overlaps(from, length, (i, first, count, at) -> {
      MemorySegment place = target.asSlice((floats + at) * Float.BYTES, (long) count * Float.BYTES);
      Tensor gradient = sum.gradients()[i];
      if (!sum.there()[i]) {
        place.fill((byte) 0);
        return;
      }
      try (HostArray numbers = gradient.onHost(HostArray.Access.READ)) {
        MemorySegment.copy(numbers.array(), numbers.offset() + first, place, ValueLayout.JAVA_FLOAT, 0, count);
      }
    });
  }

  /** Some numbers of a subtree. */
  private record Numbers(int at, int count) {}

  /** The sums of all subtrees in what came in, in the order of the tree. */
  private void add(boolean[][] there, long from, int length, MemorySegment result) {
    int total = all.size() * length;
    numbers = numbers.length >= total ? numbers : new float[total];
    MemorySegment.copy(incoming, ValueLayout.JAVA_FLOAT, 0, numbers, 0, total);
    overlaps(from, length, (i, _, count, at) -> {
      List<Numbers> values = new ArrayList<>();
      for (int node = 0; node < all.size(); node++) {
        values.add(there[node][i] ? new Numbers(node * length + at, count) : null);
      }
      Numbers sum = BlockTree.sum(all, values, this::add);
      if (sum != null) {
        MemorySegment.copy(numbers, sum.at, result, ValueLayout.JAVA_FLOAT, (long) at * Float.BYTES, count);
      }
    });
  }

  private Numbers add(Numbers left, Numbers right) {
    float[] x = numbers;
    int to = left.at;
    int by = right.at;
    for (int i = 0; i < left.count; i++) {
      x[to + i] += x[by + i];
    }
    return left;
  }
}
