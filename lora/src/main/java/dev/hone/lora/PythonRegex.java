package dev.hone.lora;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Regular expressions as Python writes them, which adapter files hold. The two languages share most of their grammar; what
 * differs is translated: {@code (?P<name>...)}, {@code (?P=name)}, {@code (?#...)}, {@code \Z}, braces that are no quantifier,
 * and signs that only Java's character classes know. What Python does not have is refused, because a file with it could not be
 * read there.
 */
final class PythonRegex {
  private static final String ESCAPES = "abBdDfnrsStvwWxuAZ"; // letters that mean something after a backslash

  private final String source;
  private final StringBuilder java = new StringBuilder();
  private final Map<String, String> groups = new LinkedHashMap<>(); // Java's names have no underscores
  private int at;

  private PythonRegex(String source) {
    this.source = source;
  }

  /** Python's expression for Java. */
  static Pattern compile(String source) {
    PythonRegex regex = new PythonRegex(source);
    try {
      regex.translate();
      return Pattern.compile(regex.java.toString());
    } catch (PatternSyntaxException e) {
      throw new AdapterException("'" + source + "' is not a regular expression of Python that can be read here: "
          + e.getDescription());
    }
  }

  private void translate() {
    while (at < source.length()) {
      char c = source.charAt(at);
      switch (c) {
        case '\\' -> escape();
        case '[' -> characterClass();
        case '(' -> group();
        case '{' -> brace();
        default -> {
          java.append(c);
          at++;
        }
      }
    }
  }

  private void escape() {
    char c = at + 1 < source.length() ? source.charAt(at + 1) : 0;
    if (Character.isLetter(c) && ESCAPES.indexOf(c) < 0) {
      throw fault("no escape \\" + c);
    }
    java.append('\\').append(c == 0 ? "" : c == 'Z' ? "z" : String.valueOf(c));
    at += c == 0 ? 1 : 2;
  }

  private void characterClass() {
    java.append('[');
    at++;
    if (source.startsWith("^", at)) {
      java.append('^');
      at++;
    }
    for (boolean first = true; at < source.length(); first = false) {
      char c = source.charAt(at);
      if (c == ']' && !first) {
        java.append(']');
        at++;
        return;
      }
      if (c == '\\') {
        escape();
        continue;
      }
      java.append(c == '[' || c == ']' || c == '&' ? "\\" : "").append(c);
      at++;
    }
  }

  private void group() {
    if (source.startsWith("(?P<", at)) {
      String name = until(at + 4, '>');
      String own = "g" + groups.size();
      if (groups.put(name, own) != null) {
        throw fault("two groups '" + name + "'");
      }
      java.append("(?<").append(own).append('>');
    } else if (source.startsWith("(?P=", at)) {
      String own = groups.get(until(at + 4, ')'));
      if (own == null) {
        throw fault("no such group");
      }
      java.append("\\k<").append(own).append('>');
    } else if (source.startsWith("(?#", at)) {
      until(at + 3, ')');
    } else if (source.startsWith("(?<", at) && !source.startsWith("(?<=", at) && !source.startsWith("(?<!", at)) {
      throw fault("groups with names are written (?P<name>...)");
    } else {
      java.append('(');
      at++;
    }
  }

  /** What stands before the next such sign, behind which reading goes on. */
  private String until(int from, char end) {
    int to = source.indexOf(end, from);
    if (to < 0) {
      throw fault("missing " + end);
    }
    at = to + 1;
    return source.substring(from, to);
  }

  private void brace() {
    int end = source.indexOf('}', at);
    String inside = end < 0 ? "" : source.substring(at + 1, end);
    if (inside.matches("\\d+(,\\d*)?|,\\d+")) {
      java.append('{').append(inside.startsWith(",") ? "0" : "").append(inside).append('}');
      at = end + 1;
    } else {
      java.append("\\{");
      at++;
    }
  }

  private PatternSyntaxException fault(String what) {
    return new PatternSyntaxException(what, source, at);
  }
}
