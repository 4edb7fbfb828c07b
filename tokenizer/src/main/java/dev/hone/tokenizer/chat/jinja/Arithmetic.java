package dev.hone.tokenizer.chat.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Python's arithmetic operators, on numbers and on sequences. */
final class Arithmetic {
  private Arithmetic() {}

  static Object add(Object a, Object b, Budget budget) {
    if (a instanceof String x && b instanceof String y) {
      return concat(x, y, budget);
    }
    defined(a, b);
    if (Values.text(a) instanceof String x && Values.text(b) instanceof String y) {
      // One side at least is marked safe: the other is escaped, as markupsafe does.
      budget.charge((x.length() + (long) y.length()) >> 2);
      String left = a instanceof SafeText ? x : SafeText.escape(x);
      String right = b instanceof SafeText ? y : SafeText.escape(y);
      return new SafeText(concat(left, right, budget));
    }
    if (Values.number(a) instanceof Number x && Values.number(b) instanceof Number y) {
      return addNumbers(x, y, budget);
    }
    if (isList(a) && isList(b)) {
      return joined((List<?>) a, (List<?>) b, budget);
    }
    if (a instanceof Tuple(List<Object> x) && b instanceof Tuple(List<Object> y)) {
      return new Tuple(joined(x, y, budget));
    }
    String type = Values.typeName(a);
    throw Values.text(a) != null || isList(a) || a instanceof Tuple
        ? JinjaException.value("can only concatenate " + type + " (not \"" + Values.typeName(b) + "\") to " + type)
        : unsupported("+", a, b);
  }

  static Object subtract(Object a, Object b, Budget budget) {
    defined(a, b);
    if (Values.number(a) instanceof Number x && Values.number(b) instanceof Number y) {
      return x instanceof Double || y instanceof Double
          ? (Object) (x.doubleValue() - y.doubleValue())
          : bounded(big(x).subtract(big(y)), budget);
    }
    throw unsupported("-", a, b);
  }

  static Object multiply(Object a, Object b, Budget budget) {
    defined(a, b);
    Number x = Values.number(a);
    Number y = Values.number(b);
    if (x != null && y != null) {
      if (x instanceof Double || y instanceof Double) {
        return x.doubleValue() * y.doubleValue();
      }
      BigInteger left = big(x);
      BigInteger right = big(y);
      limitBits((long) left.bitLength() + right.bitLength());
      return bounded(left.multiply(right), budget);
    }
    Object sequence = x == null ? a : b;
    Object times = x == null ? b : a;
    if (Values.text(sequence) == null && !isList(sequence) && !(sequence instanceof Tuple)) {
      throw unsupported("*", a, b);
    }
    if (Values.number(times) == null || times instanceof Double) {
      throw JinjaException.value("can't multiply sequence by non-int of type '" + Values.typeName(times) + "'");
    }
    return repeat(sequence, Math.max(0, Values.index(times, "a repetition")), budget);
  }

  private static Object repeat(Object sequence, int times, Budget budget) {
    return switch (sequence) {
      case String s -> repeatText(s, times, budget);
      case SafeText(String text) -> new SafeText(repeatText(text, times, budget));
      case Tuple(List<Object> items) -> new Tuple(repeatItems(items, times, budget));
      default -> repeatItems((List<?>) sequence, times, budget);
    };
  }

  static String repeatText(String s, int times, Budget budget) {
    budget.chars((long) s.length() * times);
    return s.repeat(times);
  }

  private static List<Object> repeatItems(List<?> items, int times, Budget budget) {
    budget.items((long) items.size() * times);
    List<Object> out = new ArrayList<>(items.size() * times);
    for (int i = 0; i < times && !items.isEmpty(); i++) {
      out.addAll(items);
    }
    return out;
  }

  static Object divide(Object a, Object b) {
    defined(a, b);
    if (Values.number(a) instanceof Number x && Values.number(b) instanceof Number y) {
      if (y.doubleValue() == 0) {
        throw JinjaException.value(x instanceof Double || y instanceof Double
            ? "float division by zero" : "division by zero");
      }
      return x.doubleValue() / y.doubleValue();
    }
    throw unsupported("/", a, b);
  }

  static Object floorDivide(Object a, Object b, Budget budget) {
    defined(a, b);
    if (Values.number(a) instanceof Number x && Values.number(b) instanceof Number y) {
      if (x instanceof Double || y instanceof Double) {
        if (y.doubleValue() == 0) {
          throw JinjaException.value("float floor division by zero");
        }
        double quotient = (x.doubleValue() - floatModulo(x.doubleValue(), y.doubleValue())) / y.doubleValue();
        return Math.rint(quotient);
      }
      if (big(y).signum() == 0) {
        throw JinjaException.value("integer division or modulo by zero");
      }
      BigInteger[] parts = big(x).divideAndRemainder(big(y));
      boolean below = parts[1].signum() != 0 && parts[1].signum() != big(y).signum();
      return bounded(below ? parts[0].subtract(BigInteger.ONE) : parts[0], budget);
    }
    throw unsupported("//", a, b);
  }

