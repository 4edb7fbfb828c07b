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
    int[] rows = picks(tree, pass) ? head.reads(batch) : null;
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
    if (!picks(tree, pass) || rows.length == 0) {
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
    count(backbone, batch, rows, tree, pass);
    if (pass.frozen() != null && pass.frozen().depth() == backbone.depth()) { // only what is read is remembered
      return backbone.finish(pass.frozen().of(backbone, batch, rows), pass.only(rows));
    }
    Variable known = pass.frozen() == null ? null : pass.frozen().of(backbone, batch, null);
    int[] wanted = savesRows(pass) ? rows : null;
    if (tree == null) {
      Variable hidden = through(backbone, known, batch, wanted, pass);
      return rows == null || wanted != null ? hidden : GatherOps.rows(hidden, rows);
    }
    int[] places = rows == null ? tree.rows() : IntStream.of(rows).map(row -> tree.rows()[row]).toArray();
    Variable shared = known == null ? null : GatherOps.rows(known, firsts(tree));
    if (wanted == null) {
      return GatherOps.rows(through(backbone, shared, tree.batch(), null, pass.within(tree)), places);
    }
    int[] distinct = IntStream.of(places).distinct().sorted().toArray();
    Variable hidden = through(backbone, shared, tree.batch(), distinct, pass.within(tree));
    return Arrays.equals(distinct, places) ? hidden
        : GatherOps.rows(hidden, IntStream.of(places).map(place -> Arrays.binarySearch(distinct, place)).toArray());
  }

  /** Counts what is left out; what frozen layers remember counts itself. */
  private static void count(Backbone backbone, TokenBatch batch, int[] rows, PrefixTree tree, Pass pass) {
    Work work = pass.savings().work();
    if (work == null) {
      return;
    }
    int layers = backbone.depth() - (pass.frozen() == null ? 0 : pass.frozen().depth());
    work.given(batch.size(), backbone.depth());
    int computed = tree == null ? batch.size() : tree.batch().size();
    work.shared(batch.size() - computed, layers);
    if (rows != null && savesRows(pass) && layers > 0) {
      work.unread(computed - (tree == null ? rows.length : IntStream.of(rows).map(row -> tree.rows()[row]).distinct().count()));
    }
  }

  /** Through the model, or what is left of it. */
  private static Variable through(Backbone backbone, Variable known, TokenBatch batch, int[] rows, Pass pass) {
    if (known == null) {
      return backbone.forward(batch, rows, pass);
    }
    return backbone.finish(backbone.layers(known, pass.frozen().depth(), backbone.depth(), rows, batch, pass, Backbone.NOBODY),
        pass.only(rows));
  }

  /** A given row for every row of a tree. */
  private static int[] firsts(PrefixTree tree) {
    int[] firsts = new int[tree.batch().size()];
    for (int row = tree.rows().length - 1; row >= 0; row--) {
      firsts[tree.rows()[row]] = row;
    }
    return firsts;
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

  /** Whether rows that count are picked anyhow, so that heads need not. */
  private static boolean picks(PrefixTree tree, Pass pass) {
    return tree != null || savesRows(pass) || pass.frozen() != null;
  }

  /** Keys and values of a cache are wanted of all rows, and nothing else is for them. */
  private static boolean savesRows(Pass pass) {
    return pass.savings().unreadRows() && pass.cache() == null;
  }

  private static boolean ascending(int[] rows) {
    return IntStream.range(1, rows.length).allMatch(i -> rows[i - 1] < rows[i]);
  }
}
