package dev.hone.train.page;

import java.util.ArrayList;
import java.util.List;

/** A table of texts and numbers. Numbers stand on the right. */
public final class Table {
  /**
   * A cell with a meaning.
   *
   * @param value a text or a number
   * @param verdict how it is coloured
   */
  public record Cell(Object value, Verdict verdict) {}

  private static final int LONG = 40; // characters from which a text may not be squeezed into a narrow column

  private final String caption;
  private final List<String> headers;
  private final List<List<Object>> rows = new ArrayList<>();

  /**
   * A table without rows.
   *
   * @param caption says what it holds; empty for none
   */
  public Table(String caption, List<String> headers) {
    this.caption = caption;
    this.headers = List.copyOf(headers);
  }

  /** A table without rows. */
  public static Table of(String caption, String... headers) {
    return new Table(caption, List.of(headers));
  }

  /**
   * Adds a row.
   *
   * @param cells as many as there are headers: {@link Number}s, {@link Cell}s, or what has a text; null is an empty cell
   */
  public Table row(Object... cells) {
    if (cells.length != headers.size()) {
      throw new IllegalArgumentException("Table '" + caption + "': " + headers.size() + " columns, a row of " + cells.length);
    }
    List<Object> row = new ArrayList<>();
    for (Object cell : cells) {
      row.add(cell == null ? "" : cell);
    }
    rows.add(row);
    return this;
  }

  /** The number of rows. */
  public int size() {
    return rows.size();
  }

  void append(StringBuilder html) {
    html.append("<div class=\"scroll\" tabindex=\"0\"><table>");
    if (!caption.isEmpty()) {
      html.append("<caption>").append(Markup.escape(caption)).append("</caption>");
    }
    html.append("<thead><tr>");
    for (int c = 0; c < headers.size(); c++) {
      html.append(numbers(c) ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">").append(Markup.escape(headers.get(c)))
          .append("</th>");
    }
    html.append("</tr></thead>\n<tbody>");
    for (List<Object> row : rows) {
      html.append("<tr>");
      row.forEach(cell -> append(html, cell));
      html.append("</tr>\n");
    }
    html.append("</tbody></table></div>\n");
  }

  private static void append(StringBuilder html, Object cell) {
    Object value = cell instanceof Cell c ? c.value : cell;
    boolean number = value instanceof Number;
    String classes = (number ? "n" : value.toString().length() > LONG ? "long" : "")
        + (cell instanceof Cell c ? " " + c.verdict.word() : "");
    html.append("<td").append(classes.isEmpty() ? "" : " class=\"" + classes.strip() + "\"")
        .append(number ? ">" : " dir=\"auto\">")
        .append(value instanceof Number n ? Markup.number(n.doubleValue()) : Markup.escape(value.toString())).append("</td>");
  }

  private boolean numbers(int column) {
    return !rows.isEmpty() && rows.stream().map(row -> row.get(column))
        .allMatch(cell -> (cell instanceof Cell c ? c.value : cell) instanceof Number);
  }
}
