package dev.hone.tokenizer.chat.jinja;

import java.util.AbstractList;

/** Python's {@code range}: its elements are computed, never stored. */
final class PythonRange extends AbstractList<Object> {
  private final long start;
  private final long stop;
  private final long step;
  private final int size;

  private PythonRange(long start, long stop, long step, int size) {
    this.start = start;
    this.stop = stop;
    this.step = step;
    this.size = size;
  }

  static PythonRange of(long start, long stop, long step, Limits limits) {
    if (step == 0) {
      throw JinjaException.value("range() arg 3 must not be zero");
    }
    // Unsigned arithmetic: stop - start may exceed the signed range, never the unsigned one.
    boolean empty = step > 0 ? start >= stop : start <= stop;
    long span = step > 0 ? stop - start : start - stop;
    long stride = step > 0 ? step : -step;
    long count = empty ? 0 : Long.divideUnsigned(span - 1, stride) + 1;
    if (Long.compareUnsigned(count, limits.rangeItems()) > 0) {
      throw JinjaException.limit("range(" + start + ", " + stop + ", " + step + ") has "
          + Long.toUnsignedString(count) + " elements; the sandbox allows " + limits.rangeItems());
    }
    return new PythonRange(start, stop, step, (int) count);
  }

  /** Every {@code stride}-th element from index {@code from}, {@code count} of them; {@code to} is only for printing. */
  PythonRange slice(int from, int to, int stride, int count) {
    return new PythonRange(start + from * step, start + to * step, step * stride, count);
  }

  @Override
  public Object get(int index) {
    return start + index * step;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public String toString() {
    return step == 1 ? "range(" + start + ", " + stop + ")" : "range(" + start + ", " + stop + ", " + step + ")";
  }
}
