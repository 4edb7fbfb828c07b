package dev.hone.tokenizer.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.definition.TokenizerException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Trained tokenizers against what the reference's trainers learn from the same text, which is ours.
 * {@code -Dhone.tokenizers=DIR} names another directory, in which {@code training} has the same form.
 */
@Tag("tokenizers")
class TrainingTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir
  private Path temporary;

  private static Path root() throws URISyntaxException {
    String given = System.getProperty("hone.tokenizers");
    return given != null && Files.isDirectory(Path.of(given, "training")) ? Path.of(given, "training")
        : Path.of(TrainingTest.class.getResource("/tokenizers/training").toURI());
  }

  private static List<String> lines() throws IOException, URISyntaxException {
    return List.of(Files.readString(root().resolve("text.txt")).split("\n", -1));
  }

  private static TrainingOptions options(JsonNode settings) {
    TokenizerKind kind = settings.get("model").stringValue().equals("WordPiece") ? TokenizerKind.WORD_PIECE
        : settings.get("pre_tokenizer").stringValue().startsWith("ByteLevel") ? TokenizerKind.BYTE_LEVEL_BPE : TokenizerKind.BPE;
    return TrainingOptions.of(kind, settings.get("vocab_size").intValue())
        .withMinFrequency(settings.get("min_frequency").longValue())
        .withSpecialTokens(settings.get("special_tokens").valueStream().map(JsonNode::stringValue).toList())
        .withLimits(settings.path("limit_alphabet").asInt(0), settings.path("max_token_length").asInt(0))
        .withEndOfWordSuffix(settings.path("end_of_word_suffix").asString(""));
  }

  @TestFactory
  Stream<DynamicTest> vocabularyMergesAndEncodingsAreThoseOfTheReference() throws IOException, URISyntaxException {
    try (Stream<Path> all = Files.list(root())) {
      return all.filter(Files::isDirectory).sorted().toList().stream()
          .map(directory -> DynamicTest.dynamicTest(directory.getFileName().toString(), () -> check(directory)));
    }
  }

  private void check(Path directory) throws IOException, URISyntaxException {
    JsonNode expected = JSON.readTree(directory.resolve("expected.json").toFile());
    Tokenizer trained = TokenizerTrainer.train(lines(), options(expected.get("settings")));
    assertEquals(expected.get("vocab_size").intValue(), trained.vocabSize());
    trained.save(temporary);
    JsonNode got = JSON.readTree(temporary.resolve("tokenizer.json").toFile());
    JsonNode want = JSON.readTree(directory.resolve("tokenizer.json").toFile());
    assertEquals(want.get("model"), got.get("model"));
    for (String field : List.of("added_tokens", "normalizer", "pre_tokenizer", "decoder")) {
      assertEquals(want.get(field), got.get(field), field);
    }
    for (JsonNode row : expected.get("encode")) {
      int[] ids = row.get("ids").valueStream().mapToInt(JsonNode::intValue).toArray();
      assertArrayEquals(ids, trained.encode(row.get("text").stringValue(), EncodeOptions.PLAIN).ids(), row::toString);
    }
  }

  private Path file(String text) throws IOException {
    return Files.writeString(temporary.resolve("text"), text);
  }

  private static List<String> tokens(Tokenizer tokenizer) {
    List<String> out = new ArrayList<>();
    for (int id = 0; id < tokenizer.idBound(); id++) {
      out.add(tokenizer.token(id));
    }
    return out;
  }

  @Test
  void theNumberOfThreadsDoesNotMatter() throws IOException, URISyntaxException {
    // More than one block, so that several threads take part.
    Path file = file((Files.readString(root().resolve("text.txt")) + "\n").repeat(400));
    for (TokenizerKind kind : TokenizerKind.values()) {
      int size = kind == TokenizerKind.UNIGRAM ? 300 : 500; // of pieces this text has no more
      TrainingOptions options = TrainingOptions.of(kind, size);
      List<String> one = tokens(TokenizerTrainer.train(List.of(file), options.withThreads(1), TrainingListener.NONE));
      assertEquals(size, one.size());
      assertEquals(one, tokens(TokenizerTrainer.train(List.of(file), options.withThreads(3), TrainingListener.NONE)),
          kind.label());
    }
  }

  @Test
  void filesAreReadLineByLineWithTheirEnds() throws IOException {
    String text = "der Fluss\nfließt\n\nins Meer\n".repeat(50);
    List<String> lines = StreamSupport.stream(text.lines().map(line -> line + "\n").spliterator(), false).toList();
    TrainingOptions options = TrainingOptions.of(TokenizerKind.BYTE_LEVEL_BPE, 280);
    assertEquals(tokens(TokenizerTrainer.train(lines, options)),
        tokens(TokenizerTrainer.train(List.of(file(text)), options, TrainingListener.NONE)));
  }

  @Test
  void aLineLongerThanABlockIsCutBetweenCharacters() throws IOException {
    Tokenizer trained = TokenizerTrainer.train(List.of(file("x" + "é漢 ".repeat(300_000))),
        TrainingOptions.of(TokenizerKind.BPE, 50), TrainingListener.NONE);
    assertEquals(List.of("<unk>", "x", "é", "漢", "é漢"), tokens(trained));
  }

  @Test
  void progressReachesTheEnd() throws IOException {
    List<String> heard = new ArrayList<>();
    TokenizerTrainer.train(List.of(file("ab ab abc abc")), TrainingOptions.of(TokenizerKind.BPE, 6),
        (phase, done, total) -> heard.add(phase + " " + done + "/" + total));
    assertEquals(List.of("READING 13/13", "MERGING 5/6", "MERGING 6/6"), heard);
  }

  @Test
  void whatCannotBeTrainedIsRefusedWithTheReason() throws IOException {
    TrainingOptions options = TrainingOptions.of(TokenizerKind.BPE, 3);
    Path latin = Files.write(temporary.resolve("latin"), "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
    assertMessage(latin + ": not UTF-8 somewhere in bytes 0 to 4; convert the file to UTF-8",
        () -> TokenizerTrainer.train(List.of(latin), options, TrainingListener.NONE));
    assertMessage("tokenizer training: the text holds no words",
        () -> TokenizerTrainer.train(List.of(file(" \n ")), options, TrainingListener.NONE));
    assertMessage("tokenizer training: a vocabulary of 3 has no room for 1 special tokens and the 4 single characters of "
        + "the text; make it larger or limit the alphabet", () -> TokenizerTrainer.train(List.of("abcd"), options));
    assertMessage("tokenizer training: WordPiece needs [UNK] among the special tokens, got [a]",
        () -> TrainingOptions.of(TokenizerKind.WORD_PIECE, 9).withSpecialTokens(List.of("a")));
    assertMessage("tokenizer training: special tokens must be different and not empty, got [a, a]",
        () -> options.withSpecialTokens(List.of("a", "a")));
    assertMessage("tokenizer training: the vocabulary size must be 1 to 16777216, got 0",
        () -> TrainingOptions.of(TokenizerKind.BPE, 0));
    assertThrows(IOException.class,
        () -> TokenizerTrainer.train(List.of(temporary.resolve("absent")), options, TrainingListener.NONE));
  }

  private interface Attempt {
    void run() throws IOException;
  }

  private static void assertMessage(String message, Attempt attempt) {
    assertEquals(message, assertThrows(TokenizerException.class, attempt::run).getMessage());
  }

  @Test
  void memoryGrowsWithDistinctWordsNotWithText() {
    WordCounts words = new WordCounts();
    char[] text = "again and again and again".toCharArray();
    for (int i = 0; i < 1_000_000; i++) {
      words.add(text, 0, 5, 1);
    }
    words.add(text, 6, 9, 7);
    assertEquals(2, words.size());
    assertEquals(1_000_000, words.count(0));
    assertTrue(words.chars().length <= 1 << 16);
  }
}
