package dev.hone.train.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What holds for every page: the rules of XML for tags, attributes and entities, and nothing that asks the network. */
public final class Markups {
  private static final Pattern TAG =
      Pattern.compile("<(/?)([A-Za-z][A-Za-z0-9]*)((?:\\s+[A-Za-z][A-Za-z0-9:-]*=\"[^\"<]*\")*)\\s*(/?)>");
  private static final Pattern ATTRIBUTE = Pattern.compile("([A-Za-z][A-Za-z0-9:-]*)=\"");
  private static final Pattern ENTITY = Pattern.compile("&(?!(amp|lt|gt|quot|#39);)");
  private static final int MAX_BYTES = 1_000_000;

  private Markups() {}

  /** Checks a page. */
  public static void assertWhole(String html) {
    assertTrue(html.startsWith("<!DOCTYPE html>\n"), html.substring(0, Math.min(80, html.length())));
    assertTrue(html.length() < MAX_BYTES, html.length() + " characters");
    assertFalse(Pattern.compile("<(script|iframe|object|embed|img|base|form)\\b|@import|url\\(|javascript:|\\son[a-z]+=\""
        + "|<link(?! rel=\"icon\" href=\"data:,\"/>)")
        .matcher(html).find(), "something is loaded or runs");
    assertTrue(html.contains("default-src 'none'"), "no content security policy");
    Deque<String> open = new ArrayDeque<>();
    Matcher tag = TAG.matcher(html);
    int end = "<!DOCTYPE html>".length();
    while (tag.find(end)) {
      assertText(html.substring(end, tag.start()));
      end = tag.end();
      String name = tag.group(2);
      if (tag.group(1).isEmpty()) {
        assertAttributes(tag.group(3));
        if (tag.group(4).isEmpty()) {
          open.push(name);
        }
      } else {
        assertEquals(open.poll(), name, "at " + html.substring(Math.max(0, tag.start() - 200), tag.end()));
      }
      if (end == html.length()) {
        break;
      }
    }
    assertText(html.substring(end));
    assertTrue(open.isEmpty(), "never closed: " + open);
    assertDescribed(html);
  }

  private static void assertText(String text) {
    assertFalse(text.indexOf('<') >= 0, text);
    Matcher entity = ENTITY.matcher(text);
    assertFalse(entity.find(), text);
  }

  private static void assertAttributes(String attributes) {
    Set<String> names = new HashSet<>();
    Matcher attribute = ATTRIBUTE.matcher(attributes);
    while (attribute.find()) {
      assertTrue(names.add(attribute.group(1)), "twice: " + attributes);
    }
    assertText(attributes);
  }

  /** Every chart is an image with a title and a description, and there is a table beside it. */
  private static void assertDescribed(String html) {
    int charts = count(html, "<svg class=\"chart\"");
    assertEquals(charts, count(html, "role=\"img\"><title>"));
    assertEquals(charts, count(html, "</title><desc>"));
    assertEquals(charts, count(html, "<summary>The same as a table</summary>"));
    assertEquals(count(html, "<svg "), charts + count(html, "aria-hidden=\"true\""));
  }

  /** How often a text occurs. */
  public static int count(String text, String part) {
    return (text.length() - text.replace(part, "").length()) / part.length();
  }
}
