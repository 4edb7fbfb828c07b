package dev.hone.train.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a command writes: results to {@code out}, progress and notes to {@code err}.
 *
 * @param out results
 * @param err everything else
 * @param terminal whether {@code err} is a terminal, so that a line may be written over
 */
record Console(PrintStream out, PrintStream err, boolean terminal) {
  /** The streams of the process. */
  static Console ofProcess() {
    boolean dumb = "dumb".equals(System.getenv("TERM")) || System.getenv("TERM") == null;
    return new Console(System.out, System.err, !dumb && errorsGoToTerminal());
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

  void result(String line) {
    out.println(line);
  }

  void note(String line) {
    err.println(line);
  }
}
