package dev.hone.tokenizer.regex;

import dev.hone.tokenizer.definition.TokenizerException;

/**
 * Rewrites a regular expression from the Oniguruma dialect, which tokenizer files use, to that of
 * {@link java.util.regex}. The two look alike and mean different things: {@code \s}, {@code \w},
 * {@code \b} and the POSIX brackets are Unicode there and ASCII here, {@code \h} is a hexadecimal digit
 * there and a blank here, {@code (?m)} lets the dot match a line feed there, and so on. So the expression is
 * parsed and every part written out anew; what has no equivalent is refused, never guessed.
 *
 * <p>The result is meant for the flags UNICODE_CASE, MULTILINE and UNIX_LINES.
 */
final class RegexTranslator {
  private static final int MAX_DEPTH = 200;
  // An alternative that never matches. The JDK steps back over whole surrogate pairs only in a
  // look-behind in which it sees a character outside the basic plane.
  private static final String WHOLE_CHARACTERS = "|(?!)\uDBFF\uDFFD";

  private final String in;
  private final StringBuilder out = new StringBuilder();
  private int at;
  private int depth;

  RegexTranslator(String regex) {
    this.in = regex;
  }

  String translate() {
    alternatives();
    if (at < in.length()) {
      throw error("a ')' without '('");
    }
    return out.toString();
  }

  private TokenizerException error(String what) {
    String shown = in.length() > 120 ? in.substring(0, 120) + "..." : in;
    return new TokenizerException("regular expression \"" + shown + "\", position " + at + ": " + what);
  }

  private boolean more() {
    return at < in.length();
  }

  private boolean take(String expected) {
    if (!in.startsWith(expected, at)) {
      return false;
    }
    at += expected.length();
    return true;
  }

  private int takeCodePoint() {
    int c = in.codePointAt(at);
    at += Character.charCount(c);
    return c;
  }

  /** Up to the closing bracket or the end. */
  private void alternatives() {
    if (++depth > MAX_DEPTH) {
      throw error("nested more than " + MAX_DEPTH + " deep");
    }
    while (more() && in.charAt(at) != ')') {
      if (take("|")) {
        out.append('|');
        continue;
      }
      int atom = out.length();
      boolean repeatable = atom();
      if (repeatable) {
        quantifiers(atom);
      }
    }
    depth--;
  }

  /** One atom; false if it is nothing that can be repeated. */
  private boolean atom() {
    switch (in.charAt(at)) {
      case '(' -> {
        return group();
      }
      case '[' -> {
        at++;
        out.append(new ClassTranslator(in, this::at, i -> at = i, this::error).bracket());
      }
      case '\\' -> {
        return escape();
      }
      case '.', '^', '$' -> out.append(in.charAt(at++));
      case '*', '+', '?' -> throw error("nothing to repeat");
      default -> literal(takeCodePoint());
    }
    return true;
  }

  private int at() {
    return at;
  }

  private void literal(int codePoint) {
    ClassTranslator.literal(codePoint, out);
  }

  private boolean group() {
    at++;
    if (take("?#")) {
      int end = in.indexOf(')', at);
      if (end < 0) {
        throw error("a comment without end");
      }
      at = end + 1;
      return false;
    }
    boolean behind = false;
    if (!take("?")) {
      out.append('(');
    } else if (take(":")) {
      out.append("(?:");
    } else if (take("=")) {
      out.append("(?=");
    } else if (take("!")) {
      out.append("(?!");
    } else if (take(">")) {
      out.append("(?>");
    } else if (take("<=")) {
      out.append("(?<=");
      behind = true;
    } else if (take("<!")) {
      out.append("(?<!");
      behind = true;
    } else if (take("<") || take("'")) {
      named(in.charAt(at - 1) == '<' ? '>' : '\'');
    } else {
      if (options()) {
        return false;
      }
    }
    alternatives();
    if (!take(")")) {
      throw error("a '(' without ')'");
    }
    if (behind) {
      out.append(WHOLE_CHARACTERS);
    }
    out.append(')');
    return true;
  }

  private void named(char close) {
    int end = in.indexOf(close, at);
    if (end < 0) {
      throw error("a group name without end");
    }
    String name = in.substring(at, end);
    if (!name.matches("[A-Za-z][A-Za-z0-9]*")) {
      throw error("group name \"" + name + "\" cannot be translated");
    }
    at = end + 1;
    out.append("(?<").append(name).append('>');
  }

