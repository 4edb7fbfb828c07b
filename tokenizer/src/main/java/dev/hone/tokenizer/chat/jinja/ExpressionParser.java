package dev.hone.tokenizer.chat.jinja;

import dev.hone.tokenizer.chat.jinja.Expression.CallArguments;
import dev.hone.tokenizer.chat.jinja.Expression.Operator;
import dev.hone.tokenizer.chat.jinja.Token.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Parses expressions by recursive descent, one method per level of precedence, loosest first: conditional, or, and,
 * not, comparison, sum, {@code ~}, product, power, sign, subscript and call, filter and test. That {@code ~} binds
 * tighter than {@code +}, and a filter tighter than a sign, is Jinja's order.
 */
final class ExpressionParser {
  private final TokenStream tokens;
  /** For every macro being parsed, which names its body has read so far. */
  private final Deque<Set<String>> namesRead = new ArrayDeque<>();

  /**
   * Filters and tests that do not exist. As in Jinja they are errors of the template, but inside an {@code if}, where it may ask
   * first whether there is one, they only fail when they are reached.
   */
  private final List<JinjaException> unknown = new ArrayList<>();

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  /** How many unknown filters and tests there are so far: for {@link #forgive} and {@link #refuse}. */
  int unknown() {
    return unknown.size();
  }

  /** Leaves those found since to the rendering. */
  void forgive(int since) {
    unknown.subList(since, unknown.size()).clear();
  }

  /** Fails if there were any since. */
  void refuse(int since) {
    if (unknown.size() > since) {
      throw unknown.get(since);
    }
  }

  private void check(Runnable lookup) {
    try {
      lookup.run();
    } catch (JinjaException e) {
      unknown.add(e);
    }
  }

  void beginMacro() {
    namesRead.push(new HashSet<>());
  }

  Set<String> endMacro() {
    Set<String> read = namesRead.pop();
    if (!namesRead.isEmpty()) {
      namesRead.peek().addAll(read);
    }
    return read;
  }

  Expression expression() {
    return nested(this::conditional);
  }

  /** Without {@code x if y}: the head of a loop keeps {@code if} for its filter. */
  Expression unconditional() {
    return nested(this::or);
  }

  /** One expression, or several with commas, which make a tuple. */
  Expression tuple(boolean withConditional, String endName) {
    List<Expression> items = new ArrayList<>();
    boolean comma = false;
    while (!endsTuple(endName)) {
      items.add(withConditional ? expression() : unconditional());
      if (!tokens.takeOperator(",")) {
        break;
      }
      comma = true;
    }
    if (items.isEmpty()) {
      throw tokens.unexpected("an expression");
    }
    return comma ? new Expression.TupleDisplay(items) : items.getFirst();
  }

  private boolean endsTuple(String endName) {
    Token token = tokens.peek();
    return token.is(Type.PRINT_END) || token.is(Type.BLOCK_END) || token.isOperator(")")
        || endName != null && token.isName(endName);
  }

  private <T> T nested(Supplier<T> inner) {
    tokens.enter();
    T result = inner.get();
    tokens.leave();
    return result;
  }

  private Expression conditional() {
    int unknown = unknown();
    Expression value = or();
    while (tokens.peek().isName("if")) {
      int line = tokens.take().line();
      Expression condition = or();
      Expression otherwise = tokens.takeName("else") ? nested(this::conditional) : null;
      value = new Expression.Conditional(condition, value, otherwise, line);
      forgive(unknown);
    }
    return value;
  }

  private Expression or() {
    Expression left = and();
    while (tokens.takeName("or")) {
      left = new Expression.Or(left, and());
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.takeName("and")) {
      left = new Expression.And(left, not());
    }
    return left;
  }

  private Expression not() {
    return tokens.takeName("not") ? new Expression.Not(nested(this::not)) : comparison();
  }

  private Expression comparison() {
    Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Expression> rest = new ArrayList<>();
    int line = tokens.peek().line();
    for (String operator = comparator(); operator != null; operator = comparator()) {
      operators.add(operator);
      rest.add(sum());
    }
    return rest.isEmpty() ? first : new Expression.Comparisons(first, operators, rest, line);
  }

  /** Takes a comparison operator, if there is one. */
  private String comparator() {
    Token token = tokens.peek();
    if (token.is(Type.OPERATOR)) {
      return switch (token.text()) {
        case "==", "!=", "<", "<=", ">", ">=" -> tokens.take().text();
        default -> null;
      };
    }
    if (tokens.takeName("in")) {
      return "in";
    }
    if (token.isName("not") && tokens.peekSecond().isName("in")) {
      tokens.take();
      tokens.take();
      return "not in";
    }
    return null;
  }

