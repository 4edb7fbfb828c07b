package dev.hone.tokenizer.chat.jinja;

import dev.hone.tokenizer.chat.jinja.Expression.CallArguments;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Evaluates expressions to values. */
final class ExpressionEvaluator {
  private final Rendering rendering;
  private final Budget budget;

  ExpressionEvaluator(Rendering rendering) {
    this.rendering = rendering;
    this.budget = rendering.budget();
  }

  Object evaluate(Expression expression, VariableScope scope) {
    budget.step();
    return switch (expression) {
      case Expression.Literal(Object value) -> value;
      case Expression.Name(String name) -> {
        Object value = scope.find(name);
        yield value != null ? value : Undefined.name(name);
      }
      default -> {
        budget.enter();
        Object value = composite(expression, scope);
        budget.leave();
        yield value;
      }
    };
  }

  private Object composite(Expression expression, VariableScope scope) {
    return switch (expression) {
      case Expression.Attribute attribute -> attribute(attribute, scope);
      case Expression.Item item -> item(item, scope);
      case Expression.Binary binary -> binary(binary, scope);
      case Expression.Comparisons comparisons -> comparisons(comparisons, scope);
      case Expression.And(Expression left, Expression right) -> {
        Object value = evaluate(left, scope);
        yield Values.truth(value) ? evaluate(right, scope) : value;
      }
      case Expression.Or(Expression left, Expression right) -> {
        Object value = evaluate(left, scope);
        yield Values.truth(value) ? value : evaluate(right, scope);
      }
      case Expression.Not(Expression operand) -> !Values.truth(evaluate(operand, scope));
      case Expression.Tested tested -> test(tested, scope);
      case Expression.Filtered filtered -> filter(filtered, evaluate(filtered.value(), scope), scope);
      case Expression.Call call -> call(call, scope);
      case Expression.Conditional conditional -> conditional(conditional, scope);
      case Expression.Concatenation concatenation -> concatenation(concatenation, scope);
      case Expression.Slice slice -> slice(slice, scope);
      case Expression.Unary unary -> unary(unary, scope);
      case Expression.ListDisplay(List<Expression> items) -> all(items, scope);
      case Expression.TupleDisplay(List<Expression> items) -> new Tuple(all(items, scope));
      case Expression.DictDisplay dict -> dict(dict, scope);
      case Expression.Literal _, Expression.Name _ -> throw new IllegalStateException("evaluated before");
    };
  }

  /**
   * The value of an expression that is to become an attribute of a namespace. Where it begins with that attribute, as in
   * {@code ns.text + a ~ b}, the text there grows instead of being copied: a template may append a whole conversation so.
   *
   * @return the value, or a {@link GrowingText}
   */
  Object appended(Expression expression, String namespace, String attribute, VariableScope scope) {
    return switch (expression) {
      case Expression.Attribute(Expression.Name(String name), String field, int _)
          when name.equals(namespace) && field.equals(attribute) && scope.find(name) instanceof Namespace owner
          && owner.growing(attribute, budget) instanceof GrowingText growing -> {
        budget.step();
        yield growing;
      }
      case Expression.Binary(Expression.Operator operator, Expression left, Expression right, int line)
          when operator == Expression.Operator.ADD -> {
        budget.step();
        budget.enter();
        Object start = appended(left, namespace, attribute, scope);
        Object added = evaluate(right, scope);
        rendering.at(line);
        Object sum = start instanceof GrowingText growing && added instanceof String s ? growing.append(s)
            : Arithmetic.add(GrowingText.plain(start), added, budget);
        budget.leave();
        yield sum;
      }
      case Expression.Concatenation(List<Expression> parts, int line) -> {
        budget.step();
        budget.enter();
        Object start = appended(parts.getFirst(), namespace, attribute, scope);
        rendering.at(line);
        GrowingText whole = start instanceof GrowingText growing ? growing
            : GrowingText.of(PythonText.str(start, budget), budget);
        for (Expression part : parts.subList(1, parts.size())) {
          Object value = evaluate(part, scope);
          rendering.at(line);
          whole = whole.append(PythonText.str(value, budget));
        }
        budget.leave();
        yield whole;
      }
      default -> evaluate(expression, scope);
    };
  }

  private Object attribute(Expression.Attribute attribute, VariableScope scope) {
    Object target = evaluate(attribute.target(), scope);
    rendering.at(attribute.line());
    return Subscript.attribute(target, attribute.name());
  }

  private Object item(Expression.Item item, VariableScope scope) {
    Object target = evaluate(item.target(), scope);
    Object key = evaluate(item.key(), scope);
    rendering.at(item.line());
    return Subscript.item(target, key, budget);
  }

  private Object slice(Expression.Slice slice, VariableScope scope) {
    Object target = evaluate(slice.target(), scope);
    Object start = slice.start() == null ? null : evaluate(slice.start(), scope);
    Object stop = slice.stop() == null ? null : evaluate(slice.stop(), scope);
    Object step = slice.step() == null ? null : evaluate(slice.step(), scope);
    rendering.at(slice.line());
    return Subscript.slice(target, start, stop, step, budget);
  }

  private Object unary(Expression.Unary unary, VariableScope scope) {
    Object operand = evaluate(unary.operand(), scope);
    rendering.at(unary.line());
    return unary.operator() == '-' ? Arithmetic.negate(operand, budget) : Arithmetic.plus(operand);
  }

