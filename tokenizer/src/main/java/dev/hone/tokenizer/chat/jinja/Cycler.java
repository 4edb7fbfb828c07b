package dev.hone.tokenizer.chat.jinja;

import java.util.List;

/** What {@code cycler(...)} makes: gives its items in turn. */
final class Cycler {
  private final List<Object> items;
  private int at;

  Cycler(List<Object> items) {
    if (items.isEmpty()) {
      throw JinjaException.value("at least one item has to be provided");
    }
    this.items = items;
  }

  Object attribute(String name) {
    return switch (name) {
      case "current" -> items.get(at);
      case "next" -> (Callable) (_, _) -> next();
      case "reset" -> (Callable) (_, _) -> {
        at = 0;
        return None.NONE;
      };
      default -> null;
    };
  }

  private Object next() {
    Object item = items.get(at);
    at = (at + 1) % items.size();
    return item;
  }
}
