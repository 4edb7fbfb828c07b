package dev.hone.train.cli;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.GradMode;
import dev.hone.autograd.Variable;
import dev.hone.core.DType;
import dev.hone.core.Scope;
import dev.hone.core.parallel.Turn;
import dev.hone.nn.CausalHead;
import dev.hone.nn.KvCache;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.load.ModelLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Passes of a small model of the same family as one that is to answer, with weights of the same type, so that they meet the same
 * kernels. A configuration that cannot be made small has none: what is compiled too late then costs time, nothing else.
 */
final class AnswerPass {
  private static final System.Logger LOG = System.getLogger("dev.hone.train");
  private static final int LONG = 11; // together a row more than vectors of 8 and 16 lanes hold whole
  private static final int SHORT = 7;

  private final PretrainedModel model; // null if there is none
  private final TokenBatch prompts = TokenBatch.of(List.of(tokens(LONG), tokens(SHORT)));

  /**
   * Makes the model.
   *
   * @param directory of the model that is to answer
   * @param quantized what its weights become, or null
   */
  AnswerPass(Path directory, Task task, DType quantized) {
    PretrainedModel small = null;
    try {
      small = ModelLoader.miniature(directory, task, quantized);
    } catch (RuntimeException e) { // whoever loads the model itself says what is wrong with it
      LOG.log(System.Logger.Level.DEBUG, "no warm-up for " + directory, e);
    }
    model = small;
  }

  private static int[] tokens(int count) {
    return IntStream.rangeClosed(1, count).toArray();
  }

  /** Reads two texts; a decoder then writes a token of each. */
  void run(int number) {
    if (model == null) {
      return;
    }
    try (GradMode _ = GradMode.disabled(); Turn _ = Turn.take(); Scope _ = Scope.open()) {
      if (!(model.head() instanceof CausalHead head)) {
        model.forward(prompts, Pass.inference()).value().toFloatArray();
        return;
      }
      KvCache cache = new KvCache(model.config().layers(), prompts.sequences(), LONG + 1);
      write(head, prompts, prompts.lastRows(), cache);
      for (int s = 0; s < prompts.sequences(); s++) {
        TokenBatch next = new TokenBatch(new int[] {s}, new int[] {s == 0 ? LONG : SHORT}, new int[] {0, 1}, null);
        write(head, next, new int[] {0}, cache.each(new int[] {s}));
      }
    }
  }

  private void write(CausalHead head, TokenBatch batch, int[] rows, KvCache cache) {
    Variable hidden = model.hidden(batch, Pass.continuing(cache));
    for (int row : rows) {
      head.logits(GatherOps.rows(hidden, new int[] {row}), Pass.inference()).value().toFloatArray();
    }
  }
}
