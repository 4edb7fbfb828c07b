package dev.hone.lora;

import dev.hone.nn.InputAdapter;
import dev.hone.nn.KvCache;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import java.util.Arrays;
import java.util.List;

/**
 * Finds where in each sequence an adapter wakes: at the last place where its tokens stand. What is written after a prompt goes on
 * as the prompt ended.
 *
 * @param tokens at least one
 */
record InvocationInput(List<Integer> tokens) implements InputAdapter {
  /** The route of rows before that place. */
  static final int ASLEEP = -1;

  @Override
  public int virtualTokens() {
    return 0;
  }

  @Override
  public Input apply(TokenBatch batch, Pass pass) {
    KvCache cache = pass.cache();
    boolean goesOn = cache != null && !cache.isEmpty();
    int[] routes = new int[batch.size()];
    for (int s = 0; s < batch.sequences(); s++) {
      int from = batch.offsets()[s];
      int to = batch.offsets()[s + 1];
      int first = !goesOn ? last(batch.tokens(), from, to) : cache.isInvoked(s) ? from : to;
      Arrays.fill(routes, from, first, ASLEEP);
      if (cache != null && !goesOn) {
        cache.setInvoked(s, first < to);
      }
    }
    return new Input(batch, pass.withRoutes(routes), null);
  }

  /** Where the tokens stand last; {@code to} if they do not. */
  private int last(int[] all, int from, int to) {
    for (int first = to - tokens.size(); first >= from; first--) {
      int i = 0;
      while (i < tokens.size() && all[first + i] == tokens.get(i)) {
        i++;
      }
      if (i == tokens.size()) {
        return first;
      }
    }
    return to;
  }

  @Override
  public void visit(LayerVisitor visitor) {}
}
