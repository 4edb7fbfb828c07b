package dev.hone.tokenizer.pretokenizer;

import dev.hone.tokenizer.regex.Search;
import dev.hone.tokenizer.text.Pieces;

/** What becomes of the matches when text is cut at them. */
public enum SplitBehavior {
  /** They are dropped. */
  REMOVED,
  /** Each is a piece of its own. */
  ISOLATED,
  /** Each is the end of the piece before it. */
  MERGED_WITH_PREVIOUS,
  /** Each is the beginning of the piece after it. */
  MERGED_WITH_NEXT,
  /** Neighbouring matches are one piece. */
  CONTIGUOUS;

  /**
   * Cuts text[from, to) at the matches.
   *
   * @param invert cut at what lies between the matches instead
   */
  void split(Search search, boolean invert, char[] text, int from, int to, Pieces out) {
    Search.Hits hits = search.in(text, from, to);
    Cutter cutter = new Cutter(this, out);
    int done = from;
    for (long hit; (hit = hits.next()) != Search.NONE; done = Search.end(hit)) {
      if (Search.start(hit) > done) {
        cutter.take(done, Search.start(hit), invert);
      }
      cutter.take(Search.start(hit), Search.end(hit), !invert);
    }
    if (done < to) {
      cutter.take(done, to, invert);
    }
    cutter.finish();
  }

  /** Receives matches and gaps in order and holds the piece that may still grow. */
  private static final class Cutter {
    private final SplitBehavior behavior;
    private final Pieces out;
    private int start;
    private int end;
    private boolean pending;
    private boolean previousMatch;

    Cutter(SplitBehavior behavior, Pieces out) {
      this.behavior = behavior;
      this.out = out;
    }

    void take(int from, int to, boolean match) {
      switch (behavior) {
        case REMOVED -> {
          if (!match) {
            out.add(from, to);
          }
        }
        case ISOLATED -> out.add(from, to);
        case CONTIGUOUS -> grow(from, to, match == previousMatch);
        case MERGED_WITH_PREVIOUS -> grow(from, to, match && !previousMatch);
        case MERGED_WITH_NEXT -> {
          // Seen from the right: a match joins what follows unless that is a match as well.
          grow(from, to, previousMatch && !match);
        }
      }
      previousMatch = match;
    }

    private void grow(int from, int to, boolean join) {
      if (!join || !pending) {
        finish();
        start = from;
      }
      end = to;
      pending = true;
    }

    void finish() {
      if (pending) {
        out.add(start, end);
      }
      pending = false;
    }
  }
}
