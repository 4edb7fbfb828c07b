package dev.hone.train.task.embed;

import dev.hone.autograd.GradientCheckpoint;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.train.Objective;
import dev.hone.train.TrainConfig;
import dev.hone.train.data.BatchSampler;
import dev.hone.train.data.Batches;
import dev.hone.train.data.DistinctBatches;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Pooling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Vectors whose places say what belongs together. Anchors, what they are compared with and negatives go through the model as one
 * ragged batch.
 *
 * <p>Implementation note: with {@code miniBatch} texts at a time (GradCache, Gao and others 2021) vectors are computed without
 * keeping anything else of the model, the loss is taken over all of them, and each part is computed once more when its gradient
 * comes back. That is what a {@link GradientCheckpoint} around each part does: the gradients are those of the whole batch, the
 * memory that of one part.
 *
 * @param loss of the vectors
 * @param pooling of hidden states to vectors
 * @param anchorPrompt tokens of the prompt before anchors, and {@code otherPrompt} before all others, which pooling may leave out
 * @param miniBatch texts that are in memory at a time; 0 for all of a batch
 */
record EmbeddingObjective(EmbeddingLoss loss, Pooling pooling, int anchorPrompt, int otherPrompt, int miniBatch)
    implements Objective {

  @Override
  public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
    List<int[]> anchors = new ArrayList<>();
    List<int[]> others = new ArrayList<>();
    List<int[]> negatives = new ArrayList<>();
    List<RelatedTexts> rows = batch.targets(RelatedTexts.class);
    int[] owners = new int[negatives(batch)];
    float[] scores = new float[batch.size()];
    for (int i = 0; i < batch.size(); i++) {
      scores[i] = rows.get(i).score();
      List<int[]> texts = rows.get(i).texts(batch.ids(i));
      anchors.add(texts.get(0));
      others.add(texts.get(1));
      for (int[] negative : texts.subList(2, texts.size())) {
        owners[negatives.size()] = i;
        negatives.add(negative);
      }
    }
    List<int[]> all = new ArrayList<>(anchors);
    all.addAll(others);
    all.addAll(negatives);
    Variable vectors = vectors(model, all, batch.size(), pass);
    int b = batch.size();
    EmbeddingLoss.Result result = loss.of(new EmbeddingLoss.Vectors(ShapeOps.slice(vectors, 0, 0, b),
        ShapeOps.slice(vectors, 0, b, 2 * b), negatives.isEmpty() ? null : ShapeOps.slice(vectors, 0, 2 * b, all.size()), owners,
        scores), scale);
    return new Answer(result.loss(), result.hits(), null);
  }

  private static int negatives(TrainingBatch batch) {
    return batch.targets(RelatedTexts.class).stream().mapToInt(RelatedTexts::negatives).sum();
  }

  /** The vectors of texts, the first {@code anchors} of which are anchors. [S, C]. */
  private Variable vectors(PretrainedModel model, List<int[]> texts, int anchors, Pass pass) {
    int[] prompts = new int[texts.size()];
    Arrays.setAll(prompts, s -> s < anchors ? anchorPrompt : otherPrompt);
    if (miniBatch == 0 || texts.size() <= miniBatch) {
      return vectors(model, texts, prompts, pass);
    }
    List<Variable> parts = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += miniBatch) {
      int first = from;
      int to = Math.min(texts.size(), from + miniBatch);
      Pass part = pass.part(parts.size());
      parts.add(GradientCheckpoint.run(
          _ -> vectors(model, texts.subList(first, to), Arrays.copyOfRange(prompts, first, to), part),
          Variable.constant(Tensor.scalar(0))));
    }
    return ShapeOps.cat(0, parts);
  }

  private Variable vectors(PretrainedModel model, List<int[]> texts, int[] prompts, Pass pass) {
    TokenBatch batch = TokenBatch.of(texts);
    return pooling.pool(model.hidden(batch, pass), batch.offsets(), prompts);
  }

  @Override
  public int items(TrainingBatch batch) {
    return batch.size();
  }

  @Override
  public double weight(TrainingBatch batch) {
    return loss.items(batch.size(), negatives(batch));
  }

  /** For the ranking loss batches in which no text occurs twice: it would count as wrong beside itself. */
  @Override
  public Batches batches(TrainingSet set, TrainConfig config) {
    if (loss.kind() != EmbeddingLoss.Kind.MNR) {
      return Objective.super.batches(set, config);
    }
    Map<String, Integer> numbers = new HashMap<>();
    int[][] keys = new int[set.size()][];
    boolean alone = false; // whether a row teaches something without others
    for (int row = 0; row < keys.length; row++) {
      List<int[]> texts = RelatedTexts.texts(set, row);
      keys[row] = texts.stream().mapToInt(text -> numbers.computeIfAbsent(Arrays.toString(text), _ -> numbers.size())).toArray();
      alone |= texts.size() > 2;
    }
    int budget = config.maxTokensPerBatch() == 0 ? BatchSampler.NO_LIMIT : config.maxTokensPerBatch();
    return new DistinctBatches(set.lengths(), keys, config.batchSize(), budget, alone ? 1 : 2, config.seed());
  }

  /** Other rows' texts are what a text is told from, or put in order with. */
  @Override
  public boolean ofWholeBatches() {
    return loss.kind() == EmbeddingLoss.Kind.MNR || loss.kind() == EmbeddingLoss.Kind.COSENT;
  }

  /** A good model is hardly ever wrong, and then its loss is all chance: which texts met in a batch. */
  @Override
  public double noise() {
    return 0.5;
  }

  @Override
  public int tokensAtOnce(TrainingBatch batch) {
    int[] lengths = batch.targets(RelatedTexts.class).stream().flatMapToInt(row -> Arrays.stream(row.lengths())).sorted()
        .toArray();
    int first = miniBatch == 0 ? 0 : Math.max(0, lengths.length - miniBatch);
    return Arrays.stream(lengths, first, lengths.length).sum();
  }
}
