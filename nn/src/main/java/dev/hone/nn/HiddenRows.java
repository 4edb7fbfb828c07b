package dev.hone.nn;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.Variable;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Hidden states of the rows that count, with what belongs to them.
 *
 * @param hidden [M, C]
 * @param labels of the rows, or null where there are none
 * @param pass of these rows
 */
record HiddenRows(Variable hidden, int[] labels, Pass pass) {

  /** A head's answers, from the rows that it reads if the pass saves the others. */
  static Variable answers(Backbone backbone, Head head, TokenBatch batch, Pass pass) {
    PrefixTree tree = tree(backbone, batch, pass);
    int[] rows = tree != null || savesRows(pass) ? head.reads(batch) : null;
    return rows == null || !ascending(rows) ? head.forward(of(backbone, batch, null, tree, pass), batch, pass)
        : head.forwardRead(of(backbone, batch, rows, tree, pass), batch, pass);
  }

  /**
   * All rows with their labels or, if the pass saves the others, those that have one.
   *
   * @param labels of the N rows, negative where there is none
   */
  static HiddenRows labelled(Backbone backbone, TokenBatch batch, int[] labels, Pass pass) {
    PrefixTree tree = tree(backbone, batch, pass);
    int[] rows = rows(labels);
    if (tree == null && !savesRows(pass) || rows.length == 0) {
      return new HiddenRows(of(backbone, batch, null, tree, pass), labels, pass);
    }
    return new HiddenRows(of(backbone, batch, rows, tree, pass), IntStream.of(rows).map(row -> labels[row]).toArray(),
        pass.rows(rows));
  }

  /** All hidden states. [N, C]. */
  static Variable all(Backbone backbone, TokenBatch batch, Pass pass) {
    return of(backbone, batch, null, tree(backbone, batch, pass), pass);
  }

  /** Hidden states of some rows, ascending, or of all; [M, C]. */
  private static Variable of(Backbone backbone, TokenBatch batch, int[] rows, PrefixTree tree, Pass pass) {
    if (tree == null) {
      return backbone.forward(batch, rows, pass);
    }
    int[] places = rows == null ? tree.rows() : IntStream.of(rows).map(row -> tree.rows()[row]).toArray();
    if (rows == null || !savesRows(pass)) {
      return GatherOps.rows(backbone.forward(tree.batch(), pass.within(tree)), places);
    }
    int[] distinct = IntStream.of(places).distinct().sorted().toArray();
    Variable hidden = backbone.forward(tree.batch(), distinct, pass.within(tree));
    return Arrays.equals(distinct, places) ? hidden
        : GatherOps.rows(hidden, IntStream.of(places).map(place -> Arrays.binarySearch(distinct, place)).toArray());
  }

  /** What sequences share, or null if they share nothing or it is not computed once. */
  private static PrefixTree tree(Backbone backbone, TokenBatch batch, Pass pass) {
    return pass.savings().sharedPrefixes() && batch.sequences() > 1 && pass.cache() == null && unshared(backbone, pass) == null
        ? PrefixTree.of(batch) : null;
  }

  /** Why what sequences begin with alike is not computed once, in words; null if it is. */
  static String unshared(Backbone backbone, Pass pass) {
    if (pass.routes() != null) {
      return "its sequences go through different adapters";
    }
    if (pass.training() && pass.noise() > 0) {
      return "embeddings get noise (neftune_noise_alpha)";
    }
    if (pass.training() && adapterDropsOut(backbone)) {
      return "the adapter has dropout (--lora-dropout 0 turns it off)";
    }
    return backbone.unshared(pass);
  }

  private static boolean adapterDropsOut(Backbone backbone) {
    boolean[] found = {false};
    new LayerVisitor() {
      @Override
      public void adapter(Layer adapter) {
        found[0] |= adapter instanceof LinearAdapter linear && linear.dropout() > 0;
      }
    }.layer("", backbone);
    return found[0];
  }

  /** The rows that have a label. */
  private static int[] rows(int[] labels) {
    return IntStream.range(0, labels.length).filter(row -> labels[row] >= 0).toArray();
  }

  /** Those of these rows that have a label. */
  HiddenRows counted() {
    int[] rows = rows(labels);
    return rows.length == labels.length ? this
        : new HiddenRows(GatherOps.rows(hidden, rows), IntStream.of(rows).map(row -> labels[row]).toArray(), pass.rows(rows));
  }

  /** Keys and values of a cache are wanted of all rows, and nothing else is for them. */
  private static boolean savesRows(Pass pass) {
    return pass.savings().unreadRows() && pass.cache() == null;
  }

  private static boolean ascending(int[] rows) {
    return IntStream.range(1, rows.length).allMatch(i -> rows[i - 1] < rows[i]);
  }
}
