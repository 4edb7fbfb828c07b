package dev.hone.train.distributed;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.train.distributed.BlockTree.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Gradients of blocks summed as they come: those of the latest block are the parameters', sums that wait for their other half are
 * kept here, in memory that the next step uses again.
 */
public final class BlockSums {
  /** A sum that waits: a tensor for each parameter, which counts where a gradient was there. */
  record Sum(Node node, Tensor[] gradients, boolean[] there) {}

  private final List<Parameter> parameters;
  private final Deque<Tensor[]> free = new ArrayDeque<>();
  private final List<Sum> waiting = new ArrayList<>();
  private final List<Sum> joining = new ArrayList<>(); // of the last block, the latest first
  private boolean[] last; // whether the sum that stays with the parameters has a gradient; null: there is none

  /** For these parameters. */
  public BlockSums(List<Parameter> parameters) {
    this.parameters = parameters;
  }

  /**
   * Takes in the next block, whose gradients the parameters have; none if it had no rows.
   *
   * @param stays whether the sum stays with the parameters, as that of the last block of all may; else it waits here
   */
  public void add(int block, boolean stays) {
    Node node = new Node(block, 1);
    while (!waiting.isEmpty() && waiting.getLast().node().joins(node)) {
      node = addWaiting().joined();
    }
    if (!stays) {
      waiting.add(copy(node));
      parameters.forEach(Parameter::clearGradient);
    }
  }

  /**
   * Takes in the last block of this process, before its gradients are there: what it is summed with is added parameter by
   * parameter, by {@link #join}, and the sum stays with the parameters.
   */
  void last(int block) {
    Node node = new Node(block, 1);
    while (!waiting.isEmpty() && waiting.getLast().node().joins(node)) {
      joining.add(waiting.removeLast());
      node = joining.getLast().node().joined();
    }
    last = new boolean[parameters.size()];
  }

  /** Sums what there is of a parameter, whose gradient by the last block is whole. */
  void join(int parameter) {
    for (Sum sum : joining) {
      if (sum.there[parameter]) {
        parameters.get(parameter).addGradient(sum.gradients[parameter]);
      }
    }
    last[parameter] = parameters.get(parameter).hasGradient();
  }

  /** How many sums there are, in the order of their blocks: those that wait, and that of the last block. */
  int count() {
    return waiting.size() + (last == null ? 0 : 1);
  }

  /** The gradient of a parameter in a sum, or null. */
  Tensor gradient(int sum, int parameter) {
    if (sum == waiting.size()) {
      return last[parameter] ? parameters.get(parameter).gradient() : null;
    }
    return waiting.get(sum).there[parameter] ? waiting.get(sum).gradients[parameter] : null;
  }

  /** Sums all that waits, from the right: the parameters have the gradients of all blocks then, whole. */
  public void finish() {
    while (!waiting.isEmpty()) {
      addWaiting();
    }
    parameters.forEach(Parameter::gradient); // never as rows, whose norm is summed in another order
  }

  /** Forgets the sums. */
  void clear() {
    waiting.forEach(sum -> free.push(sum.gradients));
    waiting.clear();
    joining.forEach(sum -> free.push(sum.gradients));
    joining.clear();
    last = null;
  }

  /** Adds the latest sum that waits to the parameters' gradients. */
  private Node addWaiting() {
    Sum sum = waiting.removeLast();
    for (int i = 0; i < sum.there.length; i++) {
      if (sum.there[i]) {
        parameters.get(i).addGradient(sum.gradients[i]);
      }
    }
    free.push(sum.gradients);
    return sum.node();
  }

  private Sum copy(Node node) {
    Tensor[] memory = free.isEmpty() ? new Tensor[parameters.size()] : free.pop();
    boolean[] there = new boolean[memory.length];
    for (int i = 0; i < memory.length; i++) {
      Parameter parameter = parameters.get(i);
      there[i] = parameter.hasGradient();
      if (there[i]) {
        memory[i] = memory[i] == null ? Tensor.persistent(parameter.value().device(), parameter.shape()) : memory[i];
        memory[i].copyFrom(parameter.gradient());
      }
    }
    return new Sum(node, memory, there);
  }
}
