package dev.hone.tokenizer.chat.jinja;

import static java.util.Map.entry;

import dev.hone.tokenizer.chat.jinja.Filters.Filter;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The filters that go through a sequence. Those that Jinja makes generators of are lazy here too: an element that fails
 * fails only when it is reached.
 */
final class SequenceFilters {
  static final Map<String, Filter> ALL = Map.ofEntries(
      entry("batch", SequenceFilters::batch),
      entry("first", SequenceFilters::first),
      entry("items", SequenceFilters::items),
      entry("join", SequenceFilters::join),
      entry("last", SequenceFilters::last),
      entry("list", SequenceFilters::list),
      entry("map", SequenceFilters::map),
      entry("reject", (v, a, r) -> select("reject", v, a, r, false, false)),
      entry("rejectattr", (v, a, r) -> select("rejectattr", v, a, r, false, true)),
      entry("reverse", SequenceFilters::reverse),
      entry("select", (v, a, r) -> select("select", v, a, r, true, false)),
      entry("selectattr", (v, a, r) -> select("selectattr", v, a, r, true, true)),
      entry("slice", SequenceFilters::slice),
      entry("sum", SequenceFilters::sum));

  private SequenceFilters() {}

  private static Object first(Object value, GivenArguments arguments, Rendering rendering) {
    arguments.none("first");
    Iterator<Object> items = Values.iterate(value);
    return items.hasNext() ? items.next() : Undefined.because("No first item, sequence was empty.");
  }

  private static Object last(Object value, GivenArguments arguments, Rendering rendering) {
    arguments.none("last");
    if (value instanceof PythonGenerator || !Values.isIterable(value)) {
      throw JinjaException.value("'" + Values.typeName(value) + "' object is not reversible");
    }
    List<Object> items = Values.toList(value, rendering.budget());
    return items.isEmpty() ? Undefined.because("No last item, sequence was empty.") : items.getLast();
  }

  private static Object list(Object value, GivenArguments arguments, Rendering rendering) {
    arguments.none("list");
    return Values.toList(value, rendering.budget());
  }

  private static Object items(Object value, GivenArguments arguments, Rendering rendering) {
    arguments.none("items");
    return PythonGenerator.lazy(() -> switch (value) {
      case Undefined _ -> List.of().iterator();
      case Dict dict -> {
        rendering.budget().items(dict.size());
        yield dict.items().iterator();
      }
      default -> throw JinjaException.value("Can only get item pairs from a mapping.");
    });
  }

  private static Object reverse(Object value, GivenArguments arguments, Rendering rendering) {
    arguments.none("reverse");
    Budget budget = rendering.budget();
    String text = Values.text(value);
    if (text != null) {
      return Subscript.slice(value, null, null, -1L, budget);
    }
    if (!Values.isIterable(value)) {
      throw JinjaException.value("argument must be iterable");
    }
    List<Object> reversed = Values.toList(value, budget).reversed();
    return value instanceof PythonGenerator || value instanceof Undefined ? reversed : new PythonGenerator(reversed.iterator());
  }

  private static Object join(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bind("join", "d", "attribute");
    Budget budget = rendering.budget();
    String separator = bound[0] == null ? "" : PythonText.str(bound[0], budget);
    List<Object> path = bound[1] == null || bound[1] == None.NONE ? List.of() : Filters.path(bound[1], budget);
    StringBuilder out = new StringBuilder();
    boolean first = true;
    for (Iterator<Object> items = Values.iterate(value); items.hasNext(); first = false) {
      Object item = Filters.follow(items.next(), path, null, budget);
      StringMethods.append(first ? "" : separator, PythonText.str(item, budget), out, budget);
    }
    return out.toString();
  }

  private static Object map(Object value, GivenArguments arguments, Rendering rendering) {
    return PythonGenerator.lazy(() -> Values.truth(value)
        ? mapped(Values.iterate(value), mapping(arguments, rendering), rendering)
        : List.of().iterator());
  }

  private static Iterator<Object> mapped(Iterator<Object> items, Function<Object, Object> function,
      Rendering rendering) {
    Budget budget = rendering.budget();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        budget.enter();   // generators feed on generators, as long a chain as a template likes
        boolean more = items.hasNext();
        budget.leave();
        return more;
      }

