package dev.hone.train.view;

import dev.hone.train.report.Curves;
import java.io.PrintStream;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Keeps a picture of the run on a terminal, drawn over four times a second at most; lines that stay appear above it. On a
 * screen that is too small for the picture, lines are printed as {@link PlainView} does, until it is large enough.
 *
 * <p>Implementation note: the cursor rests below the picture and is hidden only while a frame is written, in one piece, so
 * that there is nothing to restore when a process dies. No line is as wide as the screen has become when it is drawn; one
 * that was drawn on a wider screen has been broken by the terminal, which is reckoned with when the picture is erased.
 */
public final class LiveView implements RunView {
  private static final long FRAME_NANOS = 250_000_000;
  private static final String ESCAPE = "\u001b[";
  private static final String BEGIN = ESCAPE + "?25l" + ESCAPE + "?7l\r"; // no cursor, no line breaks
  private static final String END = ESCAPE + "?7h" + ESCAPE + "?25h";
  private static final String ERASE_LINE = ESCAPE + "K";
  private static final String ERASE_BELOW = ESCAPE + "J";

  private final PrintStream out;
  private final Look look;
  private final RunTrace trace;
  private final PlainView plain;
  private final TerminalSize watched; // null where the size is given
  private final Supplier<TerminalSize.Size> size;
  private List<String> drawn = List.of();
  private final LongSupplier clock; // nanoseconds
  private long drawnAt;
  private long drawingNanos;
  private int frames;

  /**
   * A view on a terminal.
   *
   * @param out the terminal
   * @param title what the run is called, in a few words; may be empty
   * @param metric what its best step is chosen by, {@code metric_for_best_model}
   */
  public LiveView(PrintStream out, Look look, String title, String metric) {
    this(out, look, title, metric, new TerminalSize(), null, System::nanoTime);
  }

  /** A view on a screen whose size is known, by a clock of nanoseconds. */
  LiveView(PrintStream out, Look look, String title, String metric, Supplier<TerminalSize.Size> size, LongSupplier clock) {
    this(out, look, title, metric, null, size, clock);
  }

  private LiveView(PrintStream out, Look look, String title, String metric, TerminalSize watched,
      Supplier<TerminalSize.Size> size, LongSupplier clock) {
    this.out = out;
    this.look = look;
    this.watched = watched;
    this.size = watched == null ? size : watched::get;
    this.clock = clock;
    drawnAt = clock.getAsLong() - FRAME_NANOS;
    trace = new RunTrace(title, metric);
    plain = new PlainView(out, trace);
  }

  @Override
  public synchronized void goOn(Curves earlier) {
    trace.goOn(earlier);
  }

  @Override
  public synchronized void onStep(Step step) {
    trace.add(step);
    if (fits(size.get())) {
      if (clock.getAsLong() - drawnAt >= FRAME_NANOS) {
        draw();
      }
    } else {
      erase();
      plain.show(step);
    }
  }

  @Override
  public synchronized void onEvaluation(Evaluation evaluation) {
    trace.add(evaluation);
    if (!fits(size.get())) {
      note(PlainView.line(evaluation));
    }
  }

  @Override
  public void onWarning(String message) {
    note("warning: " + message);
  }

  @Override
  public synchronized void note(String line) {
    boolean picture = !drawn.isEmpty();
    erase();
    out.println(line);
    if (picture) {
      draw();
    }
  }

  /** Takes the picture away; what has been printed above it stays. */
  public synchronized void erase() {
    if (!drawn.isEmpty()) {
      print(BEGIN + up(size.get()) + ERASE_BELOW + END);
      drawn = List.of();
    }
  }

  /** Draws the last state and leaves it on the screen. */
  @Override
  public synchronized void close() {
    if (watched != null) {
      watched.close();
    }
    if (!drawn.isEmpty()) {
      draw();
      drawn = List.of();
    }
    System.getLogger("dev.hone.train").log(System.Logger.Level.DEBUG,
        "{0} frames were drawn in {1} ms", frames, drawingNanos / 1_000_000);
  }

  private static boolean fits(TerminalSize.Size size) {
    return size.columns() >= Dashboard.MIN_COLUMNS && size.rows() >= Dashboard.MIN_ROWS;
  }

  private void draw() {
    TerminalSize.Size now = size.get();
    if (trace.step == null || !fits(now)) {
      return;
    }
    long start = clock.getAsLong();
    List<String> lines = Dashboard.lines(trace, look, now.columns() - 1, now.rows(), Memory.bytes());
    StringBuilder frame = new StringBuilder(BEGIN).append(up(now));
    boolean reflowed = rows(now.columns()) != drawn.size();
    frame.append(reflowed ? ERASE_BELOW : "");
    lines.forEach(line -> frame.append(line).append(ERASE_LINE).append("\r\n"));
    print(frame.append(ERASE_BELOW).append(END).toString());
    drawn = lines;
    frames++;
    drawnAt = clock.getAsLong();
    drawingNanos += drawnAt - start;
  }

  /** Rows that the picture takes on a screen of so many columns. */
  private int rows(int columns) {
    return drawn.stream().mapToInt(line -> Math.max(1, Math.ceilDiv(Look.width(line), columns))).sum();
  }

  /** Moves the cursor to where the picture begins. */
  private String up(TerminalSize.Size now) {
    int rows = Math.min(rows(now.columns()), now.rows() - 1);
    return rows == 0 ? "" : ESCAPE + rows + "A";
  }

  private void print(String frame) {
    out.print(frame);
    out.flush();
  }
}
