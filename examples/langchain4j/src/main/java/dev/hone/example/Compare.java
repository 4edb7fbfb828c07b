package dev.hone.example;

import dev.hone.train.infer.TextEmbedder;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.OnnxEmbeddingModel;
import dev.langchain4j.model.embedding.onnx.PoolingMode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * The same sentences through Hone and, from the file that {@code hone export onnx} wrote, through LangChain4j's in-process model
 * on ONNX Runtime. Fails if a number of a vector differs by more than 1e-5.
 *
 * <p>{@code java --add-modules jdk.incubator.vector -cp 'target/*:target/lib/*' dev.hone.example.Compare MODEL ONNX [ADAPTER]}
 */
public final class Compare {
  private static final List<String> SENTENCES = List.of("The zip broke on the first day, and nobody answers my mails.",
      "Does exactly what it should.", "Ein Satz auf Deutsch, mit Umlauten: Größe, Äpfel, Öl.", "?", "A kettle that only pours "
          + "onto the table is a kettle that I send back, and so I did, in the box in which it came, with a letter beside it.");

  private Compare() {}

  /** The directories of the model and of the export, and of an adapter if it has one. */
  public static void main(String[] args) throws Exception {
    Path model = Path.of(args[0]);
    Path onnx = Path.of(args[1]);
    EmbeddingModel ours = new HoneEmbeddingModel(TextEmbedder.load(model, args.length > 2 ? Path.of(args[2]) : null));
    EmbeddingModel theirs = new OnnxEmbeddingModel(onnx.resolve("model.onnx"), onnx.resolve("tokenizer.json"), PoolingMode.MEAN);
    List<TextSegment> texts = SENTENCES.stream().map(TextSegment::from).toList();
    double most = 0;
    for (int i = 0; i < texts.size(); i++) {
      float[] a = ours.embedAll(texts).content().get(i).vector();
      float[] b = theirs.embed(texts.get(i)).content().vector();
      for (int c = 0; c < a.length; c++) {
        most = Math.max(most, Math.abs(a[c] - b[c]));
      }
    }
    System.out.println(String.format(Locale.ROOT, "%d sentences, vectors of %d: they differ by at most %.1e", texts.size(),
        ours.dimension(), most));
    if (!(most <= 1e-5)) {
      System.exit(1);
    }
  }
}
