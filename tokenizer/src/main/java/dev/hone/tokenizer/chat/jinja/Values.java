package dev.hone.tokenizer.chat.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/** What every Python value can be asked: its type, its truth, its length, its elements. */
final class Values {
  private Values() {}

  static String typeName(Object value) {
    return switch (value) {
      case None _ -> "NoneType";
      case Boolean _ -> "bool";
      case Long _ -> "int";
      case BigInteger _ -> "int";
      case Double _ -> "float";
      case String _ -> "str";
      case SafeText _ -> "Markup";
      case PythonRange _ -> "range";
      case List<?> _ -> "list";
      case Tuple _ -> "tuple";
      case Dict _ -> "dict";
      case DictView view -> view.kind().typeName;
      case PythonGenerator _ -> "generator";
      case Undefined _ -> "Undefined";
      case Namespace _ -> "Namespace";
      case LoopVariable _ -> "LoopContext";
      case Macro _ -> "Macro";
      case BoundMethod _ -> "builtin_function_or_method";
      case Cycler _ -> "Cycler";
      case Joiner _ -> "Joiner";
      default -> "function";
    };
  }

  /** The type as Jinja names it in messages about missing attributes: with its module unless built in. */
  static String qualifiedTypeName(Object value) {
    String name = typeName(value);
    return switch (value) {
      case SafeText _ -> "markupsafe." + name;
      case Namespace _, Cycler _, Joiner _ -> "jinja2.utils." + name;
      case LoopVariable _, Macro _ -> "jinja2.runtime." + name;
      default -> name;
    };
  }

  static boolean truth(Object value) {
    return switch (value) {
      case Boolean b -> b;
      case None _, Undefined _ -> false;
      case String s -> !s.isEmpty();
      case SafeText(String text) -> !text.isEmpty();
      case Long l -> l != 0;
      case Double d -> d != 0;
      case List<?> list -> !list.isEmpty();
      case Tuple(List<Object> items) -> !items.isEmpty();
      case Dict dict -> dict.size() > 0;
      case DictView view -> view.dict().size() > 0;
      default -> true;
    };
  }

  /** {@return the text of a str, or null for any other value, or none} */
  static String text(Object value) {
    return switch (value) {
      case String s -> s;
      case SafeText(String text) -> text;
      case null, default -> null;
    };
  }

  /** {@return the number of elements, or -1 for a value without a length} */
  static int lengthOrMinusOne(Object value, Budget budget) {
    return switch (value) {
      case String s -> {
        budget.scan(s.length());
        yield CodePoints.length(s);
      }
      case SafeText(String text) -> lengthOrMinusOne(text, budget);
      case List<?> list -> list.size();
      case Tuple(List<Object> items) -> items.size();
      case Dict dict -> dict.size();
      case DictView view -> view.dict().size();
      case Undefined _ -> 0;
      case LoopVariable loop -> loop.length();
      default -> -1;
    };
  }

  static int length(Object value, Budget budget) {
    int length = lengthOrMinusOne(value, budget);
    if (length < 0) {
      throw JinjaException.value("object of type '" + typeName(value) + "' has no len()");
    }
    return length;
  }

  static boolean isIterable(Object value) {
    return switch (value) {
      case String _, SafeText _, List<?> _, Tuple _, Dict _, DictView _ -> true;
      case PythonGenerator _, Undefined _, LoopVariable _ -> true;
      default -> false;
    };
  }

  /** Iterates as Python's {@code for} does: a str over its characters, a dict over its keys. */
  @SuppressWarnings("unchecked")
  static Iterator<Object> iterate(Object value) {
    return switch (value) {
      case List<?> list -> ((List<Object>) list).iterator();
      case Tuple(List<Object> items) -> items.iterator();
      case String s -> CodePoints.iterate(s);
      case SafeText(String text) -> CodePoints.iterate(text);
      case Dict dict -> dict.keys().iterator();
      case DictView view -> view.elements().iterator();
      case PythonGenerator(Iterator<Object> items) -> items;
      case Undefined _ -> Collections.emptyIterator();
      default -> throw JinjaException.value("'" + typeName(value) + "' object is not iterable");
    };
  }

  /** All elements in a new list. */
  static List<Object> toList(Object value, Budget budget) {
    int known = value instanceof PythonGenerator ? 0 : Math.max(0, lengthOrMinusOne(value, budget));
    budget.items(known);
    List<Object> list = new ArrayList<>(known);
    Iterator<Object> items = iterate(value);
    while (items.hasNext()) {
      budget.step();
      list.add(items.next());
    }
    return list;
  }

  /** {@return a bool, int or float as a number, or null for any other value} */
  static Number number(Object value) {
    return switch (value) {
      case Long l -> l;
      case Double d -> d;
      case Boolean b -> b ? 1L : 0L;
      case BigInteger big -> big;
      default -> null;
    };
  }

  /** An int as {@code Long} where it fits. */
  static Object integer(BigInteger value) {
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  /** An int argument; far too large ones are cut to the range of int, which no length reaches. */
  static int index(Object value, String what) {
    return switch (number(value)) {
      case Long l -> Math.clamp(l, Integer.MIN_VALUE, Integer.MAX_VALUE);
      case BigInteger big -> big.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
      case null, default -> throw JinjaException.value(what + " must be an integer, not " + typeName(value));
    };
  }
}
