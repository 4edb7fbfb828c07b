package dev.hone.tokenizer.chat.jinja;

import static java.util.Map.entry;

import dev.hone.tokenizer.chat.jinja.Filters.Filter;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/** The filters that make text of text. Most take any value and begin with its text. */
final class TextFilters {
  static final Map<String, Filter> ALL = Map.ofEntries(
      entry("capitalize", plain("capitalize", StringCase::capitalize)),
      entry("lower", plain("lower", StringCase::lower)),
      entry("upper", plain("upper", StringCase::upper)),
      entry("title", plain("title", TextFilters::title)),
      entry("string", plain("string", UnaryOperator.identity())),
      entry("trim", TextFilters::trim),
      entry("replace", TextFilters::replace),
      entry("indent", TextFilters::indent),
      entry("center", TextFilters::center),
      entry("truncate", TextFilters::truncate),
      entry("format", TextFilters::format),
      entry("wordcount", TextFilters::wordCount),
      entry("urlencode", TextFilters::urlEncode),
      entry("safe", TextFilters::safe),
      entry("escape", TextFilters::escape),
      entry("e", TextFilters::escape),
      entry("forceescape", TextFilters::forceEscape));

  private TextFilters() {}

  private static Filter plain(String name, UnaryOperator<String> change) {
    return (value, arguments, rendering) -> {
      arguments.none(name);
      String text = text(value, rendering);
      rendering.budget().chars(text.length());
      return like(value, change.apply(text));
    };
  }

  private static String text(Object value, Rendering rendering) {
    return PythonText.str(value, rendering.budget());
  }

  /** Text made from safe text is safe. */
  private static Object like(Object original, String text) {
    return original instanceof SafeText ? new SafeText(text) : text;
  }

  /** Upper-cases what follows white space, a hyphen or an opening bracket; all else becomes lower case. */
  private static String title(String s) {
    StringBuilder out = new StringBuilder(s.length());
    int i = 0;
    while (i < s.length()) {
      int end = i;
      while (end < s.length() && isSeparator(s.charAt(end))) {
        end++;
      }
      out.append(s, i, end);
      i = end;
      while (end < s.length() && !isSeparator(s.charAt(end))) {
        end++;
      }
      if (end > i) {
        int first = i + Character.charCount(s.codePointAt(i));
        out.append(StringCase.upper(s.substring(i, first))).append(StringCase.lower(s.substring(first, end)));
      }
      i = end;
    }
    return out.toString();
  }

  private static boolean isSeparator(char c) {
    return CharacterClasses.isSpace(c) || "-({[<".indexOf(c) >= 0;
  }

  private static Object trim(Object value, GivenArguments arguments, Rendering rendering) {
    Object chars = arguments.bind("trim", "chars")[0];
    String text = text(value, rendering);
    rendering.budget().scan(text.length());
    return like(value, chars == null || chars == None.NONE
        ? CharacterClasses.strip(text, true, true)
        : CharacterClasses.strip(text, GivenArguments.text(chars, "chars"), true, true));
  }

  private static Object replace(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bindRequired("replace", 2, "old", "new", "count");
    int count = bound[2] == None.NONE ? -1 : GivenArguments.integer(bound[2], -1, "count");
    return StringMethods.replace(text(value, rendering), text(bound[0], rendering), text(bound[1], rendering),
        count < 0 ? Integer.MAX_VALUE : count, rendering.budget());
  }

