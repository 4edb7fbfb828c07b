package dev.hone.tokenizer.chat.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;

/** Python's {@code ==}, ordering and {@code in}. */
final class PythonComparison {
  private PythonComparison() {}

  /** {@code ==}: never fails; values of unlike types differ, but {@code 1 == 1.0 == True}. */
  static boolean equal(Object a, Object b, Budget budget) {
    budget.step();
    String text = Values.text(a);
    if (text != null) {
      String other = Values.text(b);
      if (other == null || other.length() != text.length()) {
        return false;
      }
      budget.scan(text.length());
      return text.equals(other);
    }
    Number number = Values.number(a);
    if (number != null) {
      Number other = Values.number(b);
      return other != null && numbersEqual(number, other);
    }
    return switch (a) {
      case PythonRange left -> b instanceof PythonRange right && sequencesEqual(left, right, budget);
      case List<?> left -> b instanceof List<?> right && !(b instanceof PythonRange) && sequencesEqual(left, right, budget);
      case Tuple(List<Object> left) -> b instanceof Tuple(List<Object> right) && sequencesEqual(left, right, budget);
      case Dict left -> b instanceof Dict right && dictsEqual(left, right, budget);
      case Undefined _ -> b instanceof Undefined;
      default -> a == b;
    };
  }

  private static boolean numbersEqual(Number a, Number b) {
    if (a instanceof Long x && b instanceof Long y) {
      return x.longValue() == y.longValue();
    }
    double x = a.doubleValue();
    double y = b.doubleValue();
    return x == y && (Double.isInfinite(x) ? a instanceof Double == b instanceof Double : compareNumbers(a, b) == 0);
  }

  private static boolean sequencesEqual(List<?> a, List<?> b, Budget budget) {
    if (a.size() != b.size()) {
      return false;
    }
    budget.enter();
    boolean same = true;
    for (int i = 0; same && i < a.size(); i++) {
      same = a.get(i) == b.get(i) || equal(a.get(i), b.get(i), budget);
    }
    budget.leave();
    return same;
  }

  private static boolean dictsEqual(Dict a, Dict b, Budget budget) {
    if (a.size() != b.size()) {
      return false;
    }
    budget.enter();
    boolean same = true;
    Iterator<Object> keys = a.keys().iterator();
    while (same && keys.hasNext()) {
      Object key = keys.next();
      Object left = a.get(key, budget);
      Object right = b.get(key, budget);
      same = right != null && (left == right || equal(left, right, budget));
    }
    budget.leave();
    return same;
  }

  /** Orders two values for {@code operator}, which is only named in the error. Not-a-number is the caller's matter. */
  static int order(Object a, Object b, String operator, Budget budget) {
    budget.step();
    if (a instanceof Undefined u) {
      throw u.failure();
    }
    if (b instanceof Undefined u) {
      throw u.failure();
    }
    String text = Values.text(a);
    String otherText = Values.text(b);
    if (text != null && otherText != null) {
      budget.scan(Math.min(text.length(), otherText.length()));
      return CodePoints.compare(text, otherText);
    }
    Number number = Values.number(a);
    Number otherNumber = Values.number(b);
    if (number != null && otherNumber != null) {
      return compareNumbers(number, otherNumber);
    }
    if (a instanceof List<?> x && !(a instanceof PythonRange) && b instanceof List<?> y && !(b instanceof PythonRange)) {
      return orderSequences(x, y, operator, budget);
    }
    if (a instanceof Tuple(List<Object> x) && b instanceof Tuple(List<Object> y)) {
      return orderSequences(x, y, operator, budget);
    }
    throw JinjaException.value("'" + operator + "' not supported between instances of '" + Values.typeName(a)
        + "' and '" + Values.typeName(b) + "'");
  }

  private static int orderSequences(List<?> a, List<?> b, String operator, Budget budget) {
    budget.enter();
    int order = Integer.compare(a.size(), b.size());
    for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
      if (!equal(a.get(i), b.get(i), budget)) {
        order = order(a.get(i), b.get(i), operator, budget);
        break;
      }
    }
    budget.leave();
    return order;
  }

  static int compareNumbers(Number a, Number b) {
    if (a instanceof Long x && b instanceof Long y) {
      return Long.compare(x, y);
    }
    double x = a.doubleValue();
    double y = b.doubleValue();
    boolean exact = a instanceof Double && b instanceof Double || Double.isNaN(x) || Double.isNaN(y);
    if (exact || Double.isInfinite(x) || Double.isInfinite(y)) {
      return Double.compare(x, y);
    }
    return decimal(a).compareTo(decimal(b));
  }

  private static BigDecimal decimal(Number n) {
    return switch (n) {
      case BigInteger big -> new BigDecimal(big);
      case Long l -> BigDecimal.valueOf(l);
      default -> new BigDecimal(n.doubleValue());
    };
  }

  /** {@code a OPERATOR b} for one of {@code < <= > >=}. */
  static boolean ordered(Object a, Object b, String operator, Budget budget) {
    int order = order(a, b, operator, budget);
    if (a instanceof Double x && x.isNaN() || b instanceof Double y && y.isNaN()) {
      return false;
    }
    return switch (operator) {
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      default -> order >= 0;
    };
  }

  /** {@code item in container}. */
  static boolean contains(Object container, Object item, Budget budget) {
    budget.step();
    String text = Values.text(container);
    if (text != null) {
      String needle = Values.text(item);
      if (needle == null) {
        throw JinjaException.value("'in <string>' requires string as left operand, not " + Values.typeName(item));
      }
      budget.search(text.length(), needle.length());
      return CodePoints.indexOf(text, needle, 0) >= 0;
    }
    switch (container) {
      case Dict dict -> {
        return dict.get(item, budget) != null;
      }
      case DictView(DictView.Kind kind, Dict dict) when kind == DictView.Kind.KEYS -> {
        return dict.get(item, budget) != null;
      }
      default -> {
        if (!Values.isIterable(container)) {
          throw JinjaException.value("argument of type '" + Values.typeName(container) + "' is not iterable");
        }
      }
    }
    Iterator<Object> items = Values.iterate(container);
    while (items.hasNext()) {
      Object candidate = items.next();
      if (candidate == item || equal(candidate, item, budget)) {
        return true;
      }
    }
    return false;
  }
}
