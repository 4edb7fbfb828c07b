package dev.hone.tokenizer;

import dev.hone.tokenizer.definition.AddedToken;
import dev.hone.tokenizer.lookup.Vocabulary;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Ids and texts of all tokens: those of the model and those added to it. */
final class TokenNames {
  private final Vocabulary vocabulary;
  private final Map<String, AddedToken> byContent = new HashMap<>();
  private final Map<Integer, String> contents = new HashMap<>();
  private final int size;
  private final int idBound;

  /** Names of a model's tokens and the added ones, whose normalised form the function gives. */
  TokenNames(Vocabulary vocabulary, List<AddedToken> added, UnaryOperator<String> normalize) {
    this.vocabulary = vocabulary;
    int outside = 0;
    int bound = vocabulary.size();
    for (AddedToken token : added) {
      byContent.put(token.content(), token);
      contents.put(token.id(), token.normalized() ? normalize.apply(token.content()) : token.content());
      if (vocabulary.id(token.content()) == Vocabulary.UNKNOWN) {
        outside++;
      }
      bound = Math.max(bound, token.id() + 1);
    }
    size = vocabulary.count() + outside;
    idBound = bound;
  }

  /** The text of an id, or null. That of an added token is what is looked for in normalised text. */
  String token(int id) {
    String added = contents.get(id);
    return added != null ? added : vocabulary.token(id);
  }

  /** The text of an id as the model spells it, or null. */
  String modelToken(int id) {
    String known = vocabulary.token(id);
    return known != null ? known : contents.get(id);
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

  boolean isAdded(int id) {
    return contents.containsKey(id);
  }

  int size() {
    return size;
  }

  int idBound() {
    return idBound;
  }
}
