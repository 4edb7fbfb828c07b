package dev.hone.tokenizer.normalizer;

import dev.hone.tokenizer.text.AlignedText;
import dev.hone.tokenizer.unicode.NormalForm;
import java.util.List;

/** Rewrites text before it is cut into pieces. Immutable and stateless. */
public sealed interface Normalizer permits BertNormalizer, Lowercase, Normalizer.Form, Normalizer.Sequence {

  /** Appends the new form of in[from, to) to out. */
  void normalize(AlignedText in, int from, int to, AlignedText out);

  /** One of the Unicode normalisation forms. */
  record Form(NormalForm form) implements Normalizer {
    @Override
    public void normalize(AlignedText in, int from, int to, AlignedText out) {
      form.normalize(in, from, to, out);
    }
  }

  /** Several normalisers, one after the other. */
  record Sequence(List<Normalizer> steps) implements Normalizer {
    /** Keeps a copy of the list. */
    public Sequence {
      steps = List.copyOf(steps);
    }

    @Override
    public void normalize(AlignedText in, int from, int to, AlignedText out) {
      AlignedText source = in;
      int start = from;
      int end = to;
      for (int i = 0; i + 1 < steps.size(); i++) {
        AlignedText next = new AlignedText();
        steps.get(i).normalize(source, start, end, next);
        source = next;
        start = 0;
        end = next.length();
      }
      if (steps.isEmpty()) out.append(source, start, end);
      else steps.getLast().normalize(source, start, end, out);
    }
  }
}
