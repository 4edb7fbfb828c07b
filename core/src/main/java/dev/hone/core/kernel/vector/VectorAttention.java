package dev.hone.core.kernel.vector;

import dev.hone.core.kernel.loops.AttentionCall;
import dev.hone.core.kernel.loops.AttentionLoops;
import dev.hone.core.kernel.loops.SequenceOrder;

/** Attention in tiles on the Vector API; single queries stream their keys instead. */
public final class VectorAttention extends AttentionLoops {
  @Override
  public void forward(AttentionCall call, int sequence, int kvHead, int from, int to) {
    if (call.visibility(sequence).queries() == 1 && call.spec().dropout() == 0) {
      new AttentionDecode(call, sequence, kvHead).run();
      return;
    }
    AttentionForward pass = new AttentionForward(call, sequence, kvHead, from, to);
    for (int head = kvHead * call.group(); head < (kvHead + 1) * call.group(); head++) {
      for (int query = from; query < to; query += ScoreBlock.QUERIES) {
        pass.block(head, query, Math.min(to, query + ScoreBlock.QUERIES));
      }
    }
  }

  @Override
  public void backward(AttentionCall call, int sequence, int kvHead, int from, int to, SequenceOrder turn) {
    new AttentionBackward(call, sequence, kvHead, from, to).run(turn);
  }

  @Override
  public void rotate(float[] x, int xAt, float[] y, int yAt, int heads, int headDim, int half, float[] cos, int cosAt,
      float[] sin, int sinAt, float sign) {
    for (int head = 0; head < heads; head++) {
      RotaryLoops.rotate(x, xAt + head * headDim, y, yAt + head * headDim, headDim, half, cos, cosAt, sin, sinAt, sign);
    }
  }

  @Override
  public void rotateNeighbours(float[] x, int xAt, float[] y, int yAt, int heads, int headDim, int half,
      float[] cos, int cosAt, float[] sin, int sinAt, float sign) {
    for (int head = 0; head < heads; head++) {
      RotaryLoops.rotateNeighbours(x, xAt + head * headDim, y, yAt + head * headDim, headDim, half, cos, cosAt, sin, sinAt, sign);
    }
  }
}