  static Object modulo(Object a, Object b, Budget budget) {
    if (a instanceof Undefined u) {
      throw u.failure();
    }
    if (Values.text(a) instanceof String format) {
      String text = PercentFormat.format(format, b, a instanceof SafeText, budget);
      return a instanceof SafeText ? new SafeText(text) : text;
    }
    defined(a, b);
    if (Values.number(a) instanceof Number x && Values.number(b) instanceof Number y) {
      if (x instanceof Double || y instanceof Double) {
        if (y.doubleValue() == 0) {
          throw JinjaException.value("float modulo");
        }
        return floatModulo(x.doubleValue(), y.doubleValue());
      }
      if (x instanceof Long dividend && y instanceof Long divisor && divisor != 0) {
        return Math.floorMod(dividend, divisor);
      }
      if (big(y).signum() == 0) {
        throw JinjaException.value("integer modulo by zero");
      }
      BigInteger rest = big(x).remainder(big(y));
      return bounded(rest.signum() != 0 && rest.signum() != big(y).signum() ? rest.add(big(y)) : rest, budget);
    }
    throw unsupported("%", a, b);
  }

  /** The remainder takes the divisor's sign, as Python's does. */
  private static double floatModulo(double x, double y) {
    double rest = x % y;
    if (rest == 0) {
      return Math.copySign(0.0, y);
    }
    return rest < 0 != y < 0 ? rest + y : rest;
  }

  static Object power(Object a, Object b, Budget budget) {
    defined(a, b);
    if (Values.number(a) instanceof Number x && Values.number(b) instanceof Number y) {
      if (x instanceof Double || y instanceof Double || big(y).signum() < 0) {
        if (x.doubleValue() == 0 && y.doubleValue() < 0) {
          throw JinjaException.value("0.0 cannot be raised to a negative power");
        }
        return Math.pow(x.doubleValue(), y.doubleValue());
      }
      BigInteger base = big(x);
      int exponent = Values.index(y, "an exponent");
      int bits = base.abs().bitLength();
      if (bits > 1) {
        limitBits((bits - 1L) * exponent);
      }
      return bounded(bits > 1 ? base.pow(exponent) : small(base, exponent), budget);
    }
    throw unsupported("** or pow()", a, b);
  }

  /** 0, 1 or -1 to a power that may be huge. */
  private static BigInteger small(BigInteger base, int exponent) {
    if (exponent == 0) {
      return BigInteger.ONE;
    }
    return base.signum() < 0 && (exponent & 1) == 0 ? base.negate() : base;
  }

  static Object negate(Object a, Budget budget) {
    return switch (numeric(a, "-")) {
      case Double d -> -d;
      case Number n -> bounded(big(n).negate(), budget);
    };
  }

  static Object plus(Object a) {
    return numeric(a, "+");
  }

  private static Number numeric(Object a, String operator) {
    if (a instanceof Undefined u) {
      throw u.failure();
    }
    Number n = Values.number(a);
    if (n == null) {
      throw JinjaException.value("bad operand type for unary " + operator + ": '" + Values.typeName(a) + "'");
    }
    return n;
  }

  private static Object addNumbers(Number x, Number y, Budget budget) {
    if (x instanceof Long a && y instanceof Long b) {
      long sum = a + b;
      if (((a ^ sum) & (b ^ sum)) >= 0) {
        return sum;
      }
    }
    return x instanceof Double || y instanceof Double
        ? (Object) (x.doubleValue() + y.doubleValue())
        : bounded(big(x).add(big(y)), budget);
  }

  /** {@code int(x)} of a float. */
  static Object truncate(double d) {
    if (Double.isNaN(d) || Double.isInfinite(d)) {
      throw JinjaException.value("cannot convert float " + (Double.isNaN(d) ? "NaN" : "infinity") + " to integer");
    }
    return Values.integer(new BigDecimal(d).toBigInteger());
  }

  static BigInteger big(Number n) {
    return n instanceof BigInteger big ? big : BigInteger.valueOf(n.longValue());
  }

  private static Object bounded(BigInteger value, Budget budget) {
    limitBits(value.bitLength());
    budget.charge(value.bitLength() >> 6);
    budget.object(value.bitLength() >> 6);
    return Values.integer(value);
  }

  private static void limitBits(long bits) {
    if (bits > Limits.INT_BITS) {
      throw JinjaException.limit("an integer of more than " + Limits.INT_BITS + " bits");
    }
  }

  static String concat(String a, String b, Budget budget) {
    budget.chars((long) a.length() + b.length());
    return a.concat(b);
  }

  private static List<Object> joined(List<?> a, List<?> b, Budget budget) {
    budget.items((long) a.size() + b.size());
    List<Object> out = new ArrayList<>(a.size() + b.size());
    out.addAll(a);
    out.addAll(b);
    return out;
  }

  private static boolean isList(Object value) {
    return value instanceof List<?> && !(value instanceof PythonRange);
  }

  private static void defined(Object a, Object b) {
    if (a instanceof Undefined u) {
      throw u.failure();
    }
    if (b instanceof Undefined u) {
      throw u.failure();
    }
  }

  private static JinjaException unsupported(String operator, Object a, Object b) {
    return JinjaException.value("unsupported operand type(s) for " + operator + ": '" + Values.typeName(a) + "' and '"
        + Values.typeName(b) + "'");
  }
}
