package dev.hone.example;

import dev.hone.train.infer.TextEmbedder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.springframework.ai.transformers.TransformersEmbeddingModel;

/**
 * The same sentences through Hone and, from the file that {@code hone export onnx} wrote, through Spring AI's embedding model on
 * ONNX Runtime; then a question, answered by the nearest of them. Fails if a number of a vector differs by more than 1e-5, or the
 * answer is another one.
 *
 * <p>{@code java --add-modules jdk.incubator.vector -cp 'target/*:target/lib/*' dev.hone.example.Compare MODEL ONNX [ADAPTER]}
 */
public final class Compare {
  private static final String QUESTION = "How do I send a broken thing back?";
  private static final List<String> SENTENCES = List.of("Defective articles may be returned within 30 days, in any box.",
      "Our shop opens at nine and closes at six.", "Gift cards are sold in amounts of 10, 25 and 50.",
      "Ein Satz auf Deutsch, mit Umlauten: Größe, Äpfel, Öl.", "?");

  private Compare() {}

  /** The directories of the model and of the export, and of an adapter if it has one. */
  public static void main(String[] args) throws Exception {
    TextEmbedder ours = TextEmbedder.load(Path.of(args[0]), args.length > 2 ? Path.of(args[2]) : null);
    Path onnx = Path.of(args[1]).toAbsolutePath();
    try (TransformersEmbeddingModel theirs = new TransformersEmbeddingModel()) {
      theirs.setModelResource(onnx.resolve("model.onnx").toUri().toString());
      theirs.setTokenizerResource(onnx.resolve("tokenizer.json").toUri().toString());
      theirs.setDisableCaching(true); // both are files
      theirs.afterPropertiesSet();
      double most = 0;
      List<float[]> vectors = new ArrayList<>();
      for (String text : SENTENCES) {
        float[] a = unit(ours.embed(List.of(text)).getFirst());
        float[] b = unit(theirs.embed(text)); // a mean over the tokens, of any length
        for (int i = 0; i < a.length; i++) {
          most = Math.max(most, Math.abs(a[i] - b[i]));
        }
        vectors.add(b);
      }
      System.out.println(String.format(Locale.ROOT, "%d sentences, vectors of %d: they differ by at most %.1e", SENTENCES.size(),
          vectors.getFirst().length, most));
      int best = nearest(unit(theirs.embed(QUESTION)), vectors);
      System.out.println(QUESTION + " " + SENTENCES.get(best));
      if (!(most <= 1e-5) || best != 0) {
        System.exit(1);
      }
    }
  }

  private static int nearest(float[] question, List<float[]> vectors) {
    int best = 0;
    for (int i = 1; i < vectors.size(); i++) {
      best = dot(question, vectors.get(i)) > dot(question, vectors.get(best)) ? i : best;
    }
    return best;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private static float[] unit(float[] vector) {
    double length = Math.sqrt(dot(vector, vector));
    float[] unit = new float[vector.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (vector[i] / length);
    }
    return unit;
  }
}