  private static Object indent(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bind("indent", "width", "first", "blank");
    if (value instanceof Undefined u) {
      throw u.failure();
    }
    String text = Values.text(value);
    if (text == null) {
      throw JinjaException.value("unsupported operand type(s) for +=: '" + Values.typeName(value) + "' and 'str'");
    }
    Budget budget = rendering.budget();
    String indention = Values.text(bound[0]) instanceof String given ? given
        : Arithmetic.repeatText(" ", Math.max(0, GivenArguments.integer(bound[0], 4, "width")), budget);
    boolean blank = GivenArguments.flag(bound[2], false);
    List<Object> lines = StringSplit.lines(text + "\n", false, budget);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      String line = (String) lines.get(i);
      boolean indented = i == 0 ? GivenArguments.flag(bound[1], false) : blank || !line.isEmpty();
      StringMethods.append(i == 0 ? "" : "\n", indented ? indention : "", out, budget);
      StringMethods.append(line, "", out, budget);
    }
    return like(value, out.toString());
  }

  private static Object center(Object value, GivenArguments arguments, Rendering rendering) {
    int width = GivenArguments.integer(arguments.bind("center", "width")[0], 80, "width");
    return like(value, StringCase.pad(text(value, rendering), " ", width, 0.5, rendering.budget()));
  }

  private static Object truncate(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bind("truncate", "length", "killwords", "end", "leeway");
    String text = GivenArguments.text(value, "the value of truncate");
    String end = bound[2] == null ? "..." : GivenArguments.text(bound[2], "end");
    int length = GivenArguments.integer(bound[0], 255, "length");
    int leeway = bound[3] == None.NONE ? 5 : GivenArguments.integer(bound[3], 5, "leeway");
    if (length < CodePoints.length(end) || leeway < 0) {
      throw JinjaException.value("truncate: length must be at least that of '" + end + "' and leeway at least 0, got "
          + length + " and " + leeway);
    }
    rendering.budget().scan(text.length());
    if (CodePoints.length(text) <= (long) length + leeway) {
      return value;
    }
    String cut = CodePoints.slice(text, 0, length - CodePoints.length(end));
    int space = GivenArguments.flag(bound[1], false) ? -1 : cut.lastIndexOf(' ');
    return like(value, (space < 0 ? cut : cut.substring(0, space)) + end);
  }

  private static Object format(Object value, GivenArguments arguments, Rendering rendering) {
    if (!arguments.positional().isEmpty() && !arguments.keyword().isEmpty()) {
      throw JinjaException.value("can't handle positional and keyword arguments at the same time");
    }
    Object values;
    if (arguments.keyword().isEmpty()) {
      values = new Tuple(arguments.positional());
    } else {
      Dict dict = new Dict();
      arguments.keyword().forEach(dict::put);
      values = dict;
    }
    String text = text(value, rendering);
    return Arithmetic.modulo(value instanceof SafeText ? value : text, values, rendering.budget());
  }

  private static Object wordCount(Object value, GivenArguments arguments, Rendering rendering) {
    arguments.none("wordcount");
    String text = text(value, rendering);
    rendering.budget().chars(text.length());
    long count = 0;
    boolean inWord = false;
    for (int i = 0, c; i < text.length(); i += Character.charCount(c)) {
      c = text.codePointAt(i);
      boolean word = Character.isLetterOrDigit(c) || c == '_';
      count += word && !inWord ? 1 : 0;
      inWord = word;
    }
    return count;
  }

  private static Object urlEncode(Object value, GivenArguments arguments, Rendering rendering) {
    arguments.none("urlencode");
    boolean pairs = Values.text(value) == null && Values.isIterable(value) && !(value instanceof Undefined);
    if (!pairs) {
      return quoted(text(value, rendering), "/", rendering.budget());
    }
    StringBuilder out = new StringBuilder();
    Iterator<Object> items = value instanceof Dict dict ? dict.items().iterator() : Values.iterate(value);
    while (items.hasNext()) {
      List<Object> pair = Values.toList(items.next(), rendering.budget());
      if (pair.size() != 2) {
        throw JinjaException.value("urlencode needs pairs, got " + pair.size() + " elements");
      }
      String joined = quoted(text(pair.get(0), rendering), "", rendering.budget()).replace("%20", "+") + "="
          + quoted(text(pair.get(1), rendering), "", rendering.budget()).replace("%20", "+");
      StringMethods.append(out.isEmpty() ? "" : "&", joined, out, rendering.budget());
    }
    return out.toString();
  }

  private static String quoted(String s, String safe, Budget budget) {
    byte[] bytes = s.getBytes(StandardCharsets.UTF_8);
    budget.chars(3L * bytes.length);
    StringBuilder out = new StringBuilder(bytes.length);
    for (byte b : bytes) {
      char c = (char) (b & 0xff);
      boolean plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
          || "_.-~".indexOf(c) >= 0 || safe.indexOf(c) >= 0;
      if (plain) {
        out.append(c);
      } else {
        out.append('%').append(PythonText.hex(c, 2).toUpperCase(Locale.ROOT));
      }
    }
    return out.toString();
  }

  private static Object safe(Object value, GivenArguments arguments, Rendering rendering) {
    arguments.none("safe");
    return value instanceof SafeText ? value : new SafeText(text(value, rendering));
  }

  private static Object escape(Object value, GivenArguments arguments, Rendering rendering) {
    return value instanceof SafeText ? value : forceEscape(value, arguments, rendering);
  }

  private static Object forceEscape(Object value, GivenArguments arguments, Rendering rendering) {
    arguments.none("escape");
    String text = text(value, rendering);
    rendering.budget().chars(6L * text.length());
    return new SafeText(SafeText.escape(text));
  }
}
