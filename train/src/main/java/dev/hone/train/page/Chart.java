package dev.hone.train.page;

import java.util.List;

/**
 * A chart, ready for a page.
 *
 * @param title its heading
 * @param description what a screen reader says about it
 * @param svg an svg element
 * @param legend HTML, an item per series; empty for none
 * @param data the same figures as a table
 */
public record Chart(String title, String description, String svg, List<String> legend, Table data) {
  /** Copies the list. */
  public Chart {
    legend = List.copyOf(legend);
  }
}
