package dev.hone.train.cli;

import dev.hone.train.source.hub.TransferListener;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a command reads and writes: results go to {@code out}, progress and notes to {@code err}.
 *
 * @param in what is piped in; null where nothing is
 * @param out results
 * @param err everything else
 * @param terminal whether {@code err} is a terminal, so that a line may be written over
 */
record Console(InputStream in, PrintStream out, PrintStream err, boolean terminal) implements TransferListener {
  /** The streams of the process. */
  static Console ofProcess() {
    boolean dumb = "dumb".equals(System.getenv("TERM")) || System.getenv("TERM") == null;
    boolean typed = System.console() != null && System.console().isTerminal();
    return new Console(typed ? null : System.in, System.out, System.err, !dumb && errorsGoToTerminal());
  }

  /** What Java calls the console are the other two streams; Linux knows of the third. */
  private static boolean errorsGoToTerminal() {
    Path stream = Path.of("/proc/self/fd/2");
    if (Files.isSymbolicLink(stream)) {
      try {
        return Files.readSymbolicLink(stream).toString().matches("/dev/(pts/|tty|console).*");
      } catch (IOException _) {
        return false;
      }
    }
    return System.console() != null && System.console().isTerminal();
  }

  /** The lines that are piped in; none where nothing is. */
  BufferedReader lines() {
    return new BufferedReader(in == null ? Reader.nullReader() : new InputStreamReader(in, StandardCharsets.UTF_8));
  }

  void result(String line) {
    out.println(line);
  }

  void note(String line) {
    err.println(line);
  }

  @Override
  public void accept(String line) {
    progress("", false);
    note(line);
  }

  /** On a terminal a line that is written over; elsewhere one now and then. */
  @Override
  public void progress(String line, boolean mark) {
    if (terminal) {
      err.print("\r" + line + "\u001B[K");
      err.flush();
    } else if (mark) {
      note(line);
    }
  }
}
