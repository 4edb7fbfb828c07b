package dev.hone.train.distributed;

import dev.hone.autograd.Parameter;
import dev.hone.core.HostArray;
import dev.hone.core.Tensor;
import dev.hone.train.distributed.BlockTree.Node;
import dev.hone.train.distributed.BucketPlan.Part;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * A bucket of gradients on its way: {@link #fill filled} here, {@link #carry carried}, which gives the sums of all processes, and
 * {@link #empty emptied} into the gradients again; then it serves another one. A message has a byte for each part of each
 * subtree, whether there is a gradient, and then the numbers.
 */
final class Bucket {
  private final Ranks ranks;
  private final List<List<Node>> nodes; // subtrees, by rank
  private final List<Node> all;
  private final Arena arena = Arena.ofAuto();
  private MemorySegment outgoing = MemorySegment.NULL;
  private MemorySegment incoming = MemorySegment.NULL;
  private MemorySegment sums = MemorySegment.NULL;
  private float[] numbers = new float[0];
  private BucketPlan plan;
  private int index;
  private boolean[] anywhere; // by part
  private MemorySegment[] sent;
  private MemorySegment[] received;

  Bucket(Ranks ranks, List<List<Node>> nodes) {
    this.ranks = ranks;
    this.nodes = nodes;
    all = nodes.stream().flatMap(List::stream).toList();
  }

  /** Takes the numbers of a bucket, whose gradients are whole. */
  void fill(BucketPlan of, int bucket, BlockSums own) {
    plan = of;
    index = bucket;
    int size = ranks.size();
    int me = ranks.rank();
    outgoing = atLeast(outgoing, total(me, true));
    incoming = atLeast(incoming, total(me, false));
    sums = atLeast(sums, (long) plan.length(bucket) * Float.BYTES);
    sent = new MemorySegment[size];
    received = new MemorySegment[size];
    long out = 0;
    long in = 0;
    for (int r = 0; r < size; r++) {
      received[r] = incoming.asSlice(in, bytes(r, me));
      in += received[r].byteSize();
      sent[r] = received[r];
      if (r != me) {
        sent[r] = outgoing.asSlice(out, bytes(me, r));
        out += sent[r].byteSize();
      }
    }
    List<Part> parts = plan.parts(bucket);
    for (int sum = 0; sum < own.count(); sum++) {
      for (int part = 0; part < parts.size(); part++) {
        fill(own, sum, part, parts.get(part));
      }
    }
  }

  private void fill(BlockSums own, int sum, int index, Part part) {
    Tensor gradient = own.gradient(sum, part.parameter());
    int parts = plan.parts(this.index).size();
    for (MemorySegment message : sent) {
      message.set(ValueLayout.JAVA_BYTE, (long) sum * parts + index, (byte) (gradient == null ? 0 : 1));
    }
    if (gradient == null) {
      return; // the numbers there are not looked at
    }
    try (HostArray array = gradient.onHost(HostArray.Access.READ)) {
      for (int r = 0; r < sent.length; r++) {
        int begin = plan.slice(this.index, r);
        int end = plan.slice(this.index, r + 1);
        Part cut = part.within(begin, end);
        if (cut != null) {
          long at = head(ranks.rank()) + ((long) sum * (end - begin) + cut.at() - begin) * Float.BYTES;
          MemorySegment.copy(array.array(), array.offset() + cut.first(), sent[r], ValueLayout.JAVA_FLOAT, at, cut.count());
        }
      }
    }
  }

  /**
   * Sums the bucket over all processes.
   *
   * @param given told how many bytes go to others, when they do
   */
  void carry(LongConsumer given) {
    int me = ranks.rank();
    exchange(given);
    add();
    MemorySegment mine = slice(me);
    for (int r = 0; r < ranks.size(); r++) {
      sent[r] = mine;
      received[r] = slice(r);
    }
    exchange(given);
  }

  private void exchange(LongConsumer given) {
    long bytes = 0;
    for (int r = 0; r < sent.length; r++) {
      bytes += r == ranks.rank() ? 0 : sent[r].byteSize();
    }
    given.accept(bytes);
    ranks.exchange(sent, received);
  }

  /** The sums of all subtrees in the own slice, in the order of the tree. */
  private void add() {
    int begin = plan.slice(index, ranks.rank());
    int end = plan.slice(index, ranks.rank() + 1);
    int length = end - begin;
    List<Part> parts = plan.parts(index);
    boolean[][] there = new boolean[all.size()][parts.size()];
    anywhere = new boolean[parts.size()];
    numbers = numbers.length >= all.size() * length ? numbers : new float[all.size() * length];
    int node = 0;
    for (int r = 0; r < received.length; r++) {
      MemorySegment message = received[r];
      int count = nodes.get(r).size();
      for (int k = 0; k < count; k++, node++) {
        for (int part = 0; part < parts.size(); part++) {
          there[node][part] = message.get(ValueLayout.JAVA_BYTE, (long) k * parts.size() + part) != 0;
          anywhere[part] |= there[node][part];
        }
      }
      MemorySegment.copy(message, ValueLayout.JAVA_FLOAT, head(r), numbers, (node - count) * length, count * length);
    }
    MemorySegment result = slice(ranks.rank());
    for (int part = 0; part < parts.size(); part++) {
      Part cut = parts.get(part).within(begin, end);
      if (cut != null) {
        List<Numbers> values = new ArrayList<>();
        for (int each = 0; each < all.size(); each++) {
          values.add(there[each][part] ? new Numbers(each * length + cut.at() - begin, cut.count()) : null);
        }
        Numbers sum = BlockTree.sum(all, values, this::add);
        if (sum != null) {
          MemorySegment.copy(numbers, sum.at, result, ValueLayout.JAVA_FLOAT, (cut.at() - begin) * (long) Float.BYTES,
              cut.count());
        }
      }
    }
  }

  /** Some numbers of a subtree. */
  private record Numbers(int at, int count) {}

  private Numbers add(Numbers left, Numbers right) {
    float[] x = numbers;
    int to = left.at;
    int by = right.at;
    for (int i = 0; i < left.count; i++) {
      x[to + i] += x[by + i];
    }
    return left;
  }

  /** Gives the sums to the gradients. */
  void empty(List<Parameter> parameters) {
    List<Part> parts = plan.parts(index);
    for (int i = 0; i < parts.size(); i++) {
      if (anywhere[i]) {
        Part part = parts.get(i);
        Parameter parameter = parameters.get(part.parameter());
        Tensor gradient = parameter.hasGradient() ? parameter.gradient() : parameter.gradientToFill();
        boolean whole = part.count() == gradient.size();
        try (HostArray array = gradient.onHost(whole ? HostArray.Access.WRITE : HostArray.Access.READ_WRITE)) {
          MemorySegment.copy(sums, ValueLayout.JAVA_FLOAT, (long) part.at() * Float.BYTES, array.array(),
              array.offset() + part.first(), part.count());
        }
      }
    }
  }

  private MemorySegment slice(int rank) {
    long begin = plan.slice(index, rank);
    return sums.asSlice(begin * Float.BYTES, (plan.slice(index, rank + 1) - begin) * Float.BYTES);
  }

  /** Bytes before the numbers of a message of a process. */
  private long head(int sender) {
    return Math.ceilDiv(nodes.get(sender).size() * plan.parts(index).size(), Float.BYTES) * (long) Float.BYTES;
  }

  private long bytes(int sender, int owner) {
    long numbers = plan.slice(index, owner + 1) - plan.slice(index, owner);
    return head(sender) + nodes.get(sender).size() * numbers * Float.BYTES;
  }

  /** Bytes of all messages that a process sends, or gets, with that to itself among those. */
  private long total(int rank, boolean sent) {
    long total = 0;
    for (int r = 0; r < ranks.size(); r++) {
      total += sent ? bytes(rank, r) : bytes(r, rank);
    }
    return total;
  }

  private MemorySegment atLeast(MemorySegment buffer, long bytes) {
    return buffer.byteSize() >= bytes ? buffer : arena.allocate(Math.max(1, bytes), 64);
  }
}
