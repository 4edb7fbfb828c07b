package dev.hone.tokenizer.chat.jinja;

import dev.hone.tokenizer.chat.jinja.Token.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Cuts a template into tokens, as transformers sets Jinja up: {@code trim_blocks} (the line end after a block or comment
 * goes), {@code lstrip_blocks} (white space before them on their line goes), and one final line end is dropped.
 */
final class Lexer {
  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  /** Whether the text that follows begins a line; after a trimmed line end it does. */
  private boolean lineStarts = true;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokenize(String template) {
    if (template.length() > Limits.SOURCE_CHARS) {
      throw JinjaException.limit("a template of " + template.length() + " characters; at most "
          + Limits.SOURCE_CHARS + " are read");
    }
    String source = template.replace("\r\n", "\n").replace('\r', '\n');
    if (source.endsWith("\n")) {
      source = source.substring(0, source.length() - 1);
    }
    Lexer lexer = new Lexer(source);
    lexer.template();
    return lexer.tokens;
  }

  private void template() {
    while (at < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        data(source.substring(at), source.length());
        break;
      }
      char kind = source.charAt(tag + 1);
      int inside = tag + 2;
      char sign = inside < source.length() && "+-".indexOf(source.charAt(inside)) >= 0 ? source.charAt(inside++) : 0;
      data(textBefore(tag, kind, sign), tag);
      int raw = kind == '%' ? rawBody(inside) : -1;
      if (raw >= 0) {
        raw(raw);
      } else if (kind == '#') {
        comment(inside);
      } else {
        advance(inside);
        tag(kind == '{' ? Type.PRINT_BEGIN : Type.BLOCK_BEGIN, kind == '{' ? Type.PRINT_END : Type.BLOCK_END);
      }
    }
    add(Type.END, "");
  }

  private int nextTag() {
    for (int i = source.indexOf('{', at); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
      if ("{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  /** The text from here to a tag, stripped as the tag asks. */
  private String textBefore(int tag, char kind, char sign) {
    String text = source.substring(at, tag);
    if (sign == '-') {
      return CharacterClasses.strip(text, false, true);
    }
    if (sign != '+' && kind != '{') {
      int lineStart = text.lastIndexOf('\n') + 1;
      boolean blank = CharacterClasses.strip(text.substring(lineStart), true, false).isEmpty();
      if (blank && (lineStart > 0 || lineStarts)) {
        return text.substring(0, lineStart);
      }
    }
    return text;
  }

  private void data(String text, int end) {
    if (!text.isEmpty()) {
      add(Type.DATA, text);
    }
    advance(end);
  }

  private void advance(int to) {
    for (int i = source.indexOf('\n', at, to); i >= 0; i = source.indexOf('\n', i + 1, to)) {
      line++;
    }
    lineStarts = to > 0 && source.charAt(to - 1) == '\n';
    at = to;
  }

  private void comment(int inside) {
    int end = source.indexOf("#}", inside);
    if (end < 0) {
      throw JinjaException.syntax("a comment that begins with '{#' is never closed by '#}'", line);
    }
    // An opening "{#-" has been consumed with its sign, so "{#-#}" closes without one.
    char sign = end > inside ? source.charAt(end - 1) : 0;
    advance(afterTag(end + 2, sign));
  }

  /** Where the text goes on after a closing delimiter: {@code -} eats white space, {@code +} keeps the line end. */
  private int afterTag(int end, char sign) {
    if (sign == '-') {
      int i = end;
      while (i < source.length() && CharacterClasses.isSpace(source.charAt(i))) {
        i++;
      }
      return i;
    }
    return sign != '+' && source.startsWith("\n", end) ? end + 1 : end;
  }

  /** Where the body of {@code {% raw %}} starts, or -1 if the block that opened before {@code inside} is another. */
  private int rawBody(int inside) {
    int i = skipSpaces(inside);
    if (!source.startsWith("raw", i)) {
      return -1;
    }
    i = skipSpaces(i + 3);
    if (source.startsWith("-%}", i)) {
      return afterTag(i + 3, '-');
    }
    return source.startsWith("%}", i) ? i + 2 : -1;
  }

  private int skipSpaces(int from) {
    int i = from;
    while (i < source.length() && CharacterClasses.isSpace(source.charAt(i))) {
      i++;
    }
    return i;
  }

  private void raw(int body) {
    advance(body);
    for (int i = source.indexOf("{%", body); i >= 0; i = source.indexOf("{%", i + 1)) {
      int name = i + 2;
      char sign = name < source.length() && "+-".indexOf(source.charAt(name)) >= 0 ? source.charAt(name++) : 0;
      name = skipSpaces(name);
      if (!source.startsWith("endraw", name)) {
        continue;
      }
      int end = skipSpaces(name + 6);
      char closing = end < source.length() && "+-".indexOf(source.charAt(end)) >= 0 ? source.charAt(end++) : 0;
      if (source.startsWith("%}", end)) {
        data(textBefore(i, '%', sign), i);
        advance(afterTag(end + 2, closing));
        return;
      }
    }
    throw JinjaException.syntax("a raw block is never closed by '{% endraw %}'", line);
  }

  /** The inside of {@code {{ }}} or {@code {% %}}: its end only counts outside brackets. */
  private void tag(Type begin, Type end) {
    add(begin, "");
    Deque<Character> open = new ArrayDeque<>();
    while (at < source.length()) {
      char c = source.charAt(at);
      if (open.isEmpty()) {
        boolean signed = c == '-' || c == '+' && end == Type.BLOCK_END;
        int close = signed ? at + 1 : at;
        if (source.startsWith(end.words, close)) {
          add(end, "");
          boolean keepsLineEnd = end == Type.PRINT_END && !signed;
          advance(keepsLineEnd ? close + 2 : afterTag(close + 2, signed ? c : 0));
          return;
        }
      }
      if (CharacterClasses.isSpace(c)) {
        advance(skipSpaces(at));
      } else if (isDigit(c)) {
        number();
      } else if (c == '_' || Character.isUnicodeIdentifierStart(source.codePointAt(at))) {
        name();
      } else if (c == '\'' || c == '"') {
        string(c);
      } else {
        operator(c, open);
      }
    }
  }

  private void name() {
    int end = at;
    while (end < source.length() && Character.isUnicodeIdentifierPart(source.codePointAt(end))
        && !Character.isIdentifierIgnorable(source.codePointAt(end))) {
      end += Character.charCount(source.codePointAt(end));
    }
    // One object per name: looking it up mostly compares by identity.
    add(Type.NAME, source.substring(at, end).intern());
    advance(end);
  }

  private void number() {
    NumberScanner.Result number = NumberScanner.scan(source, at);
    tokens.add(new Token(Type.NUMBER, "", number.value(), line));
    advance(number.end());
  }

  private void string(char quote) {
    int end = at + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw JinjaException.syntax("a string that begins with " + quote + " is never closed", line);
    }
    add(Type.STRING, Escapes.decode(source.substring(at + 1, end), line));
    advance(end + 1);
  }

  private void operator(char c, Deque<Character> open) {
    String two = source.substring(at, Math.min(at + 2, source.length()));
    String operator = switch (two) {
      case "//", "**", "==", "!=", ">=", "<=" -> two;
      default -> String.valueOf(c);
    };
    if (operator.length() == 1 && "+-/*%~[](){}><=.:|,;".indexOf(c) < 0) {
      throw JinjaException.syntax("unexpected character " + PythonText.quote(Character.toString(source.codePointAt(at))),
          line);
    }
    switch (c) {
      case '(' -> open.push(')');
      case '[' -> open.push(']');
      case '{' -> open.push('}');
      case ')', ']', '}' -> {
        if (open.isEmpty() || open.pop() != c) {
          throw JinjaException.syntax("unexpected '" + c + "'", line);
        }
      }
      default -> { }
    }
    add(Type.OPERATOR, operator);
    advance(at + operator.length());
  }

  private void add(Type type, String text) {
    tokens.add(new Token(type, text, null, line));
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
