package dev.hone.tokenizer.chat.jinja;

import java.util.List;

/** An expression of a template. Those that may fail carry the line they stand in. */
sealed interface Expression {
  record Literal(Object value) implements Expression {}

  record Name(String name) implements Expression {}

  record ListDisplay(List<Expression> items) implements Expression {}

  record TupleDisplay(List<Expression> items) implements Expression {}

  record DictDisplay(List<Expression> keys, List<Expression> values, int line) implements Expression {}

  /** {@code target.name}. */
  record Attribute(Expression target, String name, int line) implements Expression {}

  /** {@code target[key]}. */
  record Item(Expression target, Expression key, int line) implements Expression {}

  /** {@code target[start:stop:step]}; a bound that was left out is null. */
  record Slice(Expression target, Expression start, Expression stop, Expression step, int line)
      implements Expression {}

  record Call(Expression callee, CallArguments arguments, int line) implements Expression {}

  /** {@code value | name(arguments)}; the value is null for the head of a filter block. */
  record Filtered(Expression value, String name, CallArguments arguments, int line) implements Expression {}

  /** {@code value is name(arguments)}. */
  record Tested(Expression value, String name, CallArguments arguments, int line) implements Expression {}

  record Unary(char operator, Expression operand, int line) implements Expression {}

  record Binary(Operator operator, Expression left, Expression right, int line) implements Expression {}

  /** {@code a ~ b ~ c}: the parts as text, one after the other. */
  record Concatenation(List<Expression> parts, int line) implements Expression {}

  /** {@code a < b < c}: every operand is evaluated at most once. */
  record Comparisons(Expression first, List<String> operators, List<Expression> rest, int line)
      implements Expression {}

  record And(Expression left, Expression right) implements Expression {}

  record Or(Expression left, Expression right) implements Expression {}

  record Not(Expression operand) implements Expression {}

  /** {@code then if condition else otherwise}; without an else, {@code otherwise} is null. */
  record Conditional(Expression condition, Expression then, Expression otherwise, int line) implements Expression {}

  /** What stands between the parentheses of a call; {@code *spread} and {@code **keywordSpread} may be null. */
  record CallArguments(List<Expression> positional, List<String> names, List<Expression> named, Expression spread,
      Expression keywordSpread) {
    static final CallArguments NONE = new CallArguments(List.of(), List.of(), List.of(), null, null);
  }

  /** The arithmetic operators of two operands. */
  enum Operator {
    ADD("+"),
    SUBTRACT("-"),
    MULTIPLY("*"),
    DIVIDE("/"),
    FLOOR_DIVIDE("//"),
    MODULO("%"),
    POWER("**");

    final String symbol;

    Operator(String symbol) {
      this.symbol = symbol;
    }

    static Operator of(String symbol) {
      for (Operator operator : values()) {
        if (operator.symbol.equals(symbol)) {
          return operator;
        }
      }
      throw new IllegalArgumentException("no operator " + symbol);
    }
  }
}