  private Expression sum() {
    return leftToRight(this::concatenation, "+", "-");
  }

  private Expression concatenation() {
    Expression first = product();
    if (!tokens.peek().isOperator("~")) {
      return first;
    }
    int line = tokens.peek().line();
    List<Expression> parts = new ArrayList<>(List.of(first));
    while (tokens.takeOperator("~")) {
      parts.add(product());
    }
    return new Expression.Concatenation(parts, line);
  }

  private Expression product() {
    return leftToRight(this::power, "*", "/", "//", "%");
  }

  /** Jinja's power groups to the left, unlike Python's. */
  private Expression power() {
    return leftToRight(() -> signed(true), "**");
  }

  private Expression leftToRight(Supplier<Expression> operand, String... operators) {
    Expression left = operand.get();
    while (true) {
      Token token = tokens.peek();
      if (!token.is(Type.OPERATOR) || !List.of(operators).contains(token.text())) {
        return left;
      }
      tokens.take();
      left = new Expression.Binary(Operator.of(token.text()), left, operand.get(), token.line());
    }
  }

  private Expression signed(boolean withFilters) {
    Token token = tokens.peek();
    Expression value;
    if (token.isOperator("-") || token.isOperator("+")) {
      tokens.take();
      value = new Expression.Unary(token.text().charAt(0), nested(() -> signed(false)), token.line());
    } else {
      value = primary();
    }
    value = subscripts(value);
    return withFilters ? filters(value) : value;
  }

  private Expression primary() {
    Token token = tokens.take();
    return switch (token.type()) {
      case NAME -> name(token);
      case NUMBER -> new Expression.Literal(token.number());
      case STRING -> {
        if (!tokens.peek().is(Type.STRING)) {
          yield new Expression.Literal(token.text());
        }
        StringBuilder joined = new StringBuilder(token.text());
        while (tokens.peek().is(Type.STRING)) {
          joined.append(tokens.take().text());
        }
        yield new Expression.Literal(joined.toString());
      }
      case OPERATOR -> switch (token.text()) {
        case "(" -> parenthesised();
        case "[" -> new Expression.ListDisplay(listItems());
        case "{" -> dict(token.line());
        default -> throw JinjaException.syntax("expected an expression, found " + token.describe(), token.line());
      };
      default -> throw JinjaException.syntax("expected an expression, found " + token.describe(), token.line());
    };
  }

  private Expression name(Token token) {
    switch (token.text()) {
      case "true", "True" -> {
        return new Expression.Literal(true);
      }
      case "false", "False" -> {
        return new Expression.Literal(false);
      }
      case "none", "None" -> {
        return new Expression.Literal(None.NONE);
      }
      default -> {
        if (!namesRead.isEmpty()) {
          namesRead.peek().add(token.text());
        }
        return new Expression.Name(token.text());
      }
    }
  }

  private Expression parenthesised() {
    if (tokens.takeOperator(")")) {
      return new Expression.TupleDisplay(List.of());
    }
    Expression inner = tuple(true, null);
    tokens.expectOperator(")");
    return inner;
  }

