package dev.hone.train.cli;

import dev.hone.train.LanguageEncoder;
import dev.hone.train.Objective;
import dev.hone.train.TextGenerator;
import dev.hone.train.Trainer;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;

/**
 * How likely a language model takes given texts to be.
 *
 * @param rows how many there are; of a long text, its blocks
 * @param tokens that were predicted
 * @param loss mean negative log-probability of a token
 * @param accuracy share of the tokens that the model thought likeliest
 */
record LanguageEvaluation(int rows, long tokens, double loss, double accuracy) {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int BATCH = 8;

  static LanguageEvaluation of(TextGenerator generator, Dataset<Example.Language> data, int stride) {
    LanguageEncoder.Encoded encoded = generator.encoder().encode(data, stride);
    Trainer.Evaluated result = Trainer.evaluate(generator.model(), Objective.nextToken(), encoded.set(), BATCH);
    return new LanguageEvaluation(encoded.set().size(), result.items(), result.loss(), result.accuracy());
  }

  void print(Console console) {
    console.result(String.format(Locale.ROOT, "rows %d  tokens %d  loss %.4f  perplexity %.4f  token accuracy %.4f", rows, tokens,
        loss, Math.exp(loss), accuracy));
  }

  String json() {
    return JSON.writeValueAsString(JSON.createObjectNode().put("rows", rows).put("tokens", tokens).put("loss", loss)
        .put("perplexity", Math.exp(loss)).put("token_accuracy", accuracy));
  }
}
