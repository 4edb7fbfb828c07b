package dev.hone.train.cli;

import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import java.io.IOException;
import java.util.List;

/** One command of the command line. */
interface Command {
  /** The word that picks it. */
  String name();

  /** What it does, in one line. */
  String summary();

  /** How it is called, after its name. */
  String usage();

  /** Its flags, in the order of the help text. */
  List<Flag> flags();

  /** Whether it takes words that belong to no flag: texts, directories, or what to do. */
  default boolean takesWords() {
    return false;
  }

  /** Does it; returns the exit code. */
  int run(Arguments arguments, Console console) throws IOException;
}
