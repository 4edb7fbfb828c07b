package dev.hone.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.tokenizer.definition.TokenizerException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Added tokens whose ids or spellings leave a choice; expected values by the tokenizers library. */
@Tag("tokenizers")
class AddedTokensTest {
  private static final String WORDS = "{\"type\": \"WordLevel\", \"unk_token\": \"a\", \"vocab\": %s}";

  /** A token as "id content options", options among n (normalised) and s (special). */
  private static Tokenizer tokenizer(String vocabulary, String normalizer, String... tokens) {
    String added = Stream.of(tokens).map(token -> token.split(" ", 3)).map(part -> "{\"id\": " + part[0] + ", \"content\": \""
        + part[1] + "\", \"normalized\": " + part[2].contains("n") + ", \"special\": " + part[2].contains("s") + "}")
        .collect(Collectors.joining(", "));
    return Tokenizer.parse("{\"added_tokens\": [" + added + "], \"normalizer\": " + normalizer + ", \"model\": "
        + WORDS.formatted(vocabulary) + "}", "file");
  }

  private static void assertIds(Tokenizer tokenizer, int x, int y) {
    assertArrayEquals(new int[] {x}, tokenizer.encode("<x>", EncodeOptions.PLAIN).ids());
    assertArrayEquals(new int[] {y}, tokenizer.encode("<y>", EncodeOptions.PLAIN).ids());
  }

  @Test
  void idsWithGapsAreNumberedBehindTheVocabularyInTheOrderOfTheFile() {
    String dense = "{\"a\": 0, \"b\": 1, \"c\": 2}";
    assertIds(tokenizer(dense, "null", "7 <x> s", "9 <y> s"), 3, 4);
    assertIds(tokenizer(dense, "null", "5 <x> s", "3 <y> s"), 3, 4);
    assertIds(tokenizer(dense, "null", "1 b s", "6 <x> s", "9 <y> s"), 3, 4);
    assertIds(tokenizer(dense, "null", "6 <x> s", "7 <x> s", "9 <y> s"), 3, 4);
    assertIds(tokenizer("{\"a\": 0, \"b\": 5, \"c\": 2}", "null", "6 <y> s", "7 <x> s"), 4, 3);
    assertEquals("<x>", tokenizer(dense, "null", "7 <x> s", "9 <y> s").token(3));
  }

  @Test
  void anIdThatTheVocabularyHasIsRefused() {
    TokenizerException e = assertThrows(TokenizerException.class,
        () -> tokenizer("{\"a\": 0, \"b\": 5, \"c\": 3}", "null", "6 <x> s"));
    assertEquals("file: added_tokens[0]: id 3 of \"<x>\" already belongs to \"c\"", e.getMessage());
  }

  @Test
  void ofTokensThatNormaliseAlikeTheFirstCounts() {
    String dense = "{\"a\": 0, \"b\": 1, \"c\": 2}";
    String lower = "{\"type\": \"Lowercase\"}";
    for (String text : new String[] {"<x>", "<X>"}) {
      assertArrayEquals(new int[] {3}, tokenizer(dense, lower, "3 <x> n", "4 <X> n").encode(text, EncodeOptions.PLAIN).ids());
      assertArrayEquals(new int[] {3}, tokenizer(dense, lower, "3 <X> n", "4 <x> n").encode(text, EncodeOptions.PLAIN).ids());
    }
    Tokenizer one = tokenizer(dense, lower, "3 <X> n", "4 <x> s");
    assertArrayEquals(new int[] {4}, one.encode("<x>", EncodeOptions.PLAIN).ids());
    assertArrayEquals(new int[] {3}, one.encode("<X>", EncodeOptions.PLAIN).ids());
  }
}
