package dev.hone.tokenizer.chat.jinja;

import java.util.ArrayList;
import java.util.List;

/** {@code a.b}, {@code a[b]} and {@code a[i:j:k]}. What does not exist is {@link Undefined}, not an error. */
final class Subscript {
  private Subscript() {}

  /** {@code a.name}: the Python attribute (a method) first, then the key; so {@code x.items} is the method. */
  static Object attribute(Object owner, String name) {
    if (owner instanceof Dict dict) {
      Object method = Methods.find(dict, name);
      Object value = method != null ? method : dict.get(name);
      return value != null ? value : Undefined.of(dict, name);
    }
    Object value = pythonAttribute(owner, name);
    return value != null ? value : Undefined.of(owner, name);
  }

  /** {@code a[key]}: the element first, then, for a str, the attribute. */
  static Object item(Object owner, Object key, Budget budget) {
    Object value = switch (owner) {
      case Undefined u -> throw u.failure();
      case Dict dict -> isHashable(key) ? dict.get(key, budget) : null;
      case List<?> list -> element(list, key);
      case Tuple(List<Object> items) -> element(items, key);
      case String s -> character(s, key, budget);
      case SafeText(String text) -> character(text, key, budget) instanceof String c ? new SafeText(c) : null;
      default -> null;
    };
    if (value == null && Values.text(key) instanceof String name) {
      value = pythonAttribute(owner, name);
    }
    return value != null ? value : Undefined.of(owner, key);
  }

  private static Object pythonAttribute(Object owner, String name) {
    return switch (owner) {
      case Undefined u -> throw u.failure();
      case LoopVariable loop -> loop.attribute(name);
      case Namespace namespace -> namespace.get(name);
      case Macro macro -> macro.attribute(name);
      case Cycler cycler -> cycler.attribute(name);
      case Tuple(List<Object> items) when items instanceof Group group && group.field(name) instanceof Object field ->
          field;
      default -> Methods.find(owner, name);
    };
  }

  private static boolean isHashable(Object key) {
    return !(key instanceof Dict) && (!(key instanceof List<?>) || key instanceof PythonRange);
  }

  private static Object element(List<?> list, Object key) {
    if (key instanceof Boolean b) {
      return element(list, b ? 1L : 0L);
    }
    if (!(key instanceof Long index)) {
      return null;
    }
    long at = index < 0 ? index + list.size() : index;
    return at >= 0 && at < list.size() ? list.get((int) at) : null;
  }

  private static Object character(String s, Object key, Budget budget) {
    if (key instanceof Boolean b) {
      return character(s, b ? 1L : 0L, budget);
    }
    if (!(key instanceof Long index)) {
      return null;
    }
    budget.scan(s.length());
    int length = CodePoints.length(s);
    long at = index < 0 ? index + length : index;
    return at >= 0 && at < length ? CodePoints.at(s, (int) at) : null;
  }

  /** {@code a[start:stop:step]}; a null bound is one that was left out. */
  static Object slice(Object owner, Object start, Object stop, Object step, Budget budget) {
    int length = switch (owner) {
      case Undefined u -> throw u.failure();
      case String _, SafeText _, List<?> _, Tuple _ -> Values.length(owner, budget);
      case Dict _ -> throw JinjaException.value("unhashable type: 'slice'");
      default -> throw JinjaException.value("'" + Values.typeName(owner) + "' object is not subscriptable");
    };
    int stride = bound(step, 1);
    if (stride == 0) {
      throw JinjaException.value("slice step cannot be zero");
    }
    boolean forward = stride > 0;
    int from = clip(start, forward ? 0 : length - 1, length, forward);
    int to = clip(stop, forward ? length : -1, length, forward);
    long span = forward ? (long) to - from : (long) from - to;
    int count = span <= 0 ? 0 : (int) ((span - 1) / Math.abs((long) stride) + 1);
    return switch (owner) {
      case String s -> text(s, from, stride, count, budget);
      case SafeText(String text) -> new SafeText(text(text, from, stride, count, budget));
      case Tuple(List<Object> items) -> new Tuple(elements(items, from, stride, count, budget));
      case PythonRange range -> range.slice(from, to, stride, count);
      default -> elements((List<?>) owner, from, stride, count, budget);
    };
  }

  private static int bound(Object value, int whenLeftOut) {
    if (value == null || value == None.NONE) {
      return whenLeftOut;
    }
    if (Values.number(value) == null || value instanceof Double) {
      throw JinjaException.value("slice indices must be integers or None or have an __index__ method");
    }
    return Values.index(value, "a slice index");
  }

  private static int clip(Object value, int whenLeftOut, int length, boolean forward) {
    if (value == null || value == None.NONE) {
      return whenLeftOut;
    }
    long at = bound(value, 0);
    if (at < 0) {
      at += length;
    }
    return forward ? Math.clamp(at, 0, length) : Math.clamp(at, -1, length - 1);
  }

  private static String text(String s, int from, int stride, int count, Budget budget) {
    budget.scan(s.length());
    budget.chars(count);
    if (stride == 1) {
      return CodePoints.slice(s, from, from + count);
    }
    int[] points = s.codePoints().toArray();
    StringBuilder out = new StringBuilder(count);
    for (int i = 0; i < count; i++) {
      out.appendCodePoint(points[from + i * stride]);
    }
    return out.toString();
  }

  private static List<Object> elements(List<?> list, int from, int stride, int count, Budget budget) {
    budget.items(count);
    List<Object> out = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      out.add(list.get(from + i * stride));
    }
    return out;
  }
}
