package dev.hone.tokenizer.tokens;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/**
 * A finished encoding as plain arrays of one length. Nobody changes them once they are filled.
 *
 * @param ids token ids
 * @param starts first code point of the original text
 * @param ends code point after the last
 * @param words index of the piece or word, -1 for added special tokens
 * @param typeIds segment numbers
 * @param sequences 0 or 1, {@link #SPECIAL} for added special tokens, {@link #PAD} for padding
 * @param texts token texts where they differ from the vocabulary's, null where none does
 * @param overflowing what truncation cut off
 */
public record EncodedTokens(int[] ids, int[] starts, int[] ends, int[] words, int[] typeIds,
    byte[] sequences, String[] texts, List<EncodedTokens> overflowing) {
  /** Sequence number of a special token the post-processor added. */
  public static final byte SPECIAL = -1;
  /** Sequence number of padding. */
  public static final byte PAD = -2;

  /**
   * Puts an encoding together.
   *
   * @param order the parts in order
   * @param buffers the tokens of the sequences
   * @param cuts the cuts of the sequences
   * @param trims how ranges are narrowed, in order
   * @param vocabulary token text by id, for the trims
   */
  public static EncodedTokens assemble(List<Part> order, TokenBuffer[] buffers, Cuts[] cuts,
      List<OffsetTrim> trims, IntFunction<String> vocabulary) {
    int[] main = new int[order.size()];
    List<int[]> others = overflowChoices(order, cuts);
    List<EncodedTokens> overflowing = new ArrayList<>(others.size());
    for (int[] choice : others) {
      overflowing.add(fill(order, choice, buffers, cuts, trims, vocabulary, List.of()));
    }
    return fill(order, main, buffers, cuts, trims, vocabulary, List.copyOf(overflowing));
  }

  /**
   * Which window each part shows in each overflowing encoding: every window of one sequence is combined
   * with every window of the other, in the order in which appending part after part produces them.
   */
  private static List<int[]> overflowChoices(List<Part> order, Cuts[] cuts) {
    List<int[]> done = List.of();
    for (int p = 0; p < order.size(); p++) {
      if (!(order.get(p) instanceof Part.Sequence(int index, _))) {
        continue;
      }
      int windows = cuts[index].windows().size();
      if (windows == 1) {
        continue;
      }
      List<int[]> next = new ArrayList<>();
      for (int[] before : done) {
        for (int w = 0; w < windows; w++) {
          next.add(with(before, p, w));
        }
      }
      for (int w = 1; w < windows; w++) {
        next.add(with(new int[order.size()], p, w));
      }
      done = next;
    }
    return done;
  }

  private static int[] with(int[] choice, int part, int window) {
    int[] copy = choice.clone();
    copy[part] = window;
    return copy;
  }

  private static EncodedTokens fill(List<Part> order, int[] choice, TokenBuffer[] buffers, Cuts[] cuts,
      List<OffsetTrim> trims, IntFunction<String> vocabulary, List<EncodedTokens> overflowing) {
    int size = 0;
    boolean anyText = false;
    for (int p = 0; p < choice.length; p++) {
      switch (order.get(p)) {
        case Part.Sequence(int index, _) -> {
          int[] window = cuts[index].windows().get(choice[p]);
          size += window[1] - window[0];
          anyText |= buffers[index].hasTexts();
        }
        case Part.Special special -> {
          size += special.ids().length;
          for (int i = 0; i < special.ids().length; i++) {
            anyText |= !special.tokens()[i].equals(vocabulary.apply(special.ids()[i]));
          }
        }
      }
    }
    EncodedTokens to = new EncodedTokens(new int[size], new int[size], new int[size], new int[size],
        new int[size], new byte[size], anyText ? new String[size] : null, overflowing);
    int at = 0;
    for (int p = 0; p < choice.length; p++) {
      switch (order.get(p)) {
        case Part.Sequence(int index, int typeId) -> {
          int[] window = cuts[index].windows().get(choice[p]);
          at = to.copy(at, buffers[index], window[0], window[1], index, typeId, trims, vocabulary);
        }
        case Part.Special special -> at = to.add(at, special, vocabulary);
      }
    }
    return to;
  }

  private int copy(int at, TokenBuffer from, int start, int end, int sequence, int typeId,
      List<OffsetTrim> trims, IntFunction<String> vocabulary) {
    int n = end - start;
    System.arraycopy(from.ids, start, ids, at, n);
    System.arraycopy(from.starts, start, starts, at, n);
    System.arraycopy(from.ends, start, ends, at, n);
    System.arraycopy(from.words, start, words, at, n);
    if (typeId != 0) {
      Arrays.fill(typeIds, at, at + n, typeId);
    }
    if (sequence != 0) {
      Arrays.fill(sequences, at, at + n, (byte) sequence);
    }
    if (from.hasTexts()) {
      for (int i = 0; i < n; i++) {
        texts[at + i] = from.text(start + i);
      }
    }
    for (OffsetTrim trim : trims) {
      trim(trim, at, n, from, start, vocabulary);
    }
    return at + n;
  }

  private void trim(OffsetTrim trim, int at, int n, TokenBuffer from, int start, IntFunction<String> vocabulary) {
    for (int i = 0; i < n; i++) {
      String own = from.text(start + i);
      trim.apply(i == 0, own != null ? own : vocabulary.apply(ids[at + i]), starts, ends, at + i);
    }
  }

  private int add(int at, Part.Special special, IntFunction<String> vocabulary) {
    for (int i = 0; i < special.ids().length; i++, at++) {
      ids[at] = special.ids()[i];
      words[at] = -1;
      typeIds[at] = special.typeId();
      sequences[at] = SPECIAL;
      String token = special.tokens()[i];
      if (texts != null && !token.equals(vocabulary.apply(ids[at]))) {
        texts[at] = token;
      }
    }
    return at;
  }

  /** This encoding with padding before or after it, up to the given length. */
  public EncodedTokens padded(int length, boolean left, int id, int typeId, String token, String known) {
    int n = ids.length;
    int more = length - n;
    List<EncodedTokens> rest = new ArrayList<>(overflowing.size());
    for (EncodedTokens o : overflowing) {
      rest.add(o.padded(length, left, id, typeId, token, known));
    }
    if (more <= 0) {
      return new EncodedTokens(ids, starts, ends, words, typeIds, sequences, texts, List.copyOf(rest));
    }
    int at = left ? more : 0;
    int gap = left ? 0 : n;
    EncodedTokens to = new EncodedTokens(moved(ids, at, more), moved(starts, at, more), moved(ends, at, more),
        moved(words, at, more), moved(typeIds, at, more), new byte[length],
        texts == null && token.equals(known) ? null : new String[length], List.copyOf(rest));
    System.arraycopy(sequences, 0, to.sequences, at, n);
    if (texts != null) {
      System.arraycopy(texts, 0, to.texts, at, n);
    }
    for (int i = gap; i < gap + more; i++) {
      to.ids[i] = id;
      to.typeIds[i] = typeId;
      to.words[i] = -1;
      to.sequences[i] = PAD;
      if (to.texts != null) {
        to.texts[i] = token;
      }
    }
    return to;
  }

  private static int[] moved(int[] values, int at, int more) {
    int[] to = new int[values.length + more];
    System.arraycopy(values, 0, to, at, values.length);
    return to;
  }
}