  private Object binary(Expression.Binary binary, VariableScope scope) {
    Object left = evaluate(binary.left(), scope);
    Object right = evaluate(binary.right(), scope);
    rendering.at(binary.line());
    return switch (binary.operator()) {
      case ADD -> Arithmetic.add(left, right, budget);
      case SUBTRACT -> Arithmetic.subtract(left, right, budget);
      case MULTIPLY -> Arithmetic.multiply(left, right, budget);
      case DIVIDE -> Arithmetic.divide(left, right);
      case FLOOR_DIVIDE -> Arithmetic.floorDivide(left, right, budget);
      case MODULO -> Arithmetic.modulo(left, right, budget);
      case POWER -> Arithmetic.power(left, right, budget);
    };
  }

  private Object concatenation(Expression.Concatenation concatenation, VariableScope scope) {
    StringBuilder out = new StringBuilder();
    for (Expression part : concatenation.parts()) {
      Object value = evaluate(part, scope);
      rendering.at(concatenation.line());
      StringMethods.append(PythonText.str(value, budget), "", out, budget);
    }
    return out.toString();
  }

  private Object comparisons(Expression.Comparisons comparisons, VariableScope scope) {
    Object left = evaluate(comparisons.first(), scope);
    for (int i = 0; i < comparisons.operators().size(); i++) {
      Object right = evaluate(comparisons.rest().get(i), scope);
      rendering.at(comparisons.line());
      if (!compare(left, comparisons.operators().get(i), right)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private boolean compare(Object left, String operator, Object right) {
    return switch (operator) {
      case "==" -> PythonComparison.equal(left, right, budget);
      case "!=" -> !PythonComparison.equal(left, right, budget);
      case "in" -> PythonComparison.contains(right, left, budget);
      case "not in" -> !PythonComparison.contains(right, left, budget);
      default -> PythonComparison.ordered(left, right, operator, budget);
    };
  }

  private Object conditional(Expression.Conditional conditional, VariableScope scope) {
    if (Values.truth(evaluate(conditional.condition(), scope))) {
      return evaluate(conditional.then(), scope);
    }
    return conditional.otherwise() != null
        ? evaluate(conditional.otherwise(), scope)
        : Undefined.because("the inline if-expression on line " + conditional.line()
            + " evaluated to false and no else section was defined.");
  }

  private List<Object> all(List<Expression> expressions, VariableScope scope) {
    budget.object(expressions.size());
    List<Object> values = new ArrayList<>(expressions.size());
    for (Expression expression : expressions) {
      values.add(evaluate(expression, scope));
    }
    return values;
  }

  private Dict dict(Expression.DictDisplay display, VariableScope scope) {
    budget.object(4 * display.keys().size());
    Dict dict = new Dict();
    for (int i = 0; i < display.keys().size(); i++) {
      Object key = evaluate(display.keys().get(i), scope);
      Object value = evaluate(display.values().get(i), scope);
      rendering.at(display.line());
      dict.put(key, value, budget);
    }
    return dict;
  }

  private Object test(Expression.Tested tested, VariableScope scope) {
    Object value = evaluate(tested.value(), scope);
    GivenArguments arguments = arguments(tested.arguments(), scope);
    rendering.at(tested.line());
    return Tests.find(tested.name(), tested.line()).passes(value, arguments, rendering);
  }

  private Object filter(Expression.Filtered filtered, Object value, VariableScope scope) {
    GivenArguments arguments = arguments(filtered.arguments(), scope);
    rendering.at(filtered.line());
    budget.object(0);
    return Filters.find(filtered.name(), filtered.line()).apply(value, arguments, rendering);
  }

  /** Applies the filters of a block, whose innermost one takes the block's text. */
  Object filterBlock(Expression filters, String text, VariableScope scope) {
    Expression.Filtered filtered = (Expression.Filtered) filters;
    budget.enter();
    Object value = filtered.value() == null ? text : filterBlock(filtered.value(), text, scope);
    budget.leave();
    return filter(filtered, value, scope);
  }

  private Object call(Expression.Call call, VariableScope scope) {
    Object callee = evaluate(call.callee(), scope);
    GivenArguments arguments = arguments(call.arguments(), scope);
    rendering.at(call.line());
    return call(callee, arguments);
  }

  Object call(Object callee, GivenArguments arguments) {
    budget.object(0);
    return switch (callee) {
      case Callable callable -> callable.call(arguments, rendering);
      case Undefined undefined -> throw undefined.failure();
      default -> throw JinjaException.value("'" + Values.typeName(callee) + "' object is not callable");
    };
  }

  GivenArguments arguments(CallArguments given, VariableScope scope) {
    if (given == CallArguments.NONE) {
      return GivenArguments.NONE;
    }
    List<Object> positional = all(given.positional(), scope);
    if (given.spread() != null) {
      positional.addAll(Values.toList(evaluate(given.spread(), scope), budget));
    }
    if (given.names().isEmpty() && given.keywordSpread() == null) {
      return new GivenArguments(positional, Map.of());
    }
    Map<String, Object> keyword = new LinkedHashMap<>();
    for (int i = 0; i < given.names().size(); i++) {
      keyword.put(given.names().get(i), evaluate(given.named().get(i), scope));
    }
    if (given.keywordSpread() != null) {
      spread(evaluate(given.keywordSpread(), scope), keyword);
    }
    return new GivenArguments(positional, keyword);
  }

  private void spread(Object mapping, Map<String, Object> keyword) {
    if (!(mapping instanceof Dict dict)) {
      throw JinjaException.value("argument after ** must be a mapping, not " + Values.typeName(mapping));
    }
    Iterator<Object> keys = dict.keys().iterator();
    while (keys.hasNext()) {
      budget.step();
      if (!(keys.next() instanceof String name)) {
        throw JinjaException.value("keywords must be strings");
      }
      if (keyword.put(name, dict.get(name)) != null) {
        throw JinjaException.value("got multiple values for keyword argument '" + name + "'");
      }
    }
  }
}