      @Override
      public Object next() {
        budget.step();
        budget.enter();
        Object item = function.apply(items.next());
        budget.leave();
        return item;
      }
    };
  }

  /** Either {@code map(attribute=..., default=...)} or {@code map('filter', arguments)}. */
  private static Function<Object, Object> mapping(GivenArguments arguments, Rendering rendering) {
    if (arguments.positional().isEmpty()) {
      Object[] bound = arguments.bind("map", "filter", "attribute", "default");
      if (bound[1] == null) {
        throw JinjaException.value("map requires a filter argument");
      }
      List<Object> path = Filters.path(bound[1], rendering.budget());
      return item -> Filters.follow(item, path, bound[2], rendering.budget());
    }
    String name = GivenArguments.text(arguments.positional().getFirst(), "the name of a filter");
    Filter filter = Filters.find(name, rendering.line());
    GivenArguments rest = arguments.skip(1);
    return item -> filter.apply(item, rest, rendering);
  }

  private static Object select(String name, Object value, GivenArguments arguments, Rendering rendering, boolean wanted,
      boolean byAttribute) {
    return PythonGenerator.lazy(() -> Values.truth(value)
        ? selection(name, value, arguments, rendering, wanted, byAttribute)
        : List.of().iterator());
  }

  private static Iterator<Object> selection(String name, Object value, GivenArguments arguments, Rendering rendering,
      boolean wanted, boolean byAttribute) {
    int used = byAttribute ? 1 : 0;
    List<Object> given = arguments.positional();
    if (given.size() < used) {
      throw JinjaException.value(name + ": missing parameter for attribute name");
    }
    List<Object> path = byAttribute ? Filters.path(given.getFirst(), rendering.budget()) : List.of();
    Predicate<Object> passes = Values::truth;
    if (given.size() > used) {
      Tests.Test test = Tests.find(GivenArguments.text(given.get(used), "the name of a test"), rendering.line());
      GivenArguments rest = arguments.skip(used + 1);
      passes = item -> test.passes(item, rest, rendering);
    }
    return selected(Values.iterate(value), path, passes, wanted, rendering.budget());
  }

  private static Iterator<Object> selected(Iterator<Object> items, List<Object> path, Predicate<Object> passes,
      boolean wanted, Budget budget) {
    return new Iterator<>() {
      private Object next;

      @Override
      public boolean hasNext() {
        budget.enter();
        while (next == null && items.hasNext()) {
          budget.step();
          Object item = items.next();
          if (passes.test(Filters.follow(item, path, null, budget)) == wanted) {
            next = item;
          }
        }
        budget.leave();
        return next != null;
      }

      @Override
      public Object next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        Object item = next;
        next = null;
        return item;
      }
    };
  }

  private static Object batch(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bindRequired("batch", 1, "linecount", "fill_with");
    return PythonGenerator.lazy(() -> rows(value, bound[0], bound[1], rendering.budget()));
  }

  private static Iterator<Object> rows(Object value, Object count, Object filler, Budget budget) {
    int size = Values.number(count) == null ? -1 : Values.index(count, "linecount");
    List<Object> rows = new ArrayList<>();
    List<Object> row = new ArrayList<>();
    for (Object item : Values.toList(value, budget)) {
      if (row.size() == size) {
        rows.add(row);
        row = new ArrayList<>();
      }
      row.add(item);
    }
    if (!row.isEmpty()) {
      fill(row, size, filler, budget);
      rows.add(row);
    }
    return rows.iterator();
  }

  private static void fill(List<Object> row, int size, Object filler, Budget budget) {
    if (filler != null && filler != None.NONE && row.size() < size) {
      budget.items(size - row.size());
      while (row.size() < size) {
        row.add(filler);
      }
    }
  }

  private static Object slice(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bindRequired("slice", 1, "slices", "fill_with");
    return PythonGenerator.lazy(() -> columns(value, bound[0], bound[1], rendering.budget()));
  }

  private static Iterator<Object> columns(Object value, Object count, Object filler, Budget budget) {
    int slices = Values.index(count, "slices");
    if (slices < 1) {
      throw JinjaException.value("slice: the number of slices must be at least 1, got " + slices);
    }
    List<Object> items = Values.toList(value, budget);
    budget.items(slices);
    int each = items.size() / slices;
    int longer = items.size() % slices;
    List<Object> columns = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < slices; i++) {
      int to = from + each + (i < longer ? 1 : 0);
      List<Object> column = new ArrayList<>(items.subList(from, to));
      if (i >= longer) {
        fill(column, column.size() + 1, filler, budget);
      }
      columns.add(column);
      from = to;
    }
    return columns.iterator();
  }

  private static Object sum(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bind("sum", "attribute", "start");
    Budget budget = rendering.budget();
    List<Object> path = bound[0] == null || bound[0] == None.NONE ? List.of() : Filters.path(bound[0], budget);
    Object sum = bound[1] == null ? (Object) 0L : bound[1];
    for (Iterator<Object> items = Values.iterate(value); items.hasNext(); ) {
      sum = Arithmetic.add(sum, Filters.follow(items.next(), path, null, budget), budget);
    }
    return sum;
  }
}
