package dev.hone.train.task.embed;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.GatherOps;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.PairLossOps;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.SimilarityOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * What is learnt from the vectors of texts, as sentence-transformers defines it.
 *
 * @param kind of the loss
 * @param symmetric for {@link Kind#MNR}: whether each text also has to find its anchor among all anchors; the mean of both
 * @param steepness what cosines are multiplied by, for {@link Kind#MNR} and {@link Kind#COSENT}
 * @param margin beyond which nothing is learnt, for {@link Kind#CONTRASTIVE} and {@link Kind#TRIPLET}
 * @param distance what that margin is measured in
 * @param dimensions how many of the first numbers of a vector have to do alone (Matryoshka); the losses of all are added. Empty
 *     for whole vectors
 * @param dimensionWeights what each of these losses is multiplied by
 */
public record EmbeddingLoss(Kind kind, boolean symmetric, double steepness, double margin, Distance distance,
    List<Integer> dimensions, List<Double> dimensionWeights) {
  /** The kinds of losses. */
  public enum Kind {
    /**
     * Multiple negatives ranking: of all texts of the batch the anchor has to find its own. All others, and negatives that rows
     * bring along, are wrong ones.
     */
    MNR,
    /** The order of the cosines has to be that of the scores. */
    COSENT,
    /** The cosine has to be the score. */
    COSINE,
    /** Close if the score is 1, at least a margin apart if it is 0. */
    CONTRASTIVE,
    /** The negative has to be further than the positive by a margin. */
    TRIPLET;

    /** Whether rows need a score. */
    public boolean scored() {
      return this == COSENT || this == COSINE || this == CONTRASTIVE;
    }
  }

  /** How far apart two vectors are. */
  public enum Distance {
    /** 1 - cosine. */
    COSINE,
    /** The length of the difference. */
    EUCLIDEAN
  }

  /**
   * Vectors of a batch.
   *
   * @param anchors [B, C]
   * @param others what each is compared with, [B, C]
   * @param negatives [M, C], or null if there are none
   * @param owners M rows that the negatives belong to
   * @param scores B scores
   */
  record Vectors(Variable anchors, Variable others, Variable negatives, int[] owners, float[] scores) {
    /** Only the first numbers of each vector. */
    Vectors first(int numbers) {
      return new Vectors(first(anchors, numbers), first(others, numbers), negatives == null ? null : first(negatives, numbers),
          owners, scores);
    }

    private static Variable first(Variable vectors, int numbers) {
      return SimilarityOps.normalize(ShapeOps.slice(vectors, 1, 0, numbers));
    }
  }

  /** A loss, and how many anchors found their own text; -1 where they do not look for one. */
  record Result(Variable loss, int hits) {}

  /** Checks the numbers. */
  public EmbeddingLoss {
    dimensions = List.copyOf(dimensions);
    dimensionWeights = List.copyOf(dimensionWeights);
    if (!(steepness > 0)) {
      throw new IllegalArgumentException("loss_scale must be above 0, is " + steepness);
    }
    if (!(margin >= 0)) {
      throw new IllegalArgumentException("margin must be 0 or more, is " + margin);
    }
    if (dimensions.size() != dimensionWeights.size() || dimensions.stream().anyMatch(d -> d < 1)) {
      throw new IllegalArgumentException("matryoshka_dims " + dimensions + " must be 1 or more, with one weight each, not "
          + dimensionWeights);
    }
    if (symmetric && kind != Kind.MNR) {
      throw new IllegalArgumentException("symmetric is for the loss mnr, not for " + kind.name().toLowerCase(Locale.ROOT));
    }
  }

  /** A loss with the usual settings of its kind. */
  public static EmbeddingLoss of(Kind kind) {
    return new EmbeddingLoss(kind, false, 20, kind == Kind.TRIPLET ? 5 : 0.5,
        kind == Kind.TRIPLET ? Distance.EUCLIDEAN : Distance.COSINE, List.of(), List.of());
  }

  /** What the mean is taken over: rows, negatives, or for {@link Kind#COSENT} batches. */
  int items(int rows, int negatives) {
    return switch (kind) {
      case MNR, COSINE, CONTRASTIVE -> rows;
      case TRIPLET -> negatives;
      case COSENT -> 1;
    };
  }

  /** The sum of the losses of the items, times {@code scale}. */
  Result of(Vectors vectors, float scale) {
    if (dimensions.isEmpty()) {
      return one(vectors, scale);
    }
    Variable sum = null;
    int hits = -1;
    int most = 0;
    for (int i = 0; i < dimensions.size(); i++) {
      Result part = one(vectors.first(dimensions.get(i)), scale * dimensionWeights.get(i).floatValue());
      sum = sum == null ? part.loss : MathOps.add(sum, part.loss);
      hits = dimensions.get(i) > most ? part.hits : hits;
      most = Math.max(most, dimensions.get(i));
    }
    return new Result(sum, hits);
  }

  private Result one(Vectors in, float scale) {
    return switch (kind) {
      case MNR -> ranking(in, scale);
      case COSENT -> new Result(PairLossOps.cosent(MathOps.mul(SimilarityOps.cosine(in.anchors, in.others), (float) steepness),
          in.scores, scale), -1);
      case COSINE -> new Result(LossOps.squaredError(SimilarityOps.cosine(in.anchors, in.others),
          Tensor.of(in.scores, in.scores.length), scale), -1);
      case CONTRASTIVE -> new Result(PairLossOps.contrastive(apart(in.anchors, in.others, 1e-6f), in.scores, (float) margin,
          scale), -1);
      case TRIPLET -> new Result(PairLossOps.triplet(
          apart(GatherOps.rows(in.anchors, in.owners), GatherOps.rows(in.others, in.owners), 0),
          apart(GatherOps.rows(in.anchors, in.owners), in.negatives, 0), (float) margin, scale), -1);
    };
  }

  private Variable apart(Variable a, Variable b, float offset) {
    return distance == Distance.EUCLIDEAN ? SimilarityOps.euclidean(a, b, offset)
        : MathOps.add(MathOps.neg(SimilarityOps.cosine(a, b)), 1);
  }

  private Result ranking(Vectors in, float scale) {
    Variable anchors = SimilarityOps.normalize(in.anchors);
    Variable others = SimilarityOps.normalize(in.others);
    List<Variable> found = new ArrayList<>(List.of(others));
    if (in.negatives != null) {
      found.add(SimilarityOps.normalize(in.negatives));
    }
    Variable all = found.size() == 1 ? others : ShapeOps.cat(0, found);
    Variable logits = MathOps.mul(MatMulOps.linear(anchors, all, null), (float) steepness); // [B, B + M]
    int[] own = IntStream.range(0, in.scores.length).toArray();
    int hits = hits(logits.value());
    if (!symmetric) {
      return new Result(LossOps.crossEntropy(logits, own, CrossEntropySettings.PLAIN, scale), hits);
    }
    Variable back = MathOps.mul(MatMulOps.linear(others, anchors, null), (float) steepness); // [B, B]
    return new Result(MathOps.add(LossOps.crossEntropy(logits, own, CrossEntropySettings.PLAIN, scale / 2),
        LossOps.crossEntropy(back, own, CrossEntropySettings.PLAIN, scale / 2)), hits);
  }

  private static int hits(Tensor logits) {
    int columns = logits.shape().columns();
    float[] values = logits.toFloatArray();
    int hits = 0;
    for (int row = 0; row * columns < values.length; row++) {
      boolean best = true;
      for (int c = 0; c < columns; c++) {
        best &= c == row || values[row * columns + c] < values[row * columns + row];
      }
      hits += best ? 1 : 0;
    }
    return hits;
  }
}
