package dev.hone.train.page;

import dev.hone.core.io.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A page, written from top to bottom. All text is escaped. Nothing is loaded from elsewhere, which a content security policy
 * in the page enforces. Figures that follow one another stand side by side where there is room.
 */
public final class Page {
  private static final String STYLE = style();

  private final String title;
  private final StringBuilder body = new StringBuilder();
  private boolean figures; // whether a row of figures is open

  /** An empty page with a title. */
  public Page(String title) {
    this.title = title;
  }

  /** Begins a section. */
  public Page section(String heading) {
    return element("h2", heading);
  }

  /** Begins a part of a section. */
  public Page subsection(String heading) {
    return element("h3", heading);
  }

  /** A paragraph. */
  public Page text(String paragraph) {
    return element("p", paragraph);
  }

  /** A paragraph that may be skipped: where figures come from, what was left out. */
  public Page note(String paragraph) {
    append("<p class=\"note\">").append(Markup.escape(paragraph)).append("</p>\n");
    return this;
  }

  /** Text as it is, with its lines and spaces: commands, files. */
  public Page code(String lines) {
    append("<pre tabindex=\"0\">").append(Markup.escape(lines)).append("</pre>\n");
    return this;
  }

  /** A list of texts. */
  public Page list(List<String> items) {
    append("<ul>");
    items.forEach(item -> body.append("<li dir=\"auto\">").append(Markup.escape(item)).append("</li>\n"));
    body.append("</ul>\n");
    return this;
  }

  /** Names and their values, in the order of the map. */
  public Page values(Map<String, ?> values) {
    append("<dl>");
    values.forEach((name, value) -> body.append("<div><dt>").append(Markup.escape(name)).append("</dt><dd>")
        .append(value instanceof Number n ? Markup.number(n.doubleValue()) : Markup.escape(String.valueOf(value)))
        .append("</dd></div>\n"));
    body.append("</dl>\n");
    return this;
  }

  /** A table; a wide one scrolls in its own box. */
  public Page table(Table table) {
    append("");
    table.append(body);
    return this;
  }

  /** A line that says how something stands. */
  public Page verdict(Verdict verdict, String line) {
    append("<p class=\"verdict ").append(verdict.word()).append("\"><strong>").append(verdict.word()).append("</strong> ")
        .append(Markup.escape(line)).append("</p>\n");
    return this;
  }

  /** A text in pieces, some of them marked; line ends and spaces stay. */
  public Page spans(List<Span> spans) {
    append("<pre class=\"spans\" tabindex=\"0\" dir=\"auto\">");
    for (Span span : spans) {
      String element = span.marked() ? "mark" : "span";
      body.append('<').append(element)
          .append(span.title() == null ? "" : " title=\"" + Markup.escape(span.title()) + "\"").append('>')
          .append(Markup.escape(span.text())).append("</").append(element).append('>');
    }
    body.append("</pre>\n");
    return this;
  }

  /** Content that is shown when asked for. */
  public Page details(String summary, Consumer<Page> content) {
    append("<details><summary>").append(Markup.escape(summary)).append("</summary>\n");
    content.accept(this);
    append("</details>\n");
    return this;
  }

  /** A chart, with its figures as a table below it. */
  public Page figure(Chart figure) {
    if (!figures) {
      body.append("<div class=\"figures\">\n");
      figures = true;
    }
    body.append("<figure><figcaption>").append(Markup.escape(figure.title())).append("</figcaption>\n").append(figure.svg());
    if (!figure.legend().isEmpty()) {
      body.append("<ul class=\"legend\">");
      figure.legend().forEach(item -> body.append("<li>").append(item).append("</li>"));
      body.append("</ul>\n");
    }
    body.append("<details><summary>The same as a table</summary>\n");
    figure.data().append(body);
    body.append("</details></figure>\n");
    return this;
  }

  private Page element(String name, String text) {
    append("<").append(name).append(" dir=\"auto\">").append(Markup.escape(text)).append("</").append(name).append(">\n");
    return this;
  }

  /** Ends a row of figures before anything else. */
  private StringBuilder append(String html) {
    if (figures) {
      body.append("</div>\n");
      figures = false;
    }
    return body.append(html);
  }

  /** The whole document. */
  public String html() {
    append("");
    String name = Markup.escape(title);
    return """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        <link rel="icon" href="data:,"/>
        <title>""" + name + "</title>\n<style>\n" + STYLE + "</style>\n</head>\n<body>\n<main>\n<h1 dir=\"auto\">" + name
        + "</h1>\n" + body + "</main>\n</body>\n</html>\n";
  }

  /** Writes the document beside its place and moves it there. */
  public void write(Path file) throws IOException {
    AtomicFile.writeString(file, html());
  }

  private static String style() {
    try (InputStream in = Page.class.getResourceAsStream("page.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