  private List<Expression> listItems() {
    List<Expression> items = new ArrayList<>();
    while (!tokens.takeOperator("]")) {
      if (!items.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.takeOperator("]")) {
          break;
        }
      }
      items.add(expression());
    }
    return items;
  }

  private Expression dict(int line) {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.takeOperator("}")) {
      if (!keys.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.takeOperator("}")) {
          break;
        }
      }
      keys.add(expression());
      tokens.expectOperator(":");
      values.add(expression());
    }
    return new Expression.DictDisplay(keys, values, line);
  }

  private Expression subscripts(Expression start) {
    Expression value = start;
    while (true) {
      Token token = tokens.peek();
      if (token.isOperator(".")) {
        tokens.take();
        value = member(value, token.line());
      } else if (token.isOperator("[")) {
        tokens.take();
        value = subscript(value, token.line());
      } else if (token.isOperator("(")) {
        value = new Expression.Call(value, arguments(), token.line());
      } else {
        return value;
      }
    }
  }

  private Expression member(Expression value, int line) {
    Token token = tokens.take();
    if (token.is(Type.NUMBER) && token.number() instanceof Long) {
      return new Expression.Item(value, new Expression.Literal(token.number()), line);
    }
    if (!token.is(Type.NAME)) {
      throw JinjaException.syntax("expected a name or number after '.', found " + token.describe(), token.line());
    }
    return new Expression.Attribute(value, token.text(), line);
  }

  private Expression subscript(Expression value, int line) {
    List<Expression> keys = new ArrayList<>();
    do {
      Expression start = tokens.peek().isOperator(":") ? null : expression();
      if (tokens.takeOperator(":")) {
        Expression stop = bound();
        Expression step = tokens.takeOperator(":") ? bound() : null;
        tokens.expectOperator("]");
        if (!keys.isEmpty()) {
          throw JinjaException.syntax("a slice cannot be one of several subscripts", line);
        }
        return new Expression.Slice(value, start, stop, step, line);
      }
      keys.add(start);
    } while (tokens.takeOperator(","));
    tokens.expectOperator("]");
    return new Expression.Item(value, keys.size() == 1 ? keys.getFirst() : new Expression.TupleDisplay(keys), line);
  }

  private Expression bound() {
    return tokens.peek().isOperator(":") || tokens.peek().isOperator("]") ? null : expression();
  }

  private Expression filters(Expression start) {
    Expression value = start;
    while (true) {
      Token token = tokens.peek();
      if (token.isOperator("|")) {
        tokens.take();
        value = filter(value);
      } else if (token.isName("is")) {
        tokens.take();
        value = test(value);
      } else if (token.isOperator("(")) {
        value = new Expression.Call(value, arguments(), token.line());
      } else {
        return value;
      }
    }
  }

  /** The filter after {@code |}, applied to {@code value}. */
  Expression filter(Expression value) {
    Token name = tokens.expect(Type.NAME);
    String filter = dotted(name.text());
    if (!Filters.isKnown(filter)) {
      check(() -> Filters.find(filter, name.line()));
    }
    return new Expression.Filtered(value, filter, optionalArguments(), name.line());
  }

  private CallArguments optionalArguments() {
    return tokens.peek().isOperator("(") ? arguments() : CallArguments.NONE;
  }

  private String dotted(String first) {
    StringBuilder name = new StringBuilder(first);
    while (tokens.takeOperator(".")) {
      name.append('.').append(tokens.expect(Type.NAME).text());
    }
    return name.toString();
  }

  private Expression test(Expression value) {
    boolean negated = tokens.takeName("not");
    Token name = tokens.expect(Type.NAME);
    String test = dotted(name.text());
    check(() -> Tests.find(test, name.line()));
    CallArguments arguments = optionalArguments();
    if (arguments == CallArguments.NONE && beginsTestArgument(tokens.peek())) {
      Expression argument = subscripts(primary());
      arguments = new CallArguments(List.of(argument), List.of(), List.of(), null, null);
    }
    Expression tested = new Expression.Tested(value, test, arguments, name.line());
    return negated ? new Expression.Not(tested) : tested;
  }

  /** {@code x is divisibleby 3} needs no parentheses; {@code x is none and y} is no argument. */
  private static boolean beginsTestArgument(Token token) {
    if (token.isName("is")) {
      throw JinjaException.syntax("tests cannot be chained with 'is'", token.line());
    }
    return switch (token.type()) {
      case NAME -> !token.isName("else") && !token.isName("or") && !token.isName("and") && !token.isName("if")
          && !token.isName("in") && !token.isName("not") && !token.isName("recursive");
      case STRING, NUMBER -> true;
      case OPERATOR -> token.text().equals("[") || token.text().equals("{");
      default -> false;
    };
  }

  CallArguments arguments() {
    int line = tokens.peek().line();
    tokens.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<Expression> named = new ArrayList<>();
    Expression spread = null;
    Expression keywordSpread = null;
    boolean first = true;
    while (!tokens.takeOperator(")")) {
      if (!first) {
        tokens.expectOperator(",");
        if (tokens.takeOperator(")")) {
          break;
        }
      }
      first = false;
      boolean misplaced;
      if (tokens.takeOperator("*")) {
        misplaced = spread != null || keywordSpread != null;
        spread = expression();
      } else if (tokens.takeOperator("**")) {
        misplaced = keywordSpread != null;
        keywordSpread = expression();
      } else if (tokens.peek().is(Type.NAME) && tokens.peekSecond().isOperator("=")) {
        misplaced = keywordSpread != null || names.contains(tokens.peek().text());
        names.add(tokens.take().text());
        tokens.take();
        named.add(expression());
      } else {
        misplaced = spread != null || keywordSpread != null || !names.isEmpty();
        positional.add(expression());
      }
      if (misplaced) {
        throw JinjaException.syntax("arguments of a call are out of order, or one is given twice", line);
      }
    }
    return new CallArguments(positional, names, named, spread, keywordSpread);
  }
}
