package dev.hone.tokenizer.chat.jinja;

import java.util.List;

/** What {@code keys()}, {@code values()} and {@code items()} of a dict return: iterable and sized, without subscripts. */
record DictView(Kind kind, Dict dict) {
  enum Kind {
    KEYS("dict_keys"),
    VALUES("dict_values"),
    ITEMS("dict_items");

    final String typeName;

    Kind(String typeName) {
      this.typeName = typeName;
    }
  }

  List<Object> elements() {
    return switch (kind) {
      case KEYS -> dict.keys();
      case VALUES -> dict.values();
      case ITEMS -> dict.items();
    };
  }
}
