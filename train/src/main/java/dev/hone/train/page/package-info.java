/**
 * Self-contained HTML pages: text, tables and charts as inline SVG, in one file that asks nothing of the network, readable in
 * light and dark, on a phone and by a screen reader. What the pages say is decided elsewhere.
 *
 * {@snippet :
 * new Page("My run")
 *     .section("Loss")
 *     .figure(Charts.lines("Training", "step", "loss", List.of(Charts.Series.line("train", steps, losses))))
 *     .write(Path.of("report.html"));
 * }
 */
package dev.hone.train.page;

