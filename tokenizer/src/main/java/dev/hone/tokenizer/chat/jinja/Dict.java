package dev.hone.tokenizer.chat.jinja;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A Python dict: keeps the order of insertion, and takes {@code 1}, {@code 1.0} and {@code True} for the same key.
 *
 * <p>Such keys are stored as the int; the spelling of the first one is kept aside for printing, because almost every
 * dict of a conversation has str keys alone.
 */
final class Dict {
  private final Map<Object, Object> entries;
  private Map<Object, Object> spellings;

  Dict() {
    entries = new LinkedHashMap<>();
  }

  Dict(Dict other) {
    entries = new LinkedHashMap<>(other.entries);
    spellings = other.spellings == null ? null : new HashMap<>(other.spellings);
  }

  /** Adds or replaces an entry whose key is a str. */
  void put(String key, Object value) {
    entries.put(key, value);
  }

  void put(Object key, Object value, Budget budget) {
    Object stored = normalise(key, budget);
    if (!stored.equals(key) && !(key instanceof SafeText) && !entries.containsKey(stored)) {
      if (spellings == null) {
        spellings = new HashMap<>();
      }
      spellings.put(stored, key);
    }
    entries.put(stored, value);
  }

  /** {@return the value of a str key, or null} */
  Object get(String key) {
    return entries.get(key);
  }

  /** {@return the value of any key, or null} */
  Object get(Object key, Budget budget) {
    return key instanceof String s ? entries.get(s) : entries.get(normalise(key, budget));
  }

  int size() {
    return entries.size();
  }

  List<Object> keys() {
    List<Object> keys = new ArrayList<>(entries.size());
    for (Object key : entries.keySet()) {
      keys.add(spelled(key));
    }
    return keys;
  }

  List<Object> values() {
    return new ArrayList<>(entries.values());
  }

  /** {@return the entries as tuples of key and value} */
  List<Object> items() {
    List<Object> items = new ArrayList<>(entries.size());
    entries.forEach((key, value) -> items.add(Tuple.of(spelled(key), value)));
    return items;
  }

  void putAll(Dict other) {
    entries.putAll(other.entries);
    if (other.spellings != null) {
      if (spellings == null) {
        spellings = new HashMap<>();
      }
      other.spellings.forEach(spellings::putIfAbsent);
    }
  }

  private Object spelled(Object key) {
    return spellings == null ? key : spellings.getOrDefault(key, key);
  }

  /**
   * The key as it is hashed. Walks through tuples first: one that holds itself twice, many times over, takes
   * exponential time to hash, and here the budget notices.
   */
  static Object normalise(Object key, Budget budget) {
    budget.step();
    return switch (key) {
      case String s -> {
        budget.scan(s.length());
        yield s;
      }
      case SafeText(String text) -> text;
      case Boolean b -> b ? 1L : 0L;
      case Double d when d == Math.rint(d) && Math.abs(d) < 0x1p63 -> (Object) d.longValue();
      case PythonRange r -> {
        budget.charge(r.size());
        yield r;
      }
      case List<?> _ -> throw unhashable(key);
      case Dict _, BoundMethod _ -> throw unhashable(key);
      case Tuple(List<Object> items) -> {
        budget.enter();
        List<Object> normal = new ArrayList<>(items.size());
        for (Object item : items) {
          normal.add(normalise(item, budget));
        }
        budget.leave();
        yield new Tuple(normal);
      }
      default -> key;
    };
  }

  private static JinjaException unhashable(Object key) {
    return JinjaException.value("unhashable type: '" + Values.typeName(key) + "'");
  }
}
