package dev.hone.tokenizer.chat.jinja;

import java.util.Iterator;
import java.util.function.Supplier;

/**
 * What {@code map}, {@code select} and their kin return: elements made as they are asked for, once. Python's generators
 * are always true and have no length, and templates have been written against that.
 */
record PythonGenerator(Iterator<Object> items) {
  /** A generator that does not even look at its arguments until its first element is asked for, as Python's do not. */
  static PythonGenerator lazy(Supplier<Iterator<Object>> items) {
    return new PythonGenerator(new Iterator<>() {
      private Iterator<Object> started;

      @Override
      public boolean hasNext() {
        if (started == null) {
          started = items.get();
        }
        return started.hasNext();
      }

      @Override
      public Object next() {
        if (started == null) {
          started = items.get();
        }
        return started.next();
      }
    });
  }
}
