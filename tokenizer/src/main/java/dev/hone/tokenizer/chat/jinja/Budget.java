package dev.hone.tokenizer.chat.jinja;

/**
 * What is left of one rendering's {@link Limits}. Work is counted rather than timed, so that the same template and
 * input always end the same way; the clock is only the second line of defence.
 */
final class Budget {
  private static final long CHECK_EVERY = 2048;
  /** Between two checks at most this much counts: a long pause of the machine is not the template's doing. */
  private static final long NANOS_PER_CHECK = 50_000_000;
  private static final long NANOS_PER_UNIT = 1_000;

  private final Limits limits;
  private final long maxWork;
  private final long maxNanos;
  private final int maxChars;
  private long work;
  private long checked;
  private long nextCheck = CHECK_EVERY;
  private long clock = System.nanoTime();
  private long spent;
  private int depth;

  Budget(Limits limits, long inputChars) {
    this.limits = limits;
    this.maxWork = limits.work() + 16 * inputChars;
    this.maxNanos = limits.time().toNanos() + 20 * inputChars;
    this.maxChars = (int) Math.min(Integer.MAX_VALUE / 4, Math.max(limits.chars(), 4 * inputChars));
  }

  Limits limits() {
    return limits;
  }

  void step() {
    if (++work >= nextCheck) {
      check();
    }
  }

  /** Pays for work on many elements at once. */
  void charge(long units) {
    work += units;
    if (work >= nextCheck) {
      check();
    }
  }

  /** Pays for looking at text of so many characters. */
  void scan(int chars) {
    if (chars >= 16) {
      charge(chars >> 4);
    }
  }

  /** Pays for a search, which may compare most of the needle at every place. */
  void search(int chars, int needle) {
    scan(chars);
    charge((long) chars * Math.min(needle, CodePoints.SHORT_NEEDLE) / CodePoints.SHORT_NEEDLE);
  }

  /** Pays for making text of so many characters, before it is made. */
  void chars(long count) {
    length(count);
    if (count >= 4) {
      charge(count >> 2);
    }
  }

  /** Bounds the length of one text that was paid for in pieces. */
  void length(long count) {
    if (count > maxChars) {
      throw JinjaException.limit("a text of " + count + " characters; the sandbox allows " + maxChars);
    }
  }

  /** Pays for making a collection of so many elements, before it is made. */
  void items(long count) {
    if (count > maxWork) {
      throw JinjaException.limit("a sequence of " + count + " elements; the sandbox allows " + maxWork);
    }
    charge(count);
  }

  void enter() {
    if (++depth > limits.depth()) {
      throw JinjaException.limit("nested too deeply: more than " + limits.depth() + " evaluations within each other");
    }
  }

  void leave() {
    depth--;
  }

  private void check() {
    if (work > maxWork) {
      throw JinjaException.limit("too much work: more than " + maxWork + " steps; does the template loop?");
    }
    long now = System.nanoTime();
    spent += Math.min(now - clock, NANOS_PER_CHECK + (work - checked) * NANOS_PER_UNIT);
    if (spent > maxNanos) {
      throw JinjaException.limit("too much time: more than " + maxNanos / 1_000_000 + " ms");
    }
    clock = now;
    checked = work;
    nextCheck = work + CHECK_EVERY;
  }
}
