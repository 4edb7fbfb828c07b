package dev.hone.train.inspect;

import dev.hone.train.inspect.Finding.Hit;
import dev.hone.train.inspect.Finding.Level;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Rows that a check finds, in rising order. */
final class Rows {
  private final Corpus corpus;
  private final List<Hit> first = new ArrayList<>();
  /** All of them, by their numbers. */
  final BitSet all = new BitSet();

  Rows(Corpus corpus) {
    this.corpus = corpus;
  }

  void add(int row) {
    add(row, -1, "");
  }

  /** Adds a row, compared with {@code other} or -1. */
  void add(int row, int other, String detail) {
    all.set(row);
    if (first.size() < Finding.KEPT) {
      first.add(new Hit(corpus.place(row), other < 0 ? null : corpus.place(other), detail));
    }
  }

  /** Whether a detail is still worth working out. */
  boolean isShown() {
    return first.size() < Finding.KEPT;
  }

  /** The first of them, as a finding names them. */
  List<Hit> first() {
    return List.copyOf(first);
  }

  int count() {
    return all.cardinality();
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  /** The finding; {@code none} is its verdict if there are no rows. */
  Finding finding(Check check, Level level, String verdict, String none) {
    return isEmpty() ? Finding.ok(check, none) : new Finding(check, level, verdict, count(), first);
  }
}
