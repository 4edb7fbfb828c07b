package dev.hone.train.cli;

import dev.hone.train.TrainListener;
import dev.hone.train.data.DataException;
import dev.hone.train.report.Curves;
import dev.hone.train.view.LiveView;
import dev.hone.train.view.Look;
import dev.hone.train.view.PlainView;
import dev.hone.train.view.RunView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The view of a run on the console: a picture on a terminal, lines elsewhere, nothing if it is to be quiet. While there is
 * a picture, what others print to the standard error stream of the process appears above it.
 */
final class ConsoleView implements AutoCloseable {
  private static final String BRAILLE = "\u28ff";

  private final RunView view; // null: quiet
  private final PrintStream errors; // what the standard error stream was; null if it is left alone

  private ConsoleView(RunView view, PrintStream errors) {
    this.view = view;
    this.errors = errors;
  }

  /**
   * Opens the view of a run.
   *
   * @param title what the run is called; may be empty
   * @param metric what its best step is chosen by
   */
  static ConsoleView open(Console console, boolean quiet, String title, String metric) {
    if (quiet) {
      return none();
    }
    if (!console.terminal()) {
      return new ConsoleView(new PlainView(console.err()), null);
    }
    String noColor = System.getenv("NO_COLOR");
    Look look = new Look(noColor == null || noColor.isEmpty(), console.err().charset().newEncoder().canEncode(BRAILLE));
    LiveView view = new LiveView(console.err(), look, title, metric);
    PrintStream errors = System.err;
    System.setErr(new PrintStream(new Lines(view), true, errors.charset()));
    return new ConsoleView(view, errors);
  }

  /** A view that shows nothing. */
  static ConsoleView none() {
    return new ConsoleView(null, null);
  }

  /** Takes a picture away instead of leaving it there. */
  void erase() {
    if (view instanceof LiveView live) {
      live.erase();
    }
  }

  /**
   * What is to listen to the run.
   *
   * @param metrics its {@code metrics.jsonl}, which has the course of a run that goes on; its own listener comes before these
   */
  List<TrainListener> listeners(Path metrics) {
    if (view == null) {
      return List.of();
    }
    return List.of(view, new TrainListener() {
      @Override
      public void resume(Map<String, String> saved) {
        try {
          view.goOn(Curves.read(metrics));
        } catch (IOException | DataException e) { // no reason to stop a run
          view.note("earlier steps are not shown: " + e.getMessage());
        }
      }
    });
  }

  @Override
  public void close() {
    if (errors != null) {
      System.setErr(errors);
    }
    if (view != null) {
      view.close();
    }
  }

  /** Whole lines become notes. */
  private static final class Lines extends OutputStream {
    private final RunView view;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    Lines(RunView view) {
      this.view = view;
    }

    @Override
    public synchronized void write(int b) {
      if (b != '\n') {
        line.write(b);
        return;
      }
      view.note(line.toString(System.err.charset()).stripTrailing());
      line.reset();
    }
  }
}
