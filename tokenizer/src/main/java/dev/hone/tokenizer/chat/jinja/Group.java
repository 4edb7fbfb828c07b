package dev.hone.tokenizer.chat.jinja;

import java.util.AbstractList;
import java.util.List;

/** The elements of the tuples that the filter {@code groupby} makes; templates may also use their names. */
final class Group extends AbstractList<Object> {
  private final Object grouper;
  private final List<Object> list;

  Group(Object grouper, List<Object> list) {
    this.grouper = grouper;
    this.list = list;
  }

  Object field(String name) {
    return switch (name) {
      case "grouper" -> grouper;
      case "list" -> list;
      default -> null;
    };
  }

  @Override
  public Object get(int index) {
    return index == 0 ? grouper : list;
  }

  @Override
  public int size() {
    return 2;
  }
}
