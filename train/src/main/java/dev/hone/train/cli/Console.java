package dev.hone.train.cli;

import java.io.PrintStream;

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
    return new Console(System.out, System.err, System.console() != null && System.console().isTerminal() && !dumb);
  }

  void result(String line) {
    out.println(line);
  }

  void note(String line) {
    err.println(line);
  }
}
