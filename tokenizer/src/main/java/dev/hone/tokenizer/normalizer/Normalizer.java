package dev.hone.tokenizer.normalizer;

import dev.hone.tokenizer.regex.Search;
import dev.hone.tokenizer.text.AlignedText;
import dev.hone.tokenizer.text.ByteChars;
import dev.hone.tokenizer.text.Edit;
import dev.hone.tokenizer.unicode.CharClass;
import dev.hone.tokenizer.unicode.Marks;
import dev.hone.tokenizer.unicode.NormalForm;
import java.util.List;

/** Rewrites text before it is cut into pieces. Immutable and stateless. */
public sealed interface Normalizer permits BertNormalizer, Lowercase, Nmt, Precompiled, Normalizer.Form,
    Normalizer.Strip, Normalizer.StripAccents, Normalizer.Replace, Normalizer.Prepend,
    Normalizer.ByteLevel, Normalizer.Sequence {

  /** Appends the new form of in[from, to), which may be empty, to out. */
  void normalize(AlignedText in, int from, int to, AlignedText out);

  /** One of the Unicode normalisation forms. */
  record Form(NormalForm form) implements Normalizer {
    @Override
    public void normalize(AlignedText in, int from, int to, AlignedText out) {
      form.normalize(in, from, to, out);
    }
  }

  /** Drops white space at the ends. */
  record Strip(boolean left, boolean right) implements Normalizer {
    @Override
    public void normalize(AlignedText in, int from, int to, AlignedText out) {
      int start = from;
      int end = to;
      while (left && start < end && isSpace(in.chars()[start])) {
        start++;
      }
      while (right && start < end && isSpace(in.chars()[end - 1])) {
        end--;
      }
      out.append(in, start, end);
    }

    private static boolean isSpace(char c) {
      return (CharClass.of(c) & CharClass.SPACE) != 0;
    }
  }

  /** Drops combining marks; composed characters keep theirs unless a decomposition came before. */
  record StripAccents() implements Normalizer {
    @Override
    public void normalize(AlignedText in, int from, int to, AlignedText out) {
      in.forEach(from, to, (c, origin) -> {
        if (!Marks.isCombining(c)) {
          out.appendCodePoint(c, origin);
        }
      });
    }
  }

  /** Replaces whatever a search finds by a fixed text. */
  record Replace(Search search, String content) implements Normalizer {
    @Override
    public void normalize(AlignedText in, int from, int to, AlignedText out) {
      Search.Hits hits = search.in(in.chars(), from, to);
      int done = from;
      for (long hit; (hit = hits.next()) != Search.NONE; done = Search.end(hit)) {
        out.append(in, done, Search.start(hit));
        long origin = Edit.originBefore(in, from, Search.end(hit));
        for (int i = 0; i < content.length(); i++) {
          out.append(content.charAt(i), origin);
        }
      }
      out.append(in, done, to);
    }
  }

  /** Puts a text in front, unless there is nothing to put it in front of. */
  record Prepend(String text) implements Normalizer {
    @Override
    public void normalize(AlignedText in, int from, int to, AlignedText out) {
      if (from < to) {
        int width = Character.charCount(Character.codePointAt(in.chars(), from, to));
        long origin = in.origin(from, from + width);
        for (int i = 0; i < text.length(); i++) {
          out.append(text.charAt(i), origin);
        }
      }
      out.append(in, from, to);
    }
  }

  /** Turns every UTF-8 byte into one printable character. */
  record ByteLevel() implements Normalizer {
    @Override
    public void normalize(AlignedText in, int from, int to, AlignedText out) {
      ByteChars.encode(in, from, to, out);
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
      if (steps.isEmpty()) {
        out.append(source, start, end);
      } else {
        steps.getLast().normalize(source, start, end, out);
      }
    }
  }
}
