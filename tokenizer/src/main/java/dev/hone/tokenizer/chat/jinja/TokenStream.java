package dev.hone.tokenizer.chat.jinja;

import dev.hone.tokenizer.chat.jinja.Token.Type;
import java.util.List;

/** The tokens of a template with a position in them; the parsers of statements and of expressions share one. */
final class TokenStream {
  private final List<Token> tokens;
  private int next;
  private int depth;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(next);
  }

  Token peekSecond() {
    return tokens.get(Math.min(next + 1, tokens.size() - 1));
  }

  Token take() {
    Token token = peek();
    if (!token.is(Type.END)) {
      next++;
    }
    return token;
  }

  boolean takeOperator(String operator) {
    if (peek().isOperator(operator)) {
      next++;
      return true;
    }
    return false;
  }

  boolean takeName(String name) {
    if (peek().isName(name)) {
      next++;
      return true;
    }
    return false;
  }

  Token expect(Type type) {
    if (!peek().is(type)) {
      throw unexpected(type == Type.NAME ? type.words : "'" + type.words + "'");
    }
    return take();
  }

  void expectOperator(String operator) {
    if (!takeOperator(operator)) {
      throw unexpected("'" + operator + "'");
    }
  }

  void expectName(String name) {
    if (!takeName(name)) {
      throw unexpected("'" + name + "'");
    }
  }

  JinjaException unexpected(String wanted) {
    return JinjaException.syntax("expected " + wanted + ", found " + peek().describe(), peek().line());
  }

  /** Bounds how deep the parsers recurse, whatever the template nests. */
  void enter() {
    if (++depth > Limits.SOURCE_DEPTH) {
      throw JinjaException.limit("the template nests more than " + Limits.SOURCE_DEPTH + " levels")
          .atLine(peek().line());
    }
  }

  void leave() {
    depth--;
  }
}
