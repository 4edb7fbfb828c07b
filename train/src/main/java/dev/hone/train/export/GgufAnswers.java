package dev.hone.train.export;

import dev.hone.autograd.GradMode;
import dev.hone.core.Scope;
import dev.hone.core.random.Philox;
import dev.hone.nn.MappedPages;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How a model that was read from a file again answers, beside the one it was made of.
 *
 * @param largest difference of the log probability of a token that comes next
 * @param perplexity of the model over those tokens
 * @param perplexityRead that of the file
 * @param unlike texts, of {@link #texts()}, that the file's tokenizer cuts otherwise
 */
record GgufAnswers(double largest, double perplexity, double perplexityRead, List<String> unlike) {
  private static final int PROBE = 64;
  private static final List<String> TEXTS = List.of("Once upon a time, there was a little girl.", "  two spaces\n\n\tand a tab ",
      "I'll pay $1,234.50 on 2024-03-01!", "def f(x):\n    return x**2  # \u00fcber",
      "\u4f60\u597d\uff0c\u4e16\u754c \ud83d\ude42", "\u041f\u0440\u0438\u0432\u0435\u0442, DON'T we're");

  static List<String> texts() {
    return TEXTS;
  }

  /** Asks both. */
  static GgufAnswers of(PretrainedModel model, Path tokenizer, Path read) throws IOException {
    Philox random = new Philox(1, 1);
    int vocabulary = model.config().vocabSize();
    int[] ids = IntStream.range(0, Math.min(PROBE, model.maxLength())).map(i -> random.below(i, vocabulary)).toArray();
    double[] own = logProbabilities(model, ids, vocabulary);
    double[] other = logProbabilities(PretrainedModel.load(read, Task.CAUSAL_LM), ids, vocabulary);
    double largest = 0;
    for (int i = 0; i < own.length; i++) {
      largest = Math.max(largest, Math.abs(own[i] - other[i]));
    }
    Tokenizer first = Tokenizer.load(tokenizer);
    Tokenizer second = Tokenizer.load(read);
    List<String> unlike = TEXTS.stream().filter(text -> !Arrays.equals(first.encode(text, EncodeOptions.DEFAULT).ids(),
        second.encode(text, EncodeOptions.DEFAULT).ids())).toList();
    return new GgufAnswers(largest, perplexity(own), perplexity(other), unlike);
  }

  private static double perplexity(double[] logProbabilities) {
    return Math.exp(-Arrays.stream(logProbabilities).average().orElse(0));
  }

  /** Of each token but the first, after those before it. */
  private static double[] logProbabilities(PretrainedModel model, int[] ids, int vocabulary) {
    float[] logits;
    try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open(); MappedPages _ = MappedPages.letGo(model)) {
      logits = model.forward(TokenBatch.of(List.of(ids)), Pass.inference()).value().toFloatArray();
    }
    double[] found = new double[ids.length - 1];
    for (int i = 0; i < found.length; i++) {
      int row = i * vocabulary;
      double most = Float.NEGATIVE_INFINITY;
      for (int v = 0; v < vocabulary; v++) {
        most = Math.max(most, logits[row + v]);
      }
      double sum = 0;
      for (int v = 0; v < vocabulary; v++) {
        sum += Math.exp(logits[row + v] - most);
      }
      found[i] = logits[row + ids[i + 1]] - most - Math.log(sum);
    }
    return found;
  }
}
