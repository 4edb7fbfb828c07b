package dev.hone.train.inspect;

import dev.hone.train.data.Example;
import dev.hone.train.data.SourceRows;
import java.util.List;
import java.util.stream.Stream;

/** The rows of all files, numbered through: those to train on first, then those held out. */
final class Corpus {
  private final List<SourceRows> parts;
  private final int[] from;
  private final int trained;

  /**
   * Puts files together.
   *
   * @param heldOut rows to evaluate on; may be empty
   */
  Corpus(List<SourceRows> training, List<SourceRows> heldOut) {
    parts = Stream.concat(training.stream(), heldOut.stream()).toList();
    from = new int[parts.size() + 1];
    for (int p = 0; p < parts.size(); p++) {
      from[p + 1] = Math.addExact(from[p], parts.get(p).size());
    }
    trained = from[training.size()];
  }

  /** Number of rows. */
  int size() {
    return from[parts.size()];
  }

  /** Number of rows to train on; they come first. */
  int trained() {
    return trained;
  }

  boolean isHeldOut(int row) {
    return row >= trained;
  }

  boolean isLabelled() {
    return parts.getFirst().isLabelled();
  }

  List<SourceRows> parts() {
    return parts;
  }

  /** The number of the first row of a file. */
  int from(int part) {
    return from[part];
  }

  private int part(int row) {
    int p = 0;
    while (row >= from[p + 1]) {
      p++;
    }
    return p;
  }

  /** Row {@code row}; throws as {@link SourceRows#row}. */
  Example row(int row) {
    int p = part(row);
    return parts.get(p).row(row - from[p]);
  }

  boolean isDocument(int row) {
    return parts.get(part(row)).isDocument();
  }

  /** Whether rows are conversations, which a chat template renders. */
  boolean hasChat() {
    return parts.getFirst().isChat();
  }

  boolean isEmpty(int row) {
    int p = part(row);
    return parts.get(p).isEmpty(row - from[p]);
  }

  boolean lacksLabel(int row) {
    int p = part(row);
    return parts.get(p).lacksLabel(row - from[p]);
  }

  List<String> labels(int row) {
    int p = part(row);
    return parts.get(p).isLabelled() ? parts.get(p).labels(row - from[p]) : List.of("");
  }

  String label(int row) {
    int p = part(row);
    return parts.get(p).label(row - from[p]);
  }

  Finding.Place place(int row) {
    int p = part(row);
    SourceRows rows = parts.get(p);
    return new Finding.Place(rows.file().getFileName().toString(), rows.unit(), rows.number(row - from[p]));
  }
}
