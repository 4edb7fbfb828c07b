package dev.hone.tokenizer;

import dev.hone.tokenizer.lookup.Vocabulary;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Ids and texts of all tokens: those of the model and those added to it. */
final class TokenNames {
  private final Vocabulary vocabulary;
  private final Map<String, AddedToken> byContent = new HashMap<>();
  private final Map<Integer, AddedToken> byId = new HashMap<>();
  private final int size;
  private final int idBound;

  TokenNames(Vocabulary vocabulary, List<AddedToken> added) {
    this.vocabulary = vocabulary;
    int outside = 0;
    int bound = vocabulary.size();
    for (AddedToken token : added) {
      byContent.put(token.content(), token);
      byId.put(token.id(), token);
      if (vocabulary.id(token.content()) == Vocabulary.UNKNOWN) outside++;
      bound = Math.max(bound, token.id() + 1);
    }
    size = vocabulary.count() + outside;
    idBound = bound;
  }

  /** The text of an id, or null. */
  String token(int id) {
    String known = vocabulary.token(id);
    if (known != null) return known;
    AddedToken token = byId.get(id);
    return token == null ? null : token.content();
  }

  /** The id of a text, or -1. */
  int id(String token) {
    AddedToken added = byContent.get(token);
    return added != null ? added.id() : vocabulary.id(token);
  }

  boolean isSpecial(String token) {
    AddedToken added = byContent.get(token);
    return added != null && added.special();
  }

  int size() {
    return size;
  }

  int idBound() {
    return idBound;
  }
}
