package dev.hone.train.infer;

import java.util.List;
import java.util.function.Consumer;

/** Passes text on, but holds back what may turn out to be a stop string, and drops that and all behind it. */
public final class StopStrings {
  private final List<String> stops;
  private final Consumer<String> listener;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  /**
   * Passes on what comes before the first of some texts.
   *
   * @param stops what ends the text; may be none
   * @param listener gets pieces of text that are final
   */
  public StopStrings(List<String> stops, Consumer<String> listener) {
    this.stops = stops;
    this.listener = listener;
  }

  /** Takes the next piece of text; after a stop string nothing more is passed on. */
  public void add(String text) {
    if (stopped) {
      return;
    }
    held.append(text);
    int end = stops.stream().mapToInt(held::indexOf).filter(at -> at >= 0).min().orElse(-1);
    stopped = end >= 0;
    pass(stopped ? end : held.length() - openLength());
  }

  /** How many characters at the end are the beginning of a stop string. */
  private int openLength() {
    int open = 0;
    for (String stop : stops) {
      for (int length = Math.min(stop.length() - 1, held.length()); length > open; length--) {
        if (stop.startsWith(held.substring(held.length() - length))) {
          open = length;
        }
      }
    }
    return open;
  }

  /** Passes on what is left when no more text will come. */
  public void finish() {
    if (!stopped) {
      pass(held.length());
    }
  }

  /** Whether a stop string came up. */
  public boolean isStopped() {
    return stopped;
  }

  private void pass(int length) {
    if (length > 0) {
      listener.accept(held.substring(0, length));
      held.delete(0, length);
    }
  }
}
