package dev.hone.tokenizer.postprocessor;

import dev.hone.tokenizer.tokens.OffsetTrim;
import dev.hone.tokenizer.tokens.Part;
import java.util.ArrayList;
import java.util.List;

/**
 * Says in which order the tokens of one or two texts and the special tokens around them are put
 * together, and whether token ranges lose their white space. Immutable.
 */
public sealed interface PostProcessor {

  /** The parts of a finished encoding, special tokens included. */
  List<Part> order(boolean pair);

  /** How ranges are narrowed before anything is added. */
  default List<OffsetTrim> trims() {
    return List.of();
  }

  /** Whether this one adds tokens or changes segment numbers. */
  default boolean arranges() {
    return true;
  }

  /** The parts without the special tokens. */
  default List<Part> orderWithoutSpecial(boolean pair) {
    return order(pair).stream().filter(p -> p instanceof Part.Sequence).toList();
  }

  /** The number of special tokens around one text or a pair. */
  default int added(boolean pair) {
    return order(pair).stream()
        .mapToInt(p -> p instanceof Part.Special special ? special.ids().length : 0).sum();
  }

  /** Nothing is added: the texts follow each other, the second as segment 1. */
  record None() implements PostProcessor {
    @Override
    public List<Part> order(boolean pair) {
      Part first = new Part.Sequence(0, 0);
      return pair ? List.of(first, new Part.Sequence(1, 1)) : List.of(first);
    }

    @Override
    public boolean arranges() {
      return false;
    }
  }

  /** Any order, as a template for one text and one for a pair. */
  record Template(List<Part> single, List<Part> pair) implements PostProcessor {
    /** Keeps copies of the lists. */
    public Template {
      single = List.copyOf(single);
      pair = List.copyOf(pair);
    }

    @Override
    public List<Part> order(boolean isPair) {
      return isPair ? pair : single;
    }
  }

  /** BERT's: cls A sep, or cls A sep B sep with B as segment 1. */
  record Bert(Part.Special cls, Part.Special sep) implements PostProcessor {
    @Override
    public List<Part> order(boolean pair) {
      List<Part> order = new ArrayList<>(List.of(cls, new Part.Sequence(0, 0), sep));
      if (pair) {
        order.addAll(List.of(new Part.Sequence(1, 1), new Part.Special(sep.ids(), sep.tokens(), 1)));
      }
      return order;
    }
  }

  /** RoBERTa's: cls A sep, or cls A sep sep B sep, all as segment 0. */
  record Roberta(Part.Special cls, Part.Special sep, boolean trimOffsets, boolean addPrefixSpace)
      implements PostProcessor {
    @Override
    public List<Part> order(boolean pair) {
      List<Part> order = new ArrayList<>(List.of(cls, new Part.Sequence(0, 0), sep));
      if (pair) {
        order.addAll(List.of(sep, new Part.Sequence(1, 0), sep));
      }
      return order;
    }

    @Override
    public List<OffsetTrim> trims() {
      return trimOffsets ? List.of(new OffsetTrim(addPrefixSpace)) : List.of();
    }
  }

  /** Byte-level: nothing is added, ranges may lose their white space. */
  record ByteLevel(boolean trimOffsets, boolean addPrefixSpace) implements PostProcessor {
    @Override
    public List<Part> order(boolean pair) {
      return new None().order(pair);
    }

    @Override
    public List<OffsetTrim> trims() {
      return trimOffsets ? List.of(new OffsetTrim(addPrefixSpace)) : List.of();
    }

    @Override
    public boolean arranges() {
      return false;
    }
  }

  /** Several post-processors, of which at most one may add tokens. */
  record Sequence(List<PostProcessor> steps) implements PostProcessor {
    /** Checks and copies the list. */
    public Sequence {
      steps = List.copyOf(steps);
      if (steps.stream().filter(PostProcessor::arranges).count() > 1) {
        throw new dev.hone.tokenizer.definition.TokenizerException("post-processor Sequence: more than one of its steps adds "
            + "special tokens, which has no defined order: " + steps);
      }
    }

    @Override
    public List<Part> order(boolean pair) {
      return steps.stream().filter(PostProcessor::arranges).findFirst().orElse(new None()).order(pair);
    }

    @Override
    public List<OffsetTrim> trims() {
      return steps.stream().flatMap(s -> s.trims().stream()).toList();
    }

    @Override
    public boolean arranges() {
      return steps.stream().anyMatch(PostProcessor::arranges);
    }
  }
}
