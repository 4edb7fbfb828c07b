package dev.hone.tokenizer.chat.jinja;

import java.util.List;

/** A Python tuple. Unlike a list it may be a key of a dict. */
record Tuple(List<Object> items) {
  static Tuple of(Object... items) {
    return new Tuple(List.of(items));
  }
}
