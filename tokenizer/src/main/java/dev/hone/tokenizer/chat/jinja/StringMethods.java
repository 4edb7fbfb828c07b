package dev.hone.tokenizer.chat.jinja;

import static java.util.Map.entry;

import dev.hone.tokenizer.chat.jinja.BoundMethod.Method;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The methods of {@code str} that search, cut, join and replace; those about case are in {@link StringCase}. */
final class StringMethods {
  @FunctionalInterface
  interface TextMethod {
    Object call(String s, GivenArguments arguments, Budget budget);
  }

  private static final Map<String, TextMethod> OWN = Map.ofEntries(
      entry("strip", (s, a, b) -> strip(s, a, b, true, true)),
      entry("lstrip", (s, a, b) -> strip(s, a, b, true, false)),
      entry("rstrip", (s, a, b) -> strip(s, a, b, false, true)),
      entry("startswith", (s, a, b) -> affix("startswith", s, a, b)),
      entry("endswith", (s, a, b) -> affix("endswith", s, a, b)),
      entry("removeprefix", (s, a, b) -> removeAffix(s, a, b, true)),
      entry("removesuffix", (s, a, b) -> removeAffix(s, a, b, false)),
      entry("find", (s, a, b) -> find("find", s, a, b)),
      entry("rfind", (s, a, b) -> find("rfind", s, a, b)),
      entry("index", (s, a, b) -> found(find("index", s, a, b))),
      entry("rindex", (s, a, b) -> found(find("rindex", s, a, b))),
      entry("count", StringMethods::count),
      entry("split", (s, a, b) -> StringSplit.split("split", s, a, b)),
      entry("rsplit", (s, a, b) -> StringSplit.split("rsplit", s, a, b)),
      entry("splitlines", StringSplit::lines),
      entry("partition", (s, a, b) -> StringSplit.partition("partition", s, a, b)),
      entry("rpartition", (s, a, b) -> StringSplit.partition("rpartition", s, a, b)),
      entry("join", StringMethods::join),
      entry("replace", StringMethods::replace),
      entry("format", (s, a, b) -> BraceFormat.format(s, a, b)),
      entry("format_map", (s, a, b) -> BraceFormat.formatMap(s, a, b)));

  private static final Set<String> UNSUPPORTED = Set.of("encode", "translate", "maketrans");
  /** Methods of a safe str that escape what they insert. */
  private static final Set<String> INSERTING = Set.of("replace", "join", "format", "format_map");

  private StringMethods() {}

  private static TextMethod textMethod(String name) {
    TextMethod method = OWN.get(name);
    if (method == null) {
      method = StringCase.METHODS.get(name);
    }
    if (method == null && UNSUPPORTED.contains(name)) {
      return (_, _, _) -> {
        throw JinjaException.value("the str method " + name + "() is not supported in chat templates");
      };
    }
    return method;
  }

  static Method find(String name) {
    TextMethod method = textMethod(name);
    return method == null ? null : (receiver, arguments, budget) -> method.call((String) receiver, arguments, budget);
  }

  /** As {@link #find}, for text marked safe: the results are safe again. */
  static Method findSafe(String name) {
    TextMethod method = textMethod(name);
    if (method == null) {
      return null;
    }
    return (receiver, arguments, budget) -> {
      GivenArguments given = INSERTING.contains(name) ? escaped(name, arguments, budget) : arguments;
      return marked(method.call(((SafeText) receiver).text(), given, budget));
    };
  }

  private static GivenArguments escaped(String method, GivenArguments arguments, Budget budget) {
    List<Object> positional = new ArrayList<>(arguments.positional());
    for (int i = method.equals("replace") ? 1 : 0; i < positional.size(); i++) {
      positional.set(i, method.equals("join") ? escapedItems(positional.get(i), budget) : escaped(positional.get(i)));
    }
    Map<String, Object> keyword = new LinkedHashMap<>(arguments.keyword());
    keyword.replaceAll((_, value) -> escaped(value));
    return new GivenArguments(positional, keyword);
  }

  private static List<Object> escapedItems(Object iterable, Budget budget) {
    List<Object> items = Values.toList(iterable, budget);
    items.replaceAll(StringMethods::escaped);
    return items;
  }

  private static Object escaped(Object value) {
    return value instanceof String s ? SafeText.escape(s) : value instanceof SafeText(String text) ? text : value;
  }

  private static Object marked(Object result) {
    return switch (result) {
      case String s -> new SafeText(s);
      case List<?> list -> list.stream().map(StringMethods::marked).toList();
      case Tuple(List<Object> items) -> new Tuple(items.stream().map(StringMethods::marked).toList());
      default -> result;
    };
  }

  private static Object strip(String s, GivenArguments arguments, Budget budget, boolean left, boolean right) {
    Object chars = arguments.bind("strip", "chars")[0];
    budget.scan(s.length());
    return chars == null || chars == None.NONE
        ? CharacterClasses.strip(s, left, right)
        : CharacterClasses.strip(s, GivenArguments.text(chars, "strip arg"), left, right);
  }

  private static Object affix(String method, String s, GivenArguments arguments, Budget budget) {
    Object[] bound = arguments.bindRequired(method, 1, "prefix", "start", "end");
    budget.scan(s.length());
    String part = bound[1] == null && bound[2] == null ? s : window(s, bound[1], bound[2]);
    if (bound[0] instanceof Tuple(List<Object> items)) {
      for (Object item : items) {
        if (hasAffix(part, item, method, budget)) {
          return true;
        }
      }
      return false;
    }
    return hasAffix(part, bound[0], method, budget);
  }

