package dev.hone.tokenizer.text;

import java.util.Arrays;

/**
 * The pieces a text is cut into, in order: ranges of one {@link AlignedText}, either still to be
 * tokenized or already an added token. Stages refine the ranges or rewrite the text under them;
 * both work on two sets of buffers that take turns, so that nothing is allocated once they have grown.
 */
public final class Pieces {
  /** Id of a piece that is no added token. */
  public static final int TEXT = -1;

  /** Cuts text[from, to) into smaller pieces. */
  @FunctionalInterface
  public interface Splitter {
    /** Calls {@code out.add(start, end)} for each piece to keep; what is not added is dropped. */
    void split(AlignedText text, int from, int to, Pieces out);
  }

  /** Writes the new form of text[from, to). */
  @FunctionalInterface
  public interface Rewriter {
    /** Appends the new form to out. */
    void rewrite(AlignedText text, int from, int to, AlignedText out);
  }

  private AlignedText text = new AlignedText();
  private AlignedText spare = new AlignedText();
  private int[] starts = new int[64];
  private int[] ends = new int[64];
  private int[] ids = new int[64];
  private int count;
  private int[] oldStarts = new int[64];
  private int[] oldEnds = new int[64];
  private int[] oldIds = new int[64];

  /** Starts over: the whole of the given text is one piece (none if it is empty). */
  public void reset(String original) {
    text.set(original);
    count = 0;
    add(0, text.length());
  }

  /** The text the ranges refer to. */
  public AlignedText text() {
    return text;
  }

  /** Number of pieces. */
  public int count() {
    return count;
  }

  /** First unit of piece i. */
  public int start(int i) {
    return starts[i];
  }

  /** Unit after the last of piece i. */
  public int end(int i) {
    return ends[i];
  }

  /** Id of the added token piece i is, or {@link #TEXT}. */
  public int id(int i) {
    return ids[i];
  }

  /** Adds a piece of text; an empty one is ignored. */
  public void add(int start, int end) {
    add(start, end, TEXT);
  }

  /** Adds a piece that is the added token of the given id; an empty one is ignored. */
  public void add(int start, int end, int id) {
    if (start >= end) {
      return;
    }
    if (count == starts.length) {
      starts = Arrays.copyOf(starts, 2 * count);
      ends = Arrays.copyOf(ends, 2 * count);
      ids = Arrays.copyOf(ids, 2 * count);
    }
    starts[count] = start;
    ends[count] = end;
    ids[count++] = id;
  }

  /** Cuts every piece of text with the splitter; added tokens stay whole. */
  public void split(Splitter splitter) {
    int n = swap();
    for (int i = 0; i < n; i++) {
      if (oldIds[i] == TEXT) {
        splitter.split(text, oldStarts[i], oldEnds[i], this);
      } else {
        add(oldStarts[i], oldEnds[i], oldIds[i]);
      }
    }
  }

  /** Rewrites every piece of text; added tokens are carried over as they are. */
  public void rewrite(Rewriter rewriter) {
    int n = swap();
    AlignedText in = text;
    AlignedText out = spare;
    out.clear();
    for (int i = 0; i < n; i++) {
      int start = out.length();
      if (oldIds[i] == TEXT) {
        rewriter.rewrite(in, oldStarts[i], oldEnds[i], out);
      } else {
        out.append(in, oldStarts[i], oldEnds[i]);
      }
      add(start, out.length(), oldIds[i]);
    }
    text = out;
    spare = in;
  }

  private int swap() {
    int n = count;
    int[] s = starts;
    int[] e = ends;
    int[] d = ids;
    starts = oldStarts;
    ends = oldEnds;
    ids = oldIds;
    oldStarts = s;
    oldEnds = e;
    oldIds = d;
    count = 0;
    return n;
  }

  /** Gives arrays that a large text made grow back, see {@link AlignedText#shrink}. */
  public void shrink(int limit) {
    text.shrink(limit);
    spare.shrink(limit);
    if (starts.length > limit) {
      starts = new int[limit];
      ends = new int[limit];
      ids = new int[limit];
    }
    if (oldStarts.length > limit) {
      oldStarts = new int[limit];
      oldEnds = new int[limit];
      oldIds = new int[limit];
    }
    count = 0;
  }
}
