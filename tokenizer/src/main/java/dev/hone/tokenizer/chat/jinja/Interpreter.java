package dev.hone.tokenizer.chat.jinja;

import dev.hone.tokenizer.chat.jinja.Statement.MacroDefinition;
import dev.hone.tokenizer.chat.jinja.Statement.Target;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/** Runs the statements of a template and collects what they print. */
final class Interpreter {
  /** How a statement ended: normally, or on its way out of a loop. */
  private enum Outcome {
    DONE,
    BREAK,
    CONTINUE
  }

  private final Rendering rendering;
  private final Budget budget;
  private final ExpressionEvaluator evaluator;
  private final StringBuilder page = new StringBuilder();
  /** Where output goes: the page, or the text of the innermost macro, call, set or filter block. */
  private StringBuilder out = page;
  /** Start and end of each generation block, alternating, in UTF-16 units of the page. */
  private final List<Integer> generations = new ArrayList<>();
  private boolean inGeneration;

  Interpreter(Rendering rendering) {
    this.rendering = rendering;
    this.budget = rendering.budget();
    this.evaluator = new ExpressionEvaluator(rendering);
  }

  String run(List<Statement> body, VariableScope scope) {
    block(body, scope);
    return page.toString();
  }

  List<Integer> generations() {
    return generations;
  }

  Object evaluate(Expression expression, VariableScope scope) {
    return evaluator.evaluate(expression, scope);
  }

  /** The text that statements print. */
  String capture(List<Statement> body, VariableScope scope) {
    StringBuilder around = out;
    out = new StringBuilder();
    budget.enter();
    block(body, scope);
    budget.leave();
    String text = out.toString();
    out = around;
    return text;
  }

  private Outcome block(List<Statement> body, VariableScope scope) {
    for (int i = 0; i < body.size(); i++) {
      Outcome outcome = execute(body.get(i), scope);
      if (outcome != Outcome.DONE) {
        return outcome;
      }
    }
    return Outcome.DONE;
  }

  private Outcome execute(Statement statement, VariableScope scope) {
    budget.step();
    budget.enter();
    Outcome outcome = Outcome.DONE;
    switch (statement) {
      case Statement.Text(String text) -> write(text);
      case Statement.Print(Expression value, int line) -> {
        rendering.at(line);
        write(PythonText.str(evaluate(value, scope), budget));
      }
      case Statement.If conditional -> outcome = branch(conditional, scope);
      case Statement.For loop -> outcome = loop(loop, scope);
      case Statement.Set(Target target, Expression value, int line) -> {
        Object evaluated = target instanceof Target.Attribute(String name, String attribute)
            ? evaluator.appended(value, name, attribute, scope) : evaluate(value, scope);
        rendering.at(line);
        assign(target, evaluated, scope);
      }
      case Statement.SetBlock set -> outcome = setBlock(set, scope);
      case Statement.FilterBlock filter -> outcome = filterBlock(filter, scope);
      case Statement.With with -> outcome = with(with, scope);
      case Statement.DefineMacro(MacroDefinition macro) -> scope.set(macro.name(), new Macro(macro, scope, this));
      case Statement.CallBlock call -> callBlock(call, scope);
      case Statement.Generation(List<Statement> body) -> generation(body, scope);
      case Statement.Break _ -> outcome = Outcome.BREAK;
      case Statement.Continue _ -> outcome = Outcome.CONTINUE;
    }
    budget.leave();
    return outcome;
  }

  private void write(String text) {
    StringMethods.append(text, "", out, budget);
  }

  private Outcome branch(Statement.If conditional, VariableScope scope) {
    for (int i = 0; i < conditional.conditions().size(); i++) {
      if (Values.truth(evaluate(conditional.conditions().get(i), scope))) {
        return block(conditional.branches().get(i), scope);
      }
    }
    return block(conditional.otherwise(), scope);
  }

  private Outcome loop(Statement.For loop, VariableScope scope) {
    Object items = evaluate(loop.items(), scope);
    rendering.at(loop.line());
    return loop(loop, items, 0, scope);
  }

  /**
   * Runs a loop over {@code items}; break and continue end in it, but not those of its else branch. As in Jinja, that
   * branch also runs if no round reached its end.
   */
  private Outcome loop(Statement.For loop, Object items, int depth, VariableScope scope) {
    Iterator<Object> iterator = Values.iterate(items);
    LoopVariable variable = new LoopVariable(loop.filter() == null ? items : new PythonGenerator(iterator),
        loop.filter() == null ? iterator : filtered(loop, iterator, scope), depth,
        loop.recursive() ? inner -> recurse(loop, inner, depth + 1, scope) : null, budget);
    boolean finished = false;
    for (Object item = variable.advance(); item != null; item = variable.advance()) {
      VariableScope round = new VariableScope(scope);
      assign(loop.target(), item, round);
      round.set("loop", variable);
      Outcome outcome = block(loop.body(), round);
      if (outcome == Outcome.BREAK) {
        break;
      }
      finished |= outcome == Outcome.DONE;
      rendering.at(loop.line());
    }
    return finished ? Outcome.DONE : block(loop.otherwise(), new VariableScope(scope));
  }