  /** (?imx-imx) or (?imx-imx: ; true if it stands alone. */
  private boolean options() {
    StringBuilder flags = new StringBuilder();
    while (more()) {
      char c = in.charAt(at++);
      switch (c) {
        case 'i', 'x', '-' -> flags.append(c);
        case 'm' -> flags.append('s');
        case ')' -> {
          // Alone, it holds to the end of the group, over the bars: "a(?i)b|c" is "a(?i:b|c)".
          out.append("(?").append(flags).append(':');
          alternatives();
          out.append(')');
          return true;
        }
        case ':' -> {
          out.append("(?").append(flags).append(':');
          return false;
        }
        default -> {
          at--;
          throw error("group option '" + c + "' cannot be translated");
        }
      }
    }
    throw error("a '(' without ')'");
  }

  private boolean escape() {
    at++;
    if (!more()) {
      throw error("a '\\' at the end");
    }
    char c = in.charAt(at);
    switch (c) {
      case 'A', 'Z', 'z', 'G' -> {
        at++;
        out.append('\\').append(c);
        return c != 'G';
      }
      case 'b', 'B' -> {
        at++;
        String word = "[" + ClassTranslator.WORD + "]";
        String after = "(?<=" + word + WHOLE_CHARACTERS + ")";
        String notAfter = "(?<!" + word + WHOLE_CHARACTERS + ")";
        out.append("(?:").append(after).append(c == 'b' ? "(?!" : "(?=").append(word).append(")|").append(notAfter)
            .append(c == 'b' ? "(?=" : "(?!").append(word).append("))");
      }
      case 'R', 'X' -> {
        at++;
        out.append('\\').append(c);
      }
      case 'O' -> {
        at++;
        out.append("(?s:.)");
      }
      case 'N' -> {
        at++;
        out.append("[^\\n]");
      }
      case 'k' -> {
        at++;
        if (!take("<")) {
          throw error("\\k needs a group name in angle brackets");
        }
        int end = in.indexOf('>', at);
        String name = end < 0 ? "" : in.substring(at, end);
        if (!name.matches("[A-Za-z][A-Za-z0-9]*")) {
          throw error("the reference \\k<" + name + "> cannot be translated");
        }
        at = end + 1;
        out.append("\\k<").append(name).append('>');
      }
      case '1', '2', '3', '4', '5', '6', '7', '8', '9' -> {
        at++;
        out.append('\\').append(c).append("(?:)"); // so that a digit behind it stays a digit
      }
      default -> {
        ClassTranslator classes = new ClassTranslator(in, this::at, i -> at = i, this::error);
        String item = classes.escape();
        if (classes.single() >= 0) {
          literal(classes.single());
        } else {
          out.append('[').append(item).append(']');
        }
      }
    }
    return true;
  }

  /** All quantifiers behind an atom; the result is wrapped where the dialects differ. */
  private void quantifiers(int atom) {
    while (more()) {
      char c = in.charAt(at);
      if (c == '*' || c == '+' || c == '?') {
        at++;
        out.append(c);
        if (more() && (in.charAt(at) == '?' || in.charAt(at) == '+')) {
          out.append(in.charAt(at++));
        }
      } else if (c == '{') {
        int[] bounds = interval();
        if (bounds == null) {
          return;
        }
        out.append('{').append(bounds[0]);
        if (bounds[1] != bounds[0]) {
          out.append(',').append(bounds[1] < 0 ? "" : bounds[1]);
        }
        out.append('}');
        // {n,m}+ repeats the repetition; {n}? makes it optional; only {n,m}? is reluctant.
        if (more() && in.charAt(at) == '?' && bounds[1] != bounds[0]) {
          out.append(in.charAt(at++));
        }
      } else {
        return;
      }
      if (more() && "*+?{".indexOf(in.charAt(at)) >= 0) {
        out.insert(atom, "(?:");
        out.append(')');
      }
    }
  }

  /** {n}, {n,}, {,m} or {n,m} at this place; null if the brace is an ordinary character. */
  private int[] interval() {
    int close = in.indexOf('}', at);
    String inside = close < 0 ? "" : in.substring(at + 1, close);
    if (!inside.matches("\\d{1,6}|\\d{0,6},\\d{1,6}|\\d{1,6},")) {
      return null;
    }
    int comma = inside.indexOf(',');
    int[] bounds = new int[2];
    if (comma < 0) {
      bounds[0] = bounds[1] = Integer.parseInt(inside);
    } else {
      String low = inside.substring(0, comma);
      String high = inside.substring(comma + 1);
      bounds[0] = low.isEmpty() ? 0 : Integer.parseInt(low);
      bounds[1] = high.isEmpty() ? -1 : Integer.parseInt(high);
      if (bounds[1] >= 0 && bounds[1] < bounds[0]) {
        throw error("an interval that ends before it begins");
      }
    }
    if (Math.max(bounds[0], bounds[1]) > 100_000) {
      throw error("more than 100000 repetitions");
    }
    at = close + 1;
    return bounds;
  }
}
