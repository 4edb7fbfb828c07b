package dev.hone.tokenizer.chat.jinja;

/**
 * What is left of one rendering's {@link Limits}. Work is counted, never timed, so that the same template and input always
 * end the same way, on any machine and under any load.
 */
final class Budget {
  /** What an object that holds others takes, about, in bytes; and each reference in it. */
  private static final int OBJECT = 64;
  private static final int REFERENCE = 4;

  private final Limits limits;
  private final long maxWork;
  private final long maxMemory;
  private final int maxChars;
  private long work;
  private long memory;
  private int depth;

  Budget(Limits limits, long inputChars) {
    this.limits = limits;
    this.maxWork = limits.work() + 1024 * inputChars;
    this.maxMemory = limits.memory() + 256 * inputChars;
    this.maxChars = (int) Math.min(Integer.MAX_VALUE / 4, Math.max(limits.chars(), 4 * inputChars));
  }

  Limits limits() {
    return limits;
  }

  void step() {
    if (++work > maxWork) {
      throw tooMuchWork();
    }
  }

  /** Pays for work on many elements at once. */
  void charge(long units) {
    work += units;
    if (work > maxWork) {
      throw tooMuchWork();
    }
  }

  private JinjaException tooMuchWork() {
    return JinjaException.limit("too much work: more than " + maxWork + " steps; does the template loop? If it is only long, "
        + Limits.raise());
  }

  /** Pays for memory that the template may keep: what it lets go of is not given back, as nobody knows it here. */
  private void bytes(long count) {
    memory += count;
    if (memory > maxMemory) {
      throw JinjaException.limit("too much memory: more than " + (maxMemory >> 20) + " MB of text and lists were made; if the "
          + "template means no harm, " + Limits.raise());
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
    bytes(2 * count);
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
    bytes(OBJECT + REFERENCE * count);
  }

  /** Pays for an object that is small, but may be made and kept again and again. */
  void object(int references) {
    bytes(OBJECT + 2L * REFERENCE * references);
  }

  void enter() {
    if (++depth > limits.depth()) {
      throw JinjaException.limit("nested too deeply: more than " + limits.depth() + " evaluations within each other");
    }
  }

  void leave() {
    depth--;
  }
}
