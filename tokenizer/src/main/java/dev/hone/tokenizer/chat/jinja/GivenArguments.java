package dev.hone.tokenizer.chat.jinja;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The arguments of one call: positional ones, then those with a keyword, in the order given. */
record GivenArguments(List<Object> positional, Map<String, Object> keyword) {
  static final GivenArguments NONE = new GivenArguments(List.of(), Map.of());

  /**
   * Lays the arguments out in the order of {@code parameters}.
   *
   * @return one element per parameter; null for one that was not given
   */
  Object[] bind(String callee, String... parameters) {
    if (positional.size() > parameters.length) {
      throw JinjaException.value(callee + "() takes at most " + parameters.length + " arguments, got "
          + positional.size());
    }
    Object[] bound = positional.toArray(new Object[parameters.length]);
    Arrays.fill(bound, positional.size(), parameters.length, null);
    keyword.forEach((name, value) -> {
      int at = Arrays.asList(parameters).indexOf(name);
      if (at < 0) {
        throw JinjaException.value(callee + "() got an unexpected keyword argument '" + name + "'");
      }
      if (bound[at] != null) {
        throw JinjaException.value(callee + "() got multiple values for argument '" + name + "'");
      }
      bound[at] = value;
    });
    return bound;
  }

  /** Like {@link #bind}, for a callee that needs its first {@code required} arguments. */
  Object[] bindRequired(String callee, int required, String... parameters) {
    Object[] bound = bind(callee, parameters);
    for (int i = 0; i < required; i++) {
      if (bound[i] == null) {
        throw JinjaException.value(callee + "() is missing its argument '" + parameters[i] + "'");
      }
    }
    return bound;
  }

  /** For a callee without parameters. */
  void none(String callee) {
    bind(callee);
  }

  /** The arguments after the first {@code count} positional ones. */
  GivenArguments skip(int count) {
    return new GivenArguments(positional.subList(count, positional.size()), keyword);
  }

  static boolean flag(Object argument, boolean whenAbsent) {
    return argument == null ? whenAbsent : Values.truth(argument);
  }

  static int integer(Object argument, int whenAbsent, String what) {
    return argument == null ? whenAbsent : Values.index(argument, what);
  }

  static String text(Object argument, String what) {
    String text = Values.text(argument);
    if (text == null) {
      throw JinjaException.value(what + " must be str, not " + Values.typeName(argument));
    }
    return text;
  }
}
