package dev.hone.tokenizer.chat.jinja;

/** What {@code namespace(...)} makes: the one value that a template may change, and so carry out of a loop. */
final class Namespace {
  private final Dict attributes;

  Namespace(Dict attributes) {
    this.attributes = attributes;
  }

  /** {@return an attribute's value, or null} */
  Object get(String name) {
    return GrowingText.plain(attributes.get(name));
  }

  /** {@return an attribute that is a str, ready to grow; null if it is none} */
  GrowingText growing(String name, Budget budget) {
    return GrowingText.of(attributes.get(name), budget);
  }

  /** Sets an attribute, also to a text that grows. */
  void put(String name, Object value) {
    attributes.put(name, value);
  }

  /** {@return all attributes as values} */
  Dict attributes() {
    for (Object name : attributes.keys()) {
      attributes.put((String) name, get((String) name));
    }
    return attributes;
  }
}
