package dev.hone.lora;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tokens whose rows are trained, and nothing else of their tables; PEFT's {@code trainable_token_indices}.
 *
 * @param byModule ids by the end of a table's or head's path; an empty name is the table of embeddings
 */
public record TokenIndices(Map<String, List<Integer>> byModule) {
  /** None. */
  public static final TokenIndices NONE = new TokenIndices(Map.of());

  public TokenIndices {
    Map<String, List<Integer>> copy = new LinkedHashMap<>();
    byModule.forEach((module, ids) -> {
      if (ids.isEmpty()) {
        throw new IllegalArgumentException("trainable_token_indices" + of(module) + " names no token");
      }
      if (new LinkedHashSet<>(ids).size() < ids.size()) {
        throw new IllegalArgumentException("trainable_token_indices" + of(module) + " names a token twice");
      }
      if (Collections.min(ids) < 0) {
        throw new IllegalArgumentException("trainable_token_indices" + of(module) + " has " + Collections.min(ids)
            + "; ids begin with 0");
      }
      copy.put(module, List.copyOf(ids));
    });
    byModule = Collections.unmodifiableMap(copy);
  }

  /** Rows of the table of embeddings, which a tied head shares. */
  public static TokenIndices of(List<Integer> ids) {
    return new TokenIndices(Map.of("", ids));
  }

  private static String of(String module) {
    return module.isEmpty() ? "" : " of " + module;
  }

  /** Whether there are none. */
  public boolean isEmpty() {
    return byModule.isEmpty();
  }

  /** Whether it is one list, for the table of embeddings. */
  boolean isList() {
    return byModule.keySet().equals(Set.of(""));
  }
}