  private static boolean hasAffix(String s, Object affix, String method, Budget budget) {
    String text = Values.text(affix);
    if (text == null) {
      throw JinjaException.value(method + " first arg must be str or a tuple of str, not " + Values.typeName(affix));
    }
    budget.step();
    budget.scan(text.length());
    return method.equals("startswith") ? s.startsWith(text) : s.endsWith(text);
  }

  private static String window(String s, Object start, Object end) {
    int length = CodePoints.length(s);
    return CodePoints.slice(s, bound(start, 0, length), bound(end, length, length));
  }

  private static int bound(Object at, int whenAbsent, int length) {
    return at == null || at == None.NONE ? whenAbsent : Methods.within(Values.index(at, "slice index"), length);
  }

  private static Object removeAffix(String s, GivenArguments arguments, Budget budget, boolean prefix) {
    String method = prefix ? "removeprefix" : "removesuffix";
    String affix = GivenArguments.text(arguments.bindRequired(method, 1, "affix")[0], method + "() argument");
    budget.scan(s.length());
    if (affix.isEmpty() || !(prefix ? s.startsWith(affix) : s.endsWith(affix))) {
      return s;
    }
    return prefix ? s.substring(affix.length()) : s.substring(0, s.length() - affix.length());
  }

  private static Object find(String method, String s, GivenArguments arguments, Budget budget) {
    Object[] bound = arguments.bindRequired(method, 1, "sub", "start", "end");
    String needle = GivenArguments.text(bound[0], method + "() argument");
    budget.search(s.length(), needle.length());
    int length = CodePoints.length(s);
    int from = bound(bound[1], 0, length);
    int to = bound(bound[2], length, length);
    boolean beyond = bound[1] != null && bound[1] != None.NONE && Values.index(bound[1], "slice index") > length;
    if (beyond || from > to) {
      return -1L;
    }
    String part = CodePoints.slice(s, from, to);
    int at = method.startsWith("r")
        ? CodePoints.lastIndexOf(part, needle, part.length())
        : CodePoints.indexOf(part, needle, 0);
    return at < 0 ? -1L : (long) from + part.codePointCount(0, at);
  }

  private static Object found(Object at) {
    if (at.equals(-1L)) {
      throw JinjaException.value("substring not found");
    }
    return at;
  }

  private static Object count(String s, GivenArguments arguments, Budget budget) {
    Object[] bound = arguments.bindRequired("count", 1, "sub", "start", "end");
    String needle = GivenArguments.text(bound[0], "count() argument");
    budget.search(s.length(), needle.length());
    return (long) occurrences(window(s, bound[1], bound[2]), needle, Integer.MAX_VALUE);
  }

  private static int occurrences(String s, String needle, int most) {
    if (needle.isEmpty()) {
      return Math.min(most, CodePoints.length(s) + 1);
    }
    int count = 0;
    for (int at = CodePoints.indexOf(s, needle, 0); at >= 0 && count < most; count++) {
      at = CodePoints.indexOf(s, needle, at + needle.length());
    }
    return count;
  }

  private static Object join(String separator, GivenArguments arguments, Budget budget) {
    Iterator<Object> items = Values.iterate(arguments.bindRequired("join", 1, "iterable")[0]);
    StringBuilder out = new StringBuilder();
    for (int i = 0; items.hasNext(); i++) {
      Object item = items.next();
      String text = Values.text(item);
      if (text == null) {
        throw JinjaException.value("sequence item " + i + ": expected str instance, " + Values.typeName(item)
            + " found");
      }
      append(i == 0 ? "" : separator, text, out, budget);
    }
    return out.toString();
  }

  /** Appends within the limits: pays for what is added, and bounds the whole. */
  static void append(String separator, String text, StringBuilder out, Budget budget) {
    budget.step();
    budget.chars(separator.length() + (long) text.length());
    budget.length(out.length() + (long) separator.length() + text.length());
    out.append(separator).append(text);
  }

  private static Object replace(String s, GivenArguments arguments, Budget budget) {
    Object[] bound = arguments.bindRequired("replace", 2, "old", "new", "count");
    String old = GivenArguments.text(bound[0], "replace() argument 1");
    String with = GivenArguments.text(bound[1], "replace() argument 2");
    int most = GivenArguments.integer(bound[2], -1, "replace() argument 3");
    return replace(s, old, with, most < 0 ? Integer.MAX_VALUE : most, budget);
  }

  static String replace(String s, String old, String with, int most, Budget budget) {
    budget.search(s.length(), 2 * old.length());
    int count = occurrences(s, old, most);
    if (count == 0) {
      return s;
    }
    long length = s.length() + (long) count * (with.length() - old.length());
    budget.chars(length);
    StringBuilder out = new StringBuilder((int) length);
    int from = 0;
    for (int i = 0; i < count; i++) {
      if (old.isEmpty()) {
        int to = i == 0 ? 0 : from + Character.charCount(s.codePointAt(from));
        out.append(s, from, to).append(with);
        from = to;
      } else {
        int at = CodePoints.indexOf(s, old, from);
        out.append(s, from, at).append(with);
        from = at + old.length();
      }
    }
    return out.append(s, from, s.length()).toString();
  }
}
