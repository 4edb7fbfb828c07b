package dev.hone.tokenizer.chat.jinja;

import dev.hone.tokenizer.chat.jinja.Statement.MacroDefinition;
import dev.hone.tokenizer.chat.jinja.Statement.Target;
import dev.hone.tokenizer.chat.jinja.Token.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** Parses the statements of a template: text, {@code {{ }}} and the blocks that chat templates may use. */
final class StatementParser {
  private static final Set<String> CONSTANTS = Set.of("true", "True", "false", "False", "none", "None");

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private int loops;
  /** How many blocks around this place keep their output for themselves: macros, call, set and filter blocks. */
  private int captures;
  private int capturedGeneration;
  private boolean hasGeneration;

  private StatementParser(TokenStream tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
  }

  /**
   * A parsed template.
   *
   * @param body its statements
   * @param hasGeneration whether there is a {@code {% generation %}} block
   * @param capturedGeneration the line of one inside a macro, set, call or filter block, where the place of its text in
   *     the whole is not known while it is rendered; 0 if there is none
   */
  record Parsed(List<Statement> body, boolean hasGeneration, int capturedGeneration) {}

  static Parsed parse(String source) {
    TokenStream tokens = new TokenStream(Lexer.tokenize(source));
    StatementParser parser = new StatementParser(tokens);
    List<Statement> body = parser.statements(null, 0);
    parser.expressions.refuse(0);
    return new Parsed(body, parser.hasGeneration, parser.capturedGeneration);
  }

  /**
   * Statements up to, and without, one of {@code ends}; the stream then stands at that tag's name.
   *
   * @param opener what is to be closed, for the error; null at the top, which ends with the template
   */
  private List<Statement> statements(String opener, int line, String... ends) {
    tokens.enter();
    List<Statement> body = new ArrayList<>();
    while (true) {
      Token token = tokens.take();
      switch (token.type()) {
        case DATA -> body.add(new Statement.Text(token.text()));
        case PRINT_BEGIN -> {
          body.add(new Statement.Print(expressions.tuple(true, null), token.line()));
          tokens.expect(Type.PRINT_END);
        }
        case BLOCK_BEGIN -> {
          if (List.of(ends).contains(tokens.peek().text()) && tokens.peek().is(Type.NAME)) {
            tokens.leave();
            return body;
          }
          body.add(statement(opener, line));
          tokens.expect(Type.BLOCK_END);
        }
        default -> {
          if (opener != null) {
            throw JinjaException.syntax("the template ends inside '" + opener + "' of line " + line + "; it needs "
                + String.join(" or ", ends), token.line());
          }
          tokens.leave();
          return body;
        }
      }
    }
  }

  /** A block's body: from the end of its opening tag to the name of the closing one, which is taken. */
  private List<Statement> body(String opener, int line, String end) {
    int unknown = expressions.unknown();
    beginBody();
    List<Statement> body = statements(opener, line, end);
    tokens.take();
    if (!opener.equals("if")) {
      expressions.refuse(unknown);
    }
    return body;
  }

  private void beginBody() {
    tokens.takeOperator(":");
    tokens.expect(Type.BLOCK_END);
  }

  private Statement statement(String opener, int openerLine) {
    Token tag = tokens.expect(Type.NAME);
    int line = tag.line();
    return switch (tag.text()) {
      case "if" -> ifStatement(line);
      case "for" -> forStatement(line);
      case "set" -> set(line);
      case "macro" -> macro(line);
      case "call" -> call(line);
      case "filter" -> {
        Expression filters = filters();
        yield new Statement.FilterBlock(filters, captured(() -> body("filter", line, "endfilter")), line);
      }
      case "with" -> with(line);
      case "generation" -> generation(line);
      case "break", "continue" -> {
        if (loops == 0) {
          throw JinjaException.syntax("'" + tag.text() + "' outside a loop", line);
        }
        yield tag.text().equals("break") ? new Statement.Break() : new Statement.Continue();
      }
      case "include", "import", "from", "extends", "block", "autoescape", "do", "trans", "print" ->
          throw JinjaException.syntax("the tag '" + tag.text() + "' is not available in chat templates", line);
      default -> throw JinjaException.syntax("unknown tag '" + tag.text() + "'"
          + (opener == null ? "" : "; '" + opener + "' of line " + openerLine + " is still open"), line);
    };
  }

  /** The filters of a block. */
  private Expression filters() {
    int unknown = expressions.unknown();
    Expression chain = expressions.filter(null);
    while (tokens.takeOperator("|")) {
      chain = expressions.filter(chain);
    }
    expressions.refuse(unknown);
    return chain;
  }

  private Statement ifStatement(int line) {
    List<Expression> conditions = new ArrayList<>();
    List<List<Statement>> branches = new ArrayList<>();
    List<Statement> otherwise = List.of();
    int unknown = expressions.unknown();
    while (true) {
      conditions.add(expressions.tuple(false, null));
      beginBody();
      branches.add(statements("if", line, "elif", "else", "endif"));
      String next = tokens.take().text();
      if (next.equals("elif")) {
        continue;
      }
      if (next.equals("else")) {
        otherwise = body("if", line, "endif");
      }
      expressions.forgive(unknown);
      return new Statement.If(conditions, branches, otherwise);
    }
  }

