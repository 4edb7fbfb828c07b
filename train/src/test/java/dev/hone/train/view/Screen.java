package dev.hone.train.view;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** As much of a terminal as views make use of: line breaks, moving up, erasing, and what becomes of lines when it is resized. */
final class Screen {
  private static final Pattern PIECE = Pattern.compile("\u001b\\[([?0-9;]*)([A-Za-z])|(.)", Pattern.DOTALL);

  private int columns;
  private final int rows;
  private final List<StringBuilder> lines = new ArrayList<>(List.of(new StringBuilder()));
  private final List<Boolean> broken = new ArrayList<>(List.of(false)); // whether a line goes on in the next
  private int row;
  private int column;
  private boolean breaks = true;
  private boolean visible = true;

  Screen(int columns, int rows) {
    this.columns = columns;
    this.rows = rows;
  }

  Screen print(String text) {
    for (Matcher piece = PIECE.matcher(text); piece.find(); ) {
      if (piece.group(3) != null) {
        put(piece.group(3).charAt(0));
        continue;
      }
      switch (piece.group(1) + piece.group(2)) {
        case "K" -> cut(row);
        case "J" -> {
          cut(row);
          while (lines.size() > row + 1) {
            lines.removeLast();
            broken.removeLast();
          }
        }
        case "?25l" -> visible = false;
        case "?25h" -> visible = true;
        case "?7l" -> breaks = false;
        case "?7h" -> breaks = true;
        default -> {
          if (piece.group(2).equals("A")) {
            row = Math.max(Math.max(0, lines.size() - rows), row - Integer.parseInt(piece.group(1)));
          } else if (!piece.group(2).equals("m")) {
            throw new AssertionError("the screen does not know " + piece.group());
          }
        }
      }
    }
    return this;
  }

  private void cut(int at) {
    lines.get(at).setLength(Math.min(lines.get(at).length(), column));
    broken.set(at, false);
  }

  private void put(char c) {
    if (c == '\r') {
      column = 0;
    } else if (c == '\n') {
      next(false);
    } else {
      if (column == columns) {
        if (!breaks) {
          return;
        }
        next(true);
      }
      StringBuilder line = lines.get(row);
      while (line.length() <= column) {
        line.append(' ');
      }
      line.setCharAt(column++, c);
    }
  }

  private void next(boolean goesOn) {
    broken.set(row++, goesOn);
    column = 0;
    if (row == lines.size()) {
      lines.add(new StringBuilder());
      broken.add(false);
    }
  }

  /** Another width: lines that are too long are broken, broken ones joined. The cursor is below all lines. */
  void reflow(int width) {
    List<String> whole = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < lines.size() - 1; i++) {
      line.append(lines.get(i));
      if (!broken.get(i)) {
        whole.add(line.toString());
        line.setLength(0);
      }
    }
    lines.clear();
    broken.clear();
    columns = width;
    for (String text : whole) {
      for (int from = 0; from == 0 || from < text.length(); from += width) {
        lines.add(new StringBuilder(text.substring(from, Math.min(text.length(), from + width))));
        broken.add(from + width < text.length());
      }
    }
    lines.add(new StringBuilder());
    broken.add(false);
    row = lines.size() - 1;
    column = 0;
  }

  /** The lines above the cursor's last empty one, without blanks at their ends. */
  List<String> lines() {
    List<String> texts = new ArrayList<>(lines.stream().map(line -> line.toString().stripTrailing()).toList());
    while (!texts.isEmpty() && texts.getLast().isEmpty()) {
      texts.removeLast();
    }
    return texts;
  }

  String text() {
    return String.join("\n", lines());
  }

  int row() {
    return row;
  }

  boolean cursorVisible() {
    return visible;
  }
}
