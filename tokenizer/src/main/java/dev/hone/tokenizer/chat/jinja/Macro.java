package dev.hone.tokenizer.chat.jinja;

import dev.hone.tokenizer.chat.jinja.Statement.MacroDefinition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A macro together with the scope it was defined in. Calling it gives the text of its body. */
final class Macro implements Callable {
  private final MacroDefinition definition;
  private final VariableScope scope;
  private final Interpreter interpreter;

  Macro(MacroDefinition definition, VariableScope scope, Interpreter interpreter) {
    this.definition = definition;
    this.scope = scope;
    this.interpreter = interpreter;
  }

  String name() {
    return definition.name();
  }

  Object attribute(String name) {
    return switch (name) {
      case "name" -> definition.name();
      case "arguments" -> new Tuple(List.copyOf(definition.parameters()));
      case "catch_kwargs" -> definition.usesKeywords();
      case "catch_varargs" -> definition.usesRest();
      case "caller" -> definition.usesCaller();
      default -> null;
    };
  }

  @Override
  public Object call(GivenArguments arguments, Rendering rendering) {
    VariableScope inner = new VariableScope(scope);
    bind(arguments, inner);
    return interpreter.capture(definition.body(), inner);
  }

  private void bind(GivenArguments arguments, VariableScope inner) {
    List<String> parameters = definition.parameters();
    List<Object> positional = arguments.positional();
    Map<String, Object> keyword = new LinkedHashMap<>(arguments.keyword());
    List<Integer> absent = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      Object value = i < positional.size() ? positional.get(i) : keyword.remove(parameters.get(i));
      if (value == null) {
        absent.add(i);
        // Hides a variable of the same name outside: a default does not see that one.
        inner.set(parameters.get(i), Undefined.name(parameters.get(i)));
      } else {
        inner.set(parameters.get(i), value);
      }
    }
    if (definition.usesCaller() && !parameters.contains("caller")) {
      Object caller = keyword.remove("caller");
      inner.set("caller", caller == null || caller == None.NONE ? Undefined.because("No caller defined") : caller);
    }
    rest(positional, keyword, inner);
    // Last, and in their order: a default may use the parameters before it.
    int required = parameters.size() - definition.defaults().size();
    for (int i : absent) {
      inner.set(parameters.get(i), i < required
          ? Undefined.because("parameter '" + parameters.get(i) + "' was not provided")
          : interpreter.evaluate(definition.defaults().get(i - required), inner));
    }
  }

  /** GivenArguments without a parameter of their own: collected where the body asks for them, else refused. */
  private void rest(List<Object> positional, Map<String, Object> keyword, VariableScope inner) {
    int taken = Math.min(positional.size(), definition.parameters().size());
    if (definition.usesKeywords()) {
      Dict dict = new Dict();
      keyword.forEach(dict::put);
      inner.set("kwargs", dict);
    } else if (keyword.containsKey("caller")) {
      throw JinjaException.value("macro '" + name() + "' is called by a call block but never uses caller()");
    } else if (!keyword.isEmpty()) {
      throw JinjaException.value("macro '" + name() + "' takes no keyword argument '"
          + keyword.keySet().iterator().next() + "'");
    }
    if (definition.usesRest()) {
      inner.set("varargs", new Tuple(List.copyOf(positional.subList(taken, positional.size()))));
    } else if (positional.size() > taken) {
      throw JinjaException.value("macro '" + name() + "' takes not more than " + definition.parameters().size()
          + " argument(s)");
    }
  }
}
