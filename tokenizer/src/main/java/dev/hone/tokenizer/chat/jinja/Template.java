package dev.hone.tokenizer.chat.jinja;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A parsed template. Immutable: any number of threads may render it at once. */
public final class Template {
  private final String source;
  private final StatementParser.Parsed parsed;
  private final Limits limits;

  private Template(String source, StatementParser.Parsed parsed, Limits limits) {
    this.source = source;
    this.parsed = parsed;
    this.limits = limits;
  }

  /**
   * Parses a template.
   *
   * @throws JinjaException with the line, if it is malformed
   */
  public static Template parse(String source) {
    return parse(source, Limits.standard());
  }

  static Template parse(String source, Limits limits) {
    try {
      return new Template(source, StatementParser.parse(source), limits);
    } catch (StackOverflowError _) {
      throw JinjaException.limit("the template nests too deeply for the stack of this thread");
    }
  }

  /**
   * The rendered text.
   *
   * @param text what the template printed
   * @param generations where its {@code {% generation %}} blocks stand, in code points of {@code text}: start
   *     (inclusive) and end (exclusive) of each, in order, alternating
   */
  public record Rendered(String text, List<Integer> generations) {}

  /**
   * Renders the template.
   *
   * @param variables its variables: maps, lists, strings, numbers, booleans, nulls, JSON nodes
   * @param clock what {@code strftime_now} reads, in its own zone
   * @throws JinjaException with the line, if the template fails or costs too much
   * @throws IllegalArgumentException if a variable is of another type
   */
  public Rendered render(Map<String, ?> variables, Clock clock) {
    InputValues input = new InputValues();
    Map<String, Object> values = new HashMap<>();
    variables.forEach((name, value) -> values.put(name, input.convert(name, value)));
    Rendering rendering = new Rendering(new Budget(limits, input.chars()), clock);
    try {
      Interpreter interpreter = new Interpreter(rendering);
      String text = interpreter.run(parsed.body(), new VariableScope(values));
      return new Rendered(text, codePoints(text, interpreter.generations()));
    } catch (JinjaException e) {
      throw e.atLine(rendering.line());
    } catch (StackOverflowError _) {
      throw JinjaException.limit("nested too deeply for the stack of this thread").atLine(rendering.line());
    }
  }

  private static List<Integer> codePoints(String text, List<Integer> offsets) {
    List<Integer> points = new ArrayList<>(offsets.size());
    int from = 0;
    int count = 0;
    for (int offset : offsets) {
      count += text.codePointCount(from, offset);
      points.add(count);
      from = offset;
    }
    return List.copyOf(points);
  }

  /** {@return this template with other limits} */
  public Template withLimits(Limits other) {
    return new Template(source, parsed, other);
  }

  /** {@return the text this was parsed from} */
  public String source() {
    return source;
  }

  /** {@return one line of a template's source, counted from 1, without white space around it; empty if there is none} */
  public static String line(String source, int number) {
    return number < 1 ? "" : source.lines().skip(number - 1L).findFirst().orElse("").strip();
  }

  /** {@return whether Python, and so a template, takes a character for white space} */
  public static boolean isSpace(int c) {
    return CharacterClasses.isSpace(c);
  }

  /** {@return whether the template marks what the assistant says with {@code {% generation %}}} */
  public boolean hasGeneration() {
    return parsed.hasGeneration();
  }

  /**
   * {@return the line of a generation block inside a macro, or a set, call or filter block, 0 if there is none} The
   * place of such a block in the whole text is not known while it is rendered, so {@link Rendered#generations} leaves
   * it out.
   */
  public int capturedGeneration() {
    return parsed.capturedGeneration();
  }
}
