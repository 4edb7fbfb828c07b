package dev.hone.tokenizer.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Tokenizer;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A Unigram model that sentencepiece 0.2 learnt from a text of ours, with rules of normalisation of our own: marks after letters
 * in several orders, ligatures, spaces. The ids are those that sentencepiece gives.
 */
@Tag("tokenizers")
class SentencePieceRulesTest {
  @Test
  void theLongestRuleDecidesAndScoresAreAddedInSinglePrecision() throws IOException, URISyntaxException {
    Path directory = Path.of(SentencePieceRulesTest.class.getResource("/tokenizers/sentencepiece_rules").toURI());
    Tokenizer tokenizer = Tokenizer.load(directory);
    JsonNode rows = new JsonMapper().readTree(Files.readAllBytes(directory.resolve("expected.json")));
    assertFalse(rows.isEmpty());
    for (JsonNode row : rows) {
      String text = row.get("text").stringValue();
      int[] ids = row.get("ids").valueStream().mapToInt(JsonNode::intValue).toArray();
      assertArrayEquals(ids, tokenizer.encode(text, EncodeOptions.PLAIN).ids(), text);
    }
  }
}
