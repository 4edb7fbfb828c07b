package dev.hone.train.distributed;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BinaryOperator;

/**
 * The one binary tree in which the blocks of a step are summed: two neighbouring subtrees of 2ⁿ blocks make one where the first
 * begins at a multiple of 2ⁿ⁺¹, and what is left at the end is summed from the right. It depends on the number of blocks alone,
 * so that the same sums come out whoever adds which subtree.
 */
public final class BlockTree {
  /**
   * A subtree that is complete.
   *
   * @param start its first block
   * @param size number of its blocks, a power of two
   */
  public record Node(int start, int size) {
    /** Whether this subtree and the next one are the halves of a larger one. */
    boolean joins(Node next) {
      return size == next.size && start % (2 * size) == 0 && next.start == start + size;
    }

    Node joined() {
      return new Node(start, 2 * size);
    }
  }

  private BlockTree() {}

  /** The subtrees into which somebody who has the blocks {@code from} to {@code to} sums them, in order. */
  public static List<Node> nodes(int from, int to) {
    List<Node> nodes = new ArrayList<>();
    for (int block = from; block < to; block++) {
      Node node = new Node(block, 1);
      while (!nodes.isEmpty() && nodes.getLast().joins(node)) {
        node = nodes.removeLast().joined();
      }
      nodes.add(node);
    }
    return nodes;
  }

  /** The first block of share {@code share} of {@code shares} of all blocks; that of the next share is its end. */
  public static int begin(int blocks, int share, int shares) {
    return (int) ((long) blocks * share / shares);
  }

  /** How many sums wait at most while the blocks of a step are summed one after the other. */
  public static int waiting(int blocks) {
    return blocks < 2 ? 0 : 31 - Integer.numberOfLeadingZeros(blocks);
  }

  /**
   * The sum of all subtrees.
   *
   * @param nodes all, in order
   * @param values one for each; null where there is nothing
   * @param sum of two values, neither of which is null
   */
  public static <T> T sum(List<Node> nodes, List<T> values, BinaryOperator<T> sum) {
    Deque<Node> places = new ArrayDeque<>();
    List<T> waiting = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      T value = values.get(i);
      while (!places.isEmpty() && places.peekLast().joins(node)) {
        node = places.removeLast().joined();
        value = either(waiting.removeLast(), value, sum);
      }
      places.addLast(node);
      waiting.add(value);
    }
    T all = waiting.isEmpty() ? null : waiting.removeLast();
    while (!waiting.isEmpty()) {
      all = either(waiting.removeLast(), all, sum);
    }
    return all;
  }

  private static <T> T either(T left, T right, BinaryOperator<T> sum) {
    return left == null ? right : right == null ? left : sum.apply(left, right);
  }

  /** The sum of a number of each block. */
  public static double sum(double[] blocks) {
    List<Double> values = new ArrayList<>();
    List<Node> leaves = new ArrayList<>();
    for (int block = 0; block < blocks.length; block++) {
      values.add(blocks[block]);
      leaves.add(new Node(block, 1));
    }
    return blocks.length == 0 ? 0 : sum(leaves, values, Double::sum);
  }
}
