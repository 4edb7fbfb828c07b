package dev.hone.tokenizer.chat.jinja;

/** The escapes of a Python str literal. One that means nothing stays as it stands, backslash included. */
final class Escapes {
  private Escapes() {}

  static String decode(String body, int line) {
    if (body.indexOf('\\') < 0) {
      return body;
    }
    StringBuilder out = new StringBuilder(body.length());
    for (int i = 0; i < body.length(); ) {
      char c = body.charAt(i++);
      if (c != '\\') {
        out.append(c);
        continue;
      }
      char escape = body.charAt(i++);   // the lexer ends no string after a lone backslash
      switch (escape) {
        case '\n' -> { }
        case '\\', '\'', '"' -> out.append(escape);
        case 'a' -> out.append('\u0007');
        case 'b' -> out.append('\b');
        case 'f' -> out.append('\f');
        case 'n' -> out.append('\n');
        case 'r' -> out.append('\r');
        case 't' -> out.append('\t');
        case 'v' -> out.append('\u000b');
        case 'x' -> i = hex(body, i, 2, out, line);
        case 'u' -> i = hex(body, i, 4, out, line);
        case 'U' -> i = hex(body, i, 8, out, line);
        case 'N' -> i = named(body, i, out, line);
        default -> {
          if (escape >= '0' && escape <= '7') {
            i = octal(body, i - 1, out);
          } else {
            out.append('\\').append(escape);
          }
        }
      }
    }
    return out.toString();
  }

  private static int hex(String body, int from, int digits, StringBuilder out, int line) {
    int end = Math.min(body.length(), from + digits);
    String hex = body.substring(from, end);
    boolean whole = hex.length() == digits && hex.chars().allMatch(c -> c < 0x80 && Character.digit(c, 16) >= 0);
    long value = whole ? Long.parseLong(hex, 16) : -1;
    if (value < 0 || value > Character.MAX_CODE_POINT) {
      throw JinjaException.syntax("a string holds an escape with " + PythonText.quote(hex) + " where " + digits
          + " hexadecimal digits of a character are due", line);
    }
    out.appendCodePoint((int) value);
    return end;
  }

  private static int octal(String body, int from, StringBuilder out) {
    int end = from;
    while (end < body.length() && end < from + 3 && body.charAt(end) >= '0' && body.charAt(end) <= '7') {
      end++;
    }
    out.append((char) Integer.parseInt(body, from, end, 8));
    return end;
  }

  private static int named(String body, int from, StringBuilder out, int line) {
    int close = body.indexOf('}', from);
    if (body.startsWith("{", from) && close > 0) {
      try {
        out.appendCodePoint(Character.codePointOf(body.substring(from + 1, close)));
        return close + 1;
      } catch (IllegalArgumentException _) {
        // told below, as a malformed one is
      }
    }
    throw JinjaException.syntax("a string holds \\N without the name of a character in braces", line);
  }
}
