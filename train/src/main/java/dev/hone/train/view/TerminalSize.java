package dev.hone.train.view;

import java.io.File;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The size of the terminal, asked for once a second by a thread of its own, so that nobody has to wait for it. Asks
 * {@code stty}, which every Unix has; without an answer {@code COLUMNS} and {@code LINES} count, or 80 by 24.
 */
final class TerminalSize implements AutoCloseable {
  private static final Pattern ANSWER = Pattern.compile("(\\d{1,5}) (\\d{1,5})\\s*");
  private static final long PAUSE_MILLIS = 1000;
  private static final long PATIENCE_MILLIS = 2000;

  /** Columns and rows. */
  record Size(int columns, int rows) {}

  private final Thread watch = new Thread(this::watch, "hone-terminal-size");
  private volatile Size size = ask();

  TerminalSize() {
    watch.setDaemon(true);
    watch.start();
  }

  Size get() {
    return size;
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(PAUSE_MILLIS);
        size = ask();
      }
    } catch (InterruptedException _) {
      // closed
    }
  }

  private static Size ask() {
    String answer = "";
    try {
      Process stty = new ProcessBuilder("stty", "size").redirectInput(new File("/dev/tty"))
          .redirectError(ProcessBuilder.Redirect.DISCARD).start();
      try {
        if (stty.waitFor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
          answer = new String(stty.getInputStream().readAllBytes());
        }
      } finally {
        stty.destroy();
      }
    } catch (IOException _) {
      // no stty, or no terminal
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return parse(answer, System.getenv());
  }

  /** What {@code stty size} said, rows before columns; zeros are what a terminal says that does not know. */
  static Size parse(String answer, Map<String, String> environment) {
    Matcher matcher = ANSWER.matcher(answer);
    boolean known = matcher.matches();
    int rows = known ? Integer.parseInt(matcher.group(1)) : 0;
    int columns = known ? Integer.parseInt(matcher.group(2)) : 0;
    return new Size(columns > 0 ? columns : number(environment.get("COLUMNS"), 80),
        rows > 0 ? rows : number(environment.get("LINES"), 24));
  }

  private static int number(String text, int otherwise) {
    return text != null && text.matches("[1-9]\\d{0,4}") ? Integer.parseInt(text) : otherwise;
  }

  @Override
  public void close() {
    watch.interrupt();
  }
}
