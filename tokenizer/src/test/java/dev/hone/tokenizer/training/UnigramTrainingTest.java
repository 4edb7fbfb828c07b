package dev.hone.tokenizer.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.definition.TokenizerException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The pieces that the reference's UnigramTrainer (tokenizers 0.23) learns from the same text, which is ours: 300 with
 * {@code <unk>}, normalisers Nmt, NFKC and runs of spaces, Metaspace.
 */
@Tag("tokenizers")
class UnigramTrainingTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final TrainingOptions OPTIONS = TrainingOptions.of(TokenizerKind.UNIGRAM, 300);

  @TempDir
  private Path temporary;

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = UnigramTrainingTest.class.getResourceAsStream("/tokenizers/" + name)) {
      return in.readAllBytes();
    }
  }

  private static List<String> lines() throws IOException {
    return List.of(new String(resource("training/text.txt"), StandardCharsets.UTF_8).split("\n", -1));
  }

  private JsonNode trained(TrainingOptions options, List<String> texts) throws IOException {
    Tokenizer tokenizer = TokenizerTrainer.train(texts, options);
    tokenizer.save(temporary);
    return JSON.readTree(temporary.resolve("tokenizer.json").toFile());
  }

  private static Map<String, Double> scores(JsonNode json) {
    Map<String, Double> scores = new LinkedHashMap<>();
    json.get("model").get("vocab").forEach(piece -> scores.put(piece.get(0).stringValue(), piece.get(1).doubleValue()));
    return scores;
  }

  @Test
  void piecesScoresAndStagesAreThoseOfTheReference() throws IOException {
    JsonNode want = JSON.readTree(resource("unigram_trained/tokenizer.json"));
    JsonNode got = trained(OPTIONS, lines());
    Map<String, Double> wanted = scores(want);
    Map<String, Double> learnt = scores(got);
    assertEquals(300, learnt.size());
    assertEquals(wanted.keySet(), learnt.keySet());
    // Characters without a score get the least and up in steps of 0.0001, there in an order that changes from run to run.
    double least = wanted.values().stream().mapToDouble(v -> v).min().orElseThrow();
    wanted.forEach((piece, score) -> assertEquals(score, learnt.get(piece), score < least + 0.01 ? 0.01 : 1e-9, piece));
    for (String field : List.of("added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder")) {
      assertEquals(want.get(field), got.get(field), field);
    }
    assertEquals(0, got.get("model").get("unk_id").intValue());
  }

  @Test
  void theSameTextGivesTheSameScoresOnAnyNumberOfThreads() throws IOException {
    assertEquals(trained(OPTIONS.withThreads(1), lines()), trained(OPTIONS.withThreads(5), lines()));
  }

  @Test
  void aTextIsTheSameAfterEncodingAndDecoding() throws IOException {
    Tokenizer tokenizer = TokenizerTrainer.train(lines(), OPTIONS);
    for (String line : lines()) {
      assertEquals(line.strip().replaceAll(" {2,}", " "), tokenizer.decode(tokenizer.encode(line).ids(), true).strip());
    }
  }

  @Test
  void whatCannotBeIsSaid() {
    assertMessage("a vocabulary of 5 has no room for 1 special tokens and the 7 single characters of the text",
        () -> TokenizerTrainer.train(List.of("abcdef"), TrainingOptions.of(TokenizerKind.UNIGRAM, 5)));
    assertMessage("the text holds no words", () -> TokenizerTrainer.train(List.of(""), OPTIONS));
    assertMessage("leave the minimum frequency at 2", () -> OPTIONS.withMinFrequency(3));
    assertMessage("needs <unk> among the special tokens", () -> OPTIONS.withSpecialTokens(List.of("<s>")));
  }

  private static void assertMessage(String part, org.junit.jupiter.api.function.Executable action) {
    String message = assertThrows(TokenizerException.class, action).getMessage();
    assertTrue(message.contains(part), message);
  }

  @Test
  void theDerivativeOfTheLogarithmOfGamma() { // values of Abramowitz and Stegun, table 6.1
    assertEquals(-0.5772156649, UnigramLearner.digamma(1), 1e-9);
    assertEquals(0.4227843351, UnigramLearner.digamma(2), 1e-9);
  }
}
