package dev.hone.tokenizer.chat.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;

/**
 * The variable {@code loop} of a {@code for}. Elements may come from a generator, so it looks ahead by one, and only if
 * asked: whether an element follows may depend on what the body has done by then.
 */
final class LoopVariable implements Callable {
  private final Object iterable;
  private final Budget budget;
  private final int depth0;
  private final Function<Object, Object> recursion;
  private Iterator<Object> items;
  private int length = -1;
  private long index0 = -1;
  private Object current;
  private Object before;
  /** The element after the current one, once looked at. */
  private Object after;
  private List<Object> lastChanged;

  /**
   * @param iterable what the loop runs over, for its length
   * @param items its elements
   * @param depth0 how many recursive loops this one is inside
   * @param recursion renders the loop's body for other elements; null unless the loop is recursive
   */
  LoopVariable(Object iterable, Iterator<Object> items, int depth0, Function<Object, Object> recursion,
      Budget budget) {
    this.iterable = iterable;
    this.items = items;
    this.depth0 = depth0;
    this.recursion = recursion;
    this.budget = budget;
  }

  /** {@return the next element, or null at the end} */
  Object advance() {
    budget.step();
    Object next = peek();
    after = null;
    if (next != null) {
      index0++;
      before = current;
      current = next;
    }
    return next;
  }

  private Object peek() {
    if (after == null && items.hasNext()) {
      after = items.next();
    }
    return after;
  }

  int length() {
    if (length < 0) {
      length = iterable instanceof PythonGenerator ? -1 : Values.lengthOrMinusOne(iterable, budget);
    }
    if (length < 0) {
      List<Object> rest = new ArrayList<>();
      items.forEachRemaining(item -> {
        budget.step();
        rest.add(item);
      });
      items = rest.iterator();
      length = Math.toIntExact(rest.size() + index0 + 1 + (after != null ? 1 : 0));
    }
    return length;
  }

  Object attribute(String name) {
    return switch (name) {
      case "index" -> index0 + 1;
      case "index0" -> index0;
      case "revindex" -> length() - index0;
      case "revindex0" -> length() - index0 - 1;
      case "first" -> index0 == 0;
      case "last" -> peek() == null;
      case "length" -> (long) length();
      case "depth" -> depth0 + 1L;
      case "depth0" -> (long) depth0;
      case "previtem" -> index0 == 0 ? Undefined.because("there is no previous item") : before;
      case "nextitem" -> peek() == null ? Undefined.because("there is no next item") : after;
      case "cycle" -> (Callable) (arguments, _) -> cycle(arguments.positional());
      case "changed" -> (Callable) (arguments, _) -> changed(arguments.positional());
      default -> null;
    };
  }

  private Object cycle(List<Object> values) {
    if (values.isEmpty()) {
      throw JinjaException.value("no items for cycling given");
    }
    return values.get((int) (index0 % values.size()));
  }

  private boolean changed(List<Object> values) {
    boolean changed = lastChanged == null || !PythonComparison.equal(lastChanged, values, budget);
    lastChanged = values;
    return changed;
  }

  @Override
  public Object call(GivenArguments arguments, Rendering rendering) {
    if (recursion == null) {
      throw JinjaException.value("The loop must have the 'recursive' marker to be called recursively.");
    }
    return recursion.apply(arguments.bindRequired("loop", 1, "iterable")[0]);
  }

  @Override
  public String toString() {
    return "<LoopContext " + (index0 + 1) + "/" + length() + ">";
  }
}