  private Statement forStatement(int line) {
    Target target = targets(false);
    tokens.expectName("in");
    Expression items = expressions.tuple(false, "recursive");
    int unknown = expressions.unknown();
    Expression filter = tokens.takeName("if") ? expressions.expression() : null;
    boolean recursive = tokens.takeName("recursive");
    beginBody();
    loops++;
    List<Statement> body = recursive
        ? captured(() -> statements("for", line, "else", "endfor"))
        : statements("for", line, "else", "endfor");
    loops--;
    expressions.refuse(unknown);
    List<Statement> otherwise = tokens.take().text().equals("else") ? body("for", line, "endfor") : List.of();
    return new Statement.For(target, items, filter, recursive, body, otherwise, line);
  }

  private Statement set(int line) {
    Target target = targets(true);
    if (tokens.takeOperator("=")) {
      return new Statement.Set(target, expressions.tuple(true, null), line);
    }
    Expression filters = tokens.takeOperator("|") ? filters() : null;
    return new Statement.SetBlock(target, filters, captured(() -> body("set", line, "endset")), line);
  }

  private Statement macro(int line) {
    String name = tokens.expect(Type.NAME).text();
    return new Statement.DefineMacro(definition(name, "macro", line, true, null));
  }

  private Statement call(int line) {
    List<String> parameters = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    if (tokens.peek().isOperator("(")) {
      signature(parameters, defaults);
    }
    if (!(expressions.expression() instanceof Expression.Call(Expression callee, var arguments, int at))) {
      throw JinjaException.syntax("'call' needs the call of a macro", line);
    }
    MacroDefinition caller = definition("caller", "call", line, false, new Signature(parameters, defaults));
    return new Statement.CallBlock(caller, callee, arguments, at);
  }

  private record Signature(List<String> parameters, List<Expression> defaults) {}

  private MacroDefinition definition(String name, String tag, int line, boolean ownSignature, Signature given) {
    Signature signature = given;
    if (ownSignature) {
      signature = new Signature(new ArrayList<>(), new ArrayList<>());
      signature(signature.parameters, signature.defaults);
    }
    int outerLoops = loops;
    loops = 0;   // a macro's body is a function of its own: it cannot break out of a loop around it
    expressions.beginMacro();
    List<Statement> body = captured(() -> body(tag, line, "end" + tag));
    Set<String> read = expressions.endMacro();
    loops = outerLoops;
    return new MacroDefinition(name, signature.parameters, signature.defaults, body, read.contains("caller"),
        read.contains("kwargs"), read.contains("varargs"));
  }

  private void signature(List<String> parameters, List<Expression> defaults) {
    int unknown = expressions.unknown();
    tokens.expectOperator("(");
    while (!tokens.takeOperator(")")) {
      if (!parameters.isEmpty()) {
        tokens.expectOperator(",");
      }
      Token parameter = tokens.expect(Type.NAME);
      if (parameters.contains(parameter.text())) {
        throw JinjaException.syntax("parameter '" + parameter.text() + "' is named twice", parameter.line());
      }
      parameters.add(parameter.text());
      if (tokens.takeOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw JinjaException.syntax("parameter '" + parameter.text() + "' without a default follows one that has one",
            parameter.line());
      }
    }
    expressions.refuse(unknown);
  }

  private Statement with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.peek().is(Type.BLOCK_END)) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      targets.add(target(false));
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Statement.With(targets, values, body("with", line, "endwith"), line);
  }

  private Statement generation(int line) {
    hasGeneration = true;
    if (captures > 0) {
      capturedGeneration = line;
    }
    int outerLoops = loops;
    loops = 0;
    List<Statement> body = body("generation", line, "endgeneration");
    loops = outerLoops;
    return new Statement.Generation(body);
  }

  private <T> T captured(Supplier<T> body) {
    captures++;
    T result = body.get();
    captures--;
    return result;
  }

  private Target targets(boolean withNamespace) {
    int line = tokens.peek().line();
    List<Target> targets = new ArrayList<>();
    boolean comma = false;
    while (true) {
      targets.add(target(withNamespace));
      if (!tokens.takeOperator(",")) {
        break;
      }
      comma = true;
      if (!tokens.peek().is(Type.NAME) && !tokens.peek().isOperator("(") || tokens.peek().isName("in")) {
        break;
      }
    }
    if (targets.size() > 1000) {
      throw JinjaException.limit("an assignment to " + targets.size() + " names").atLine(line);
    }
    return comma ? new Target.Unpacked(targets) : targets.getFirst();
  }

  private Target target(boolean withNamespace) {
    if (tokens.takeOperator("(")) {
      tokens.enter();
      Target inner = targets(withNamespace);
      tokens.leave();
      tokens.expectOperator(")");
      return inner;
    }
    Token name = tokens.expect(Type.NAME);
    if (CONSTANTS.contains(name.text())) {
      throw JinjaException.syntax("can't assign to '" + name.text() + "'", name.line());
    }
    if (withNamespace && tokens.takeOperator(".")) {
      return new Target.Attribute(name.text(), tokens.expect(Type.NAME).text());
    }
    return new Target.Variable(name.text());
  }
}
