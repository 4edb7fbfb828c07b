package dev.hone.tokenizer.chat.jinja;

import dev.hone.tokenizer.chat.jinja.Expression.CallArguments;
import java.util.List;

/** A statement of a template, text between tags included. */
sealed interface Statement {
  record Text(String text) implements Statement {}

  record Print(Expression value, int line) implements Statement {}

  /** {@code {% if %}} with its {@code elif} branches: the first true condition wins, then {@code otherwise}. */
  record If(List<Expression> conditions, List<List<Statement>> branches, List<Statement> otherwise)
      implements Statement {}

  /** {@code {% for target in items if filter %}}; the filter may be null. */
  record For(Target target, Expression items, Expression filter, boolean recursive, List<Statement> body,
      List<Statement> otherwise, int line) implements Statement {}

  record Set(Target target, Expression value, int line) implements Statement {}

  /** {@code {% set x | filters %} body {% endset %}}; the innermost filter has a null value, or there is none. */
  record SetBlock(Target target, Expression filters, List<Statement> body, int line) implements Statement {}

  /** {@code {% filter name %} body {% endfilter %}}. */
  record FilterBlock(Expression filters, List<Statement> body, int line) implements Statement {}

  record With(List<Target> targets, List<Expression> values, List<Statement> body, int line) implements Statement {}

  record DefineMacro(MacroDefinition macro) implements Statement {}

  /** {@code {% call(parameters) callee(arguments) %} body {% endcall %}}: the body becomes {@code caller}. */
  record CallBlock(MacroDefinition caller, Expression callee, CallArguments arguments, int line)
      implements Statement {}

  /** {@code {% generation %}}: what the assistant said. */
  record Generation(List<Statement> body) implements Statement {}

  record Break() implements Statement {}

  record Continue() implements Statement {}

  /**
   * A macro, or the body of a call block.
   *
   * @param defaults the defaults of the last parameters
   * @param usesCaller whether the body names {@code caller}; a call block may only call a macro that does
   * @param usesKeywords whether it names {@code kwargs}, which collects keywords without a parameter
   * @param usesRest whether it names {@code varargs}, which collects surplus positional arguments
   */
  record MacroDefinition(String name, List<String> parameters, List<Expression> defaults, List<Statement> body,
      boolean usesCaller, boolean usesKeywords, boolean usesRest) {}

  /** What a value is assigned to. */
  sealed interface Target {
    record Variable(String name) implements Target {}

    /** {@code ns.attribute} of a namespace. */
    record Attribute(String namespace, String attribute) implements Target {}

    record Unpacked(List<Target> targets) implements Target {}
  }
}
