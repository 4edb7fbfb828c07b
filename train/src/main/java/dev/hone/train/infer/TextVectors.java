package dev.hone.train.infer;

import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Encoding;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.data.BatchSampler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a pretrained model makes of texts, untuned: the mean of each text's last hidden states, of length 1. For telling whether
 * texts are of one kind: tuned models put what they were tuned for before all else, and see less of the rest.
 */
public final class TextVectors {
  private static final int BATCH = 32;

  private final PretrainedModel model;
  private final Tokenizer tokenizer;

  private TextVectors(PretrainedModel model, Tokenizer tokenizer) {
    this.model = model;
    this.tokenizer = tokenizer;
  }

  /**
   * Loads a model.
   *
   * @param directory of Hugging Face; adapters beside it are not looked at
   */
  public static TextVectors load(Path directory) throws IOException {
    Path transformer = TextEmbedder.transformer(directory);
    return new TextVectors(PretrainedModel.load(transformer, Task.EMBEDDING), Tokenizer.load(transformer));
  }

  /** A vector for each text; what is longer than {@link TextClassifier#usualLength(int)} is cut. */
  public List<float[]> of(List<String> texts) {
    EncodeOptions options = EncodeOptions.DEFAULT.withMaxLength(TextClassifier.usualLength(model.maxLength()));
    List<int[]> tokens = tokenizer.encodeAll(texts, options).stream().map(Encoding::ids).toList();
    int width = model.config().hiddenSize();
    Pooling mean = new Pooling(List.of(Pooling.Mode.MEAN), true, true);
    float[][] vectors = new float[texts.size()][width];
    int[] filled = IntStream.range(0, tokens.size()).filter(i -> tokens.get(i).length > 0).toArray(); // the others stay zero
    int[] lengths = IntStream.of(filled).map(i -> tokens.get(i).length).toArray();
    Inference.overBatches(BatchSampler.ofRows(lengths, BATCH, 0), rows -> {
      TokenBatch batch = TokenBatch.of(IntStream.of(rows).mapToObj(row -> tokens.get(filled[row])).toList());
      float[] hidden = model.hidden(batch, Pass.inference()).value().toFloatArray();
      for (int s = 0; s < rows.length; s++) {
        vectors[filled[rows[s]]] = mean.vector(hidden, width, batch.offsets()[s], batch.offsets()[s + 1], 0);
      }
    });
    return List.of(vectors);
  }
}