  private String recurse(Statement.For loop, Object items, int depth, VariableScope scope) {
    StringBuilder around = out;
    out = new StringBuilder();
    budget.enter();
    loop(loop, items, depth, scope);
    budget.leave();
    String text = out.toString();
    out = around;
    return text;
  }

  /** The elements that pass a loop's {@code if}, which is asked as late as possible. */
  private Iterator<Object> filtered(Statement.For loop, Iterator<Object> items, VariableScope scope) {
    return new Iterator<>() {
      private Object next;

      @Override
      public boolean hasNext() {
        while (next == null && items.hasNext()) {
          Object item = items.next();
          VariableScope test = new VariableScope(scope);
          assign(loop.target(), item, test);
          if (Values.truth(evaluate(loop.filter(), test))) {
            next = item;
          }
        }
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

  private Outcome setBlock(Statement.SetBlock set, VariableScope scope) {
    StringBuilder around = out;
    out = new StringBuilder();
    Outcome outcome = block(set.body(), new VariableScope(scope));
    String text = out.toString();
    out = around;
    if (outcome == Outcome.DONE) {
      rendering.at(set.line());
      Object value = set.filters() == null ? text : evaluator.filterBlock(set.filters(), text, scope);
      assign(set.target(), value, scope);
    }
    return outcome;
  }

  private Outcome filterBlock(Statement.FilterBlock filter, VariableScope scope) {
    StringBuilder around = out;
    out = new StringBuilder();
    Outcome outcome = block(filter.body(), new VariableScope(scope));
    String text = out.toString();
    out = around;
    if (outcome == Outcome.DONE) {
      rendering.at(filter.line());
      write(PythonText.str(evaluator.filterBlock(filter.filters(), text, scope), budget));
    }
    return outcome;
  }

  private Outcome with(Statement.With with, VariableScope scope) {
    VariableScope inner = new VariableScope(scope);
    for (int i = 0; i < with.targets().size(); i++) {
      Object value = evaluate(with.values().get(i), scope);
      rendering.at(with.line());
      assign(with.targets().get(i), value, inner);
    }
    return block(with.body(), inner);
  }

  private void callBlock(Statement.CallBlock call, VariableScope scope) {
    Object callee = evaluate(call.callee(), scope);
    GivenArguments given = evaluator.arguments(call.arguments(), scope);
    Map<String, Object> keyword = new LinkedHashMap<>(given.keyword());
    keyword.put("caller", new Macro(call.caller(), scope, this));
    rendering.at(call.line());
    write(PythonText.str(evaluator.call(callee, new GivenArguments(given.positional(), keyword)), budget));
  }

  /** Notes where a generation block stands; one inside another is part of it. */
  private void generation(List<Statement> body, VariableScope scope) {
    if (inGeneration || out != page) {
      block(body, new VariableScope(scope));
      return;
    }
    inGeneration = true;
    int start = page.length();
    block(body, new VariableScope(scope));
    generations.add(start);
    generations.add(page.length());
    inGeneration = false;
  }

  private void assign(Target target, Object value, VariableScope scope) {
    switch (target) {
      case Target.Variable(String name) -> scope.set(name, value);
      case Target.Attribute(String name, String attribute) -> {
        if (!(scope.find(name) instanceof Namespace namespace)) {
          throw JinjaException.value("cannot assign attribute on non-namespace object");
        }
        namespace.put(attribute, value);
      }
      case Target.Unpacked(List<Target> targets) -> unpack(targets, value, scope);
    }
  }

  private void unpack(List<Target> targets, Object value, VariableScope scope) {
    if (!Values.isIterable(value)) {
      throw JinjaException.value("cannot unpack non-iterable " + Values.typeName(value) + " object");
    }
    Iterator<Object> items = Values.iterate(value);
    for (int i = 0; i < targets.size(); i++) {
      if (!items.hasNext()) {
        throw JinjaException.value("not enough values to unpack (expected " + targets.size() + ", got " + i + ")");
      }
      budget.step();
      assign(targets.get(i), items.next(), scope);
    }
    if (items.hasNext()) {
      throw JinjaException.value("too many values to unpack (expected " + targets.size() + ")");
    }
  }
}
