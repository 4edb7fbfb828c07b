package dev.hone.tokenizer.training;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Tokens in the order of their ids. */
final class TokenList {
  private final List<String> texts = new ArrayList<>();
  private final Map<String, Integer> ids = new HashMap<>();

  int size() {
    return texts.size();
  }

  String text(int id) {
    return texts.get(id);
  }

  /** The id of a token, or -1. */
  int id(String text) {
    return ids.getOrDefault(text, -1);
  }

  /** The id of a token, which is added if it is new. */
  int add(String text) {
    Integer known = ids.putIfAbsent(text, texts.size());
    if (known != null) {
      return known;
    }
    texts.add(text);
    return texts.size() - 1;
  }

  List<String> texts() {
    return texts;
  }
}
