package dev.hone.train.distributed;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Processes that work on one run: each has a number, its rank, and they can give each other bytes. All call the same methods in
 * the same order. Nothing is computed on the way, so that no result depends on the library that carries the bytes.
 */
public interface Ranks extends AutoCloseable {
  /** One process that has nobody to share with. */
  static Ranks alone() {
    return new Ranks() {
      @Override
      public int rank() {
        return 0;
      }

      @Override
      public int size() {
        return 1;
      }

      @Override
      public void exchange(MemorySegment[] sent, MemorySegment[] received) {
        // nobody is there
      }
    };
  }

  /** The number of this process, from 0 on. */
  int rank();

  /** How many there are. */
  int size();

  /**
   * Gives each other process the bytes at its rank, and takes those that it gives.
   *
   * @param sent off-heap, by rank; null or empty for nothing. What stands at the own rank is left alone
   * @param received as long as what the other one sends
   */
  void exchange(MemorySegment[] sent, MemorySegment[] received);

  /** Ends what connects the processes; they do it together. */
  @Override
  default void close() {}

  /** Ends all processes at once, with an exit code. A process that is alone does nothing. */
  default void abort(int code) {}

  /** Whether others wait for this process to write files and to tell the user: rank 0. */
  default boolean leads() {
    return rank() == 0;
  }

  /**
   * Everybody's numbers, by rank.
   *
   * @param counts how many each has
   */
  default double[][] gather(double[] own, int[] counts) {
    double[][] all = new double[size()][];
    Arena arena = Arena.ofAuto(); // any thread may read and write it
    MemorySegment mine = arena.allocateFrom(ValueLayout.JAVA_DOUBLE, own);
    MemorySegment[] sent = new MemorySegment[size()];
    MemorySegment[] received = new MemorySegment[size()];
    for (int r = 0; r < size(); r++) {
      sent[r] = mine;
      received[r] = arena.allocate(Math.max(1, counts[r]) * (long) Double.BYTES, Double.BYTES)
          .asSlice(0, counts[r] * (long) Double.BYTES);
    }
    exchange(sent, received);
    for (int r = 0; r < size(); r++) {
      all[r] = r == rank() ? own : received[r].toArray(ValueLayout.JAVA_DOUBLE);
    }
    return all;
  }

  /** A number of everybody's. */
  default double[] gather(double own) {
    int[] ones = new int[size()];
    Arrays.fill(ones, 1);
    double[] all = new double[size()];
    double[][] each = gather(new double[] {own}, ones);
    for (int r = 0; r < all.length; r++) {
      all[r] = each[r][0];
    }
    return all;
  }

  /** Everybody's rows of numbers, by rank: as many as each has, all of one width. */
  default List<float[]> gatherRows(List<float[]> own) {
    if (size() == 1) {
      return own;
    }
    int width = (int) Arrays.stream(gather(own.isEmpty() ? 0 : own.getFirst().length)).max().orElse(0);
    double[] rows = gather(own.size());
    double[] mine = new double[own.size() * width];
    for (int i = 0; i < mine.length; i++) {
      mine[i] = own.get(i / width)[i % width];
    }
    List<float[]> all = new ArrayList<>();
    for (double[] each : gather(mine, IntStream.range(0, size()).map(r -> (int) rows[r] * width).toArray())) {
      for (int at = 0; at < each.length; at += width) {
        float[] row = new float[width];
        for (int i = 0; i < width; i++) {
          row[i] = (float) each[at + i];
        }
        all.add(row);
      }
    }
    return all;
  }

  /** A text of everybody's, by rank. */
  default List<String> gather(String own) {
    byte[] bytes = own.getBytes(StandardCharsets.UTF_8);
    double[] lengths = gather(bytes.length);
    List<String> all = new ArrayList<>();
    Arena arena = Arena.ofAuto(); // any thread may read and write it
    MemorySegment mine = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
    MemorySegment[] sent = new MemorySegment[size()];
    MemorySegment[] received = new MemorySegment[size()];
    for (int r = 0; r < size(); r++) {
      sent[r] = mine;
      received[r] = arena.allocate(Math.max(1, (long) lengths[r])).asSlice(0, (long) lengths[r]);
    }
    exchange(sent, received);
    for (int r = 0; r < size(); r++) {
      all.add(r == rank() ? own : new String(received[r].toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
    }
    return all;
  }

  /**
   * Rank 0's bytes for everybody.
   *
   * @param bytes off-heap: what rank 0 gives, and where it comes to with the others
   */
  default void broadcast(MemorySegment bytes) {
    MemorySegment[] sent = new MemorySegment[size()];
    MemorySegment[] received = new MemorySegment[size()];
    if (rank() == 0) {
      Arrays.fill(sent, bytes);
    } else {
      received[0] = bytes;
    }
    exchange(sent, received);
  }

  /** Rank 0's text for everybody; {@code own} is looked at there alone. */
  default String broadcast(String own) {
    byte[] mine = rank() == 0 ? own.getBytes(StandardCharsets.UTF_8) : new byte[0];
    long length = (long) gather(mine.length)[0];
    Arena arena = Arena.ofAuto(); // any thread may read and write it
    MemorySegment bytes = arena.allocate(Math.max(1, length)).asSlice(0, length);
    if (rank() == 0) {
      bytes.copyFrom(MemorySegment.ofArray(mine));
    }
    broadcast(bytes);
    return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }
}
