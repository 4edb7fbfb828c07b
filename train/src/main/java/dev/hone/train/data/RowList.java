package dev.hone.train.data;

import java.util.AbstractList;
import java.util.RandomAccess;
import java.util.function.IntFunction;

/**
 * A list whose elements are made when they are asked for, each time anew.
 *
 * @param <E> the kind of element
 */
final class RowList<E> extends AbstractList<E> implements RandomAccess {
  private final int size;
  private final IntFunction<E> element;

  RowList(int size, IntFunction<E> element) {
    this.size = size;
    this.element = element;
  }

  @Override
  public E get(int i) {
    if (i < 0 || i >= size) {
      throw new IndexOutOfBoundsException("element " + i + " of " + size);
    }
    return element.apply(i);
  }

  @Override
  public int size() {
    return size;
  }
}
