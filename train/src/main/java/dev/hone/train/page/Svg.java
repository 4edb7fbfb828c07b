package dev.hone.train.page;

/** An svg element as text, {@value #WIDTH} units wide: about as many pixels on a screen, three quarters of that on a phone. */
final class Svg {
  static final int WIDTH = 480;
  static final int SERIES_COLOURS = 8;
  /** Units that a character of the 13-unit font takes, a little more than on average. */
  static final double CHARACTER = 7.2;

  private static final String[] DASHES = {"", "7 4", "2 3", "9 3 2 3", "4 2", "12 4", "2 5", "6 2 2 2"};

  private final StringBuilder out = new StringBuilder();

  Svg(double height, String title, String description) {
    out.append("<svg class=\"chart\" viewBox=\"0 0 ").append(WIDTH).append(' ').append(Markup.coordinate(height))
        .append("\" role=\"img\"><title>").append(Markup.escape(title)).append("</title><desc>")
        .append(Markup.escape(description)).append("</desc>\n");
  }

  Svg line(String classes, double x1, double y1, double x2, double y2) {
    out.append("<line class=\"").append(classes).append("\" x1=\"").append(Markup.coordinate(x1)).append("\" y1=\"")
        .append(Markup.coordinate(y1)).append("\" x2=\"").append(Markup.coordinate(x2)).append("\" y2=\"")
        .append(Markup.coordinate(y2)).append("\"/>");
    return this;
  }

  /** A rectangle that shows {@code tip} when pointed at. */
  Svg rectangle(String classes, double opacity, double x, double y, double width, double height, String tip) {
    out.append("<rect class=\"").append(classes).append("\" x=\"").append(Markup.coordinate(x)).append("\" y=\"")
        .append(Markup.coordinate(y)).append("\" width=\"").append(Markup.coordinate(Math.max(0, width)))
        .append("\" height=\"").append(Markup.coordinate(Math.max(0, height))).append('"')
        .append(opacity < 1 ? " fill-opacity=\"" + Math.round(opacity * 1000) / 1000.0 + "\"" : "");
    return tip.isEmpty() ? end("/>") : end("><title>" + Markup.escape(tip) + "</title></rect>\n");
  }

  /** @param anchor {@code start}, {@code middle} or {@code end} */
  Svg text(String classes, String anchor, double x, double y, String text) {
    return text(classes, anchor, x, y, text, "");
  }

  /** A text that is read from below. */
  Svg sideways(double x, double y, String text) {
    return text("soft", "middle", x, y, text,
        " transform=\"rotate(-90 " + Markup.coordinate(x) + " " + Markup.coordinate(y) + ")\"");
  }

  private Svg text(String classes, String anchor, double x, double y, String text, String attributes) {
    out.append("<text").append(classes.isEmpty() ? "" : " class=\"" + classes + "\"")
        .append(anchor.equals("start") ? "" : " text-anchor=\"" + anchor + "\"").append(" x=\"").append(Markup.coordinate(x))
        .append("\" y=\"").append(Markup.coordinate(y)).append('"').append(attributes);
    return end(">" + Markup.escape(text) + "</text>\n");
  }

  /** A path; {@code data} in the words of SVG. */
  Svg path(String classes, String dashes, CharSequence data) {
    out.append("<path class=\"").append(classes).append('"')
        .append(dashes.isEmpty() ? "" : " stroke-dasharray=\"" + dashes + "\"").append(" d=\"").append(data);
    return end("\"/>\n");
  }

  /** A mark that shows {@code tip} when pointed at. */
  Svg marker(int colour, double x, double y, double size, String tip) {
    return end(mark(colour, x, y, size, tip));
  }

  /** A mark whose form tells series apart: disc, square, triangle, diamond. */
  static String mark(int colour, double x, double y, double r, String tip) {
    String form = "path class=\"" + fill(colour) + "\" d=\"" + switch (colour % 4) {
      case 1 -> polygon(x - r, y - r, x + r, y - r, x + r, y + r, x - r, y + r);
      case 2 -> polygon(x, y - 1.3 * r, x + 1.3 * r, y + r, x - 1.3 * r, y + r);
      case 3 -> polygon(x, y - 1.4 * r, x + 1.4 * r, y, x, y + 1.4 * r, x - 1.4 * r, y);
      default -> disc(x, y, 1.1 * r);
    } + "\"";
    return tip.isEmpty() ? "<" + form + "/>" : "<" + form + "><title>" + Markup.escape(tip) + "</title></path>\n";
  }

  private static String disc(double x, double y, double r) {
    String half = "a" + Markup.coordinate(r) + " " + Markup.coordinate(r) + " 0 1 0 ";
    return "M" + Markup.coordinate(x - r) + " " + Markup.coordinate(y) + half + Markup.coordinate(2 * r) + " 0" + half
        + Markup.coordinate(-2 * r) + " 0Z";
  }

  private static String polygon(double... points) {
    StringBuilder data = new StringBuilder();
    for (int i = 0; i < points.length; i += 2) {
      data.append(i == 0 ? 'M' : 'L').append(Markup.coordinate(points[i])).append(' ').append(Markup.coordinate(points[i + 1]));
    }
    return data.append('Z').toString();
  }

  private Svg end(String text) {
    out.append(text);
    return this;
  }

  static String stroke(int colour) {
    return "s" + colour % SERIES_COLOURS;
  }

  static String fill(int colour) {
    return "f" + colour % SERIES_COLOURS;
  }

  static String dashes(int colour) {
    return DASHES[colour % DASHES.length];
  }

  String finish() {
    return out.append("</svg>\n").toString();
  }
}
