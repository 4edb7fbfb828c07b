package dev.hone.tokenizer.chat.jinja;

import java.time.Clock;

/** What all parts of one rendering share. */
final class Rendering {
  private final Budget budget;
  private final Clock clock;
  private int line;

  Rendering(Budget budget, Clock clock) {
    this.budget = budget;
    this.clock = clock;
  }

  Budget budget() {
    return budget;
  }

  Clock clock() {
    return clock;
  }

  /** The line of the template that is being evaluated: where an error happened, should one. */
  int line() {
    return line;
  }

  void at(int newLine) {
    line = newLine;
  }
}
