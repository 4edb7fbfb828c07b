package dev.hone.tokenizer.chat.jinja;

import java.util.HashMap;
import java.util.Map;

/**
 * The variables that a block sees: its own, then those of the blocks around it. Assigning never reaches outwards, and
 * every round of a loop begins with a fresh scope, so nothing leaks out of a loop but through a namespace.
 */
final class VariableScope {
  private final VariableScope outer;
  private Map<String, Object> variables;

  VariableScope(VariableScope outer) {
    this.outer = outer;
  }

  /** The outermost scope, with the variables given to the template. */
  VariableScope(Map<String, Object> variables) {
    this.outer = null;
    this.variables = variables;
  }

  void set(String name, Object value) {
    if (variables == null) {
      variables = new HashMap<>(8);
    }
    variables.put(name, value);
  }

  /** {@return the value of a variable, or null} */
  Object find(String name) {
    for (VariableScope scope = this; scope != null; scope = scope.outer) {
      Object value = scope.variables == null ? null : scope.variables.get(name);
      if (value != null) {
        return value;
      }
    }
    return Builtins.GLOBALS.get(name);
  }
}
