package dev.hone.core.kernel.cpu;

import dev.hone.core.AttentionSpec;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.AttentionKernels;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.KeyPages;
import dev.hone.core.kernel.loops.AttentionCall;
import dev.hone.core.kernel.loops.AttentionLoops;
import dev.hone.core.kernel.loops.SequenceOrder;
import dev.hone.core.parallel.Workers;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** Attention on the CPU: checks the operands and hands out items and runs of rows. */
final class CpuAttention implements AttentionKernels {
  private static final int ROTATE_GRAIN = 1 << 14; // numbers that one block turns

  private final AttentionLoops loops;

  CpuAttention(AttentionLoops loops) {
    this.loops = loops;
  }

  @Override
  public void forward(AttentionSpec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp) {
    AttentionOperands.check(spec, q, k, v, out, logSumExp);
    forward(new AttentionCall(spec, q, k, v, out, logSumExp, null, null, null, null));
  }

  @Override
  public void forward(AttentionSpec spec, Columns q, KeyPages pages, Columns out) {
    AttentionOperands.check(spec, q, pages, out);
    forward(new AttentionCall(spec, q, Columns.of(pages.keys()), Columns.of(pages.values()), out, null, null, null, null, null,
        pages));
  }

  @Override
  public void store(Columns source, int[] rows, Tensor target) {
    int width = AttentionOperands.checkStore(source, rows, target);
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(source.array(), source.offset() + i * source.stride(), target.array(), target.offset() + rows[i] * width,
          width);
    }
  }

  private void forward(AttentionCall call) {
    AttentionSpec spec = call.spec();
    AttentionItems items = AttentionItems.ofQueries(spec);
    Workers.run(items.blocks(), block -> {
      for (int i = items.firstItem(block); i < items.firstItem(block + 1); i++) {
        loops.forward(call, items.sequence(i), items.kvHead(i), items.from(i), items.to(i));
      }
    });
  }

  @Override
  public void backward(AttentionSpec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp, Columns dOut,
      Columns dq,
      Columns dk, Columns dv) {
    AttentionOperands.checkBackward(spec, q, k, v, out, logSumExp, dOut, dq, dk, dv);
    AttentionCall call = new AttentionCall(spec, q, k, v, out, logSumExp, dOut, dq, dk, dv);
    AttentionItems items = AttentionItems.ofKeys(spec);
    AtomicIntegerArray ended = new AtomicIntegerArray(items.count());
    Workers.run(items.blocks(), block -> {
      for (int i = items.firstItem(block); i < items.firstItem(block + 1); i++) {
        SequenceOrder turn = new SequenceOrder(ended, i, items.from(i) == 0);
        try {
          loops.backward(call, items.sequence(i), items.kvHead(i), items.from(i), items.to(i), turn);
        } finally {
          turn.endAll(); // also after a failure, which Workers reports: nobody must wait for us
        }
      }
    });
  }

  @Override
  public void rotate(Columns x, int headDim, Tensor cos, Tensor sin, int[] positions, boolean neighbours, boolean inverse,
      Columns y) {
    int half = AttentionOperands.checkRotation(x, headDim, cos, sin, positions, y);
    float sign = inverse ? -1 : 1;
    int heads = x.width() / headDim;
    int grain = Math.max(1, ROTATE_GRAIN / Math.max(1, x.width()));
    Workers.ranges(positions.length, grain, (from, to) -> {
      for (int row = from; row < to; row++) {
        int angle = positions[row] * half;
        if (neighbours) {
          loops.rotateNeighbours(x.array(), x.offset() + row * x.stride(), y.array(), y.offset() + row * y.stride(), heads,
              headDim, half, cos.array(), cos.offset() + angle, sin.array(), sin.offset() + angle, sign);
        } else {
          loops.rotate(x.array(), x.offset() + row * x.stride(), y.array(), y.offset() + row * y.stride(), heads, headDim, half,
              cos.array(), cos.offset() + angle, sin.array(), sin.offset() + angle, sign);
        }
      }
    });
  }
}
