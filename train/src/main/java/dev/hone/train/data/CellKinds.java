package dev.hone.train.data;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Of which kinds the cells of each column are in a file that tells them apart, with the first line of each kind. */
final class CellKinds {
  /** What a cell is. */
  enum Kind {
    TEXT("a text"), NUMBER("a number"), TRUTH("true or false"), LIST("a list or an object");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }
  }

  private final Map<String, Map<Kind, Integer>> lines = new ConcurrentHashMap<>();

  /** Takes in a cell; rows may come in any order and more than once. */
  void saw(String column, Kind kind, int line) {
    Map<Kind, Integer> of = lines.computeIfAbsent(column, _ -> new EnumMap<>(Kind.class));
    synchronized (of) {
      of.merge(kind, line, Math::min);
    }
  }

  /** The first line of each kind that a column has; empty where the file has but texts. */
  Map<Kind, Integer> of(String column) {
    Map<Kind, Integer> of = lines.getOrDefault(column, Map.of());
    synchronized (of) {
      return of.isEmpty() ? Map.of() : new EnumMap<>(of);
    }
  }

  /** The first line on which a column has a list or an object, or null. */
  Integer list(String column) {
    return of(column).get(Kind.LIST);
  }
}
