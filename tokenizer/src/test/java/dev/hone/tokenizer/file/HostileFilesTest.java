package dev.hone.tokenizer.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.definition.TokenizerException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that mean harm: each ends in an error that says why, within a second and without gigabytes. */
@Tag("tokenizers")
class HostileFilesTest {
  private static final String WORDS = "{\"type\": \"WordLevel\", \"unk_token\": \"a\", \"vocab\": {\"a\": 0, \"b\": 1}}";
  private static final long MAX_BYTES = 512L << 20;
  private static final double MAX_SECONDS = 1;

  private interface Attempt {
    void run() throws IOException;
  }

  /** Time and memory of this thread alone, so that a busy machine does not fail the test. */
  private static void assertRefused(String part, Attempt attempt) {
    com.sun.management.ThreadMXBean thread = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long bytes = thread.getCurrentThreadAllocatedBytes();
    long nanos = thread.getCurrentThreadCpuTime();
    TokenizerException e = assertThrows(TokenizerException.class, attempt::run);
    double seconds = (thread.getCurrentThreadCpuTime() - nanos) / 1e9;
    long used = thread.getCurrentThreadAllocatedBytes() - bytes;
    assertTrue(e.getMessage().contains(part), e::getMessage);
    assertTrue(seconds < MAX_SECONDS, () -> part + ": took " + seconds + " s");
    assertTrue(used < MAX_BYTES, () -> part + ": took " + used + " bytes");
  }

  private static void assertModelRefused(String part, String model) {
    assertRefused(part, () -> Tokenizer.parse("{\"model\": " + model + "}", "file"));
  }

  private static void assertStageRefused(String part, String stage, String value) {
    assertRefused(part, () -> Tokenizer.parse("{\"" + stage + "\": " + value + ", \"model\": " + WORDS + "}", "file"));
  }

  private static String nested(String stage, String list, int depth) {
    return ("{\"type\": \"Sequence\", \"" + list + "\": [").repeat(depth) + "]}".repeat(depth);
  }

  @Test
  void stagesThatNestWithoutEnd() {
    // JSON has no references, so a cycle can only be written out: as deep as the file is long.
    for (int depth : new int[] {5_000, 200_000}) {
      assertStageRefused("file: ", "normalizer", nested("normalizer", "normalizers", depth));
      assertStageRefused("file: ", "pre_tokenizer", nested("pre_tokenizer", "pretokenizers", depth));
      assertStageRefused("file: ", "decoder", nested("decoder", "decoders", depth));
      assertStageRefused("file: ", "post_processor", nested("post_processor", "processors", depth));
    }
    assertRefused("file: ", () -> Tokenizer.parse("[".repeat(1_000_000), "file"));
  }

  @Test
  void idsThatAreTakenOrHuge() {
    assertModelRefused("id 0 belongs to both", "{\"type\": \"WordLevel\", \"unk_token\": \"a\", \"vocab\": {\"a\": 0, \"b\": "
        + "0}}");
    assertModelRefused("token \"a\" appears twice", "{\"type\": \"WordLevel\", \"unk_token\": \"a\", \"vocab\": {\"a\": 0, "
        + "\"a\": 1}}");
    assertModelRefused("id 2147483647, allowed are", "{\"type\": \"WordLevel\", \"unk_token\": \"a\", \"vocab\": {\"a\": "
        + "2147483647}}");
    assertModelRefused("id -1, allowed are", "{\"type\": \"WordLevel\", \"unk_token\": \"a\", \"vocab\": {\"a\": -1}}");
    assertModelRefused("file: ", "{\"type\": \"WordLevel\", \"unk_token\": \"a\", \"vocab\": {\"a\": 99999999999999999999}}");
    assertStageRefused("already belongs to", "added_tokens", "[{\"id\": 1, \"content\": \"c\"}]");
    assertStageRefused("already belongs to", "added_tokens", "[{\"id\": 7, \"content\": \"c\"}, {\"id\": 7, \"content\": "
        + "\"d\"}]");
    assertStageRefused("of at least 0, found -7", "added_tokens", "[{\"id\": -7, \"content\": \"c\"}]");
  }

  @Test
  void mergesWithoutTheirParts() {
    String start = "{\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1}, \"merges\": ";
    assertModelRefused("needs the token \"c\"", start + "[\"a c\"]}");
    assertModelRefused("needs the token \"ab\"", start + "[[\"a\", \"b\"]]}");
    assertModelRefused("merges[0]", start + "[[\"a\"]]}");
    assertModelRefused("merges[0]", start + "[\"ab\"]}");
    assertModelRefused("merges[0]", start + "[{}]}");
    assertModelRefused("there are no merges", "{\"type\": \"BPE\", \"vocab\": {\"a\": 0}}");
    assertModelRefused("there is no vocab", "{\"type\": \"BPE\", \"merges\": []}");
  }

  @Test
  void expressionsThatAreInvalidOrNeverEnd() throws IOException {
    for (String regex : new String[] {"(", "[a", "a{2,1}", "\\p{Nonsense}", "(?<n", "*", "(".repeat(100_000)}) {
      assertStageRefused("pre_tokenizer", "pre_tokenizer", split(regex));
    }
    Tokenizer slow = Tokenizer.parse("{\"pre_tokenizer\": " + split("(.*)(.*)(.*)(.*)(.*)(.*)c") + ", \"model\": " + WORDS
        + "}", "file");
    assertRefused("it backtracks without end", () -> slow.encode("a".repeat(300)));
  }

  private static String split(String regex) {
    return "{\"type\": \"Split\", \"behavior\": \"Isolated\", \"invert\": false, \"pattern\": {\"Regex\": \""
        + regex.replace("\\", "\\\\") + "\"}}";
  }

  @Test
  void filesThatClaimMoreThanTheyHold(@TempDir Path directory) throws IOException {
    byte[] claim = {(byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x3F, 0, 0};
    String charsmap = Base64.getEncoder().encodeToString(claim);
    assertStageRefused("file: ", "normalizer", "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \"" + charsmap + "\"}");
    Path large = directory.resolve("tokenizer.json");
    try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
      file.setLength(1L << 30);
    }
    assertRefused("1073741824 bytes; a tokenizer file may have", () -> Tokenizer.load(directory));
    Files.delete(large);
    Files.write(directory.resolve("tokenizer.model"), new byte[] {0x0A, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 3});
    assertRefused("claims 1073741823 bytes", () -> Tokenizer.load(directory));
  }

  @Test
  void filesThatEndTooEarly() {
    byte[] whole = ("{\"normalizer\": null, \"added_tokens\": [], \"model\": " + WORDS + "}").getBytes(StandardCharsets.UTF_8);
    for (int n = 0; n < whole.length; n++) {
      String cut = new String(whole, 0, n, StandardCharsets.UTF_8);
      assertRefused("file", () -> Tokenizer.parse(cut, "file"));
    }
  }

  @Test
  void numbersThatAskForTooMuch() {
    assertStageRefused("length", "pre_tokenizer", "{\"type\": \"FixedLength\", \"length\": 0}");
    assertStageRefused("stop", "decoder", "{\"type\": \"Strip\", \"content\": \" \", \"start\": 0, \"stop\": 1e99}");
  }

  @Test
  void idsOfPostProcessorsThatNoTokenHas() {
    String rule = "which is no token of the vocabulary and none of added_tokens";
    assertStageRefused(rule, "post_processor", "{\"type\": \"BertProcessing\", \"cls\": [\"a\", 0], \"sep\": [\"c\", 2]}");
    assertStageRefused(rule, "post_processor", "{\"type\": \"RobertaProcessing\", \"cls\": [\"a\", -1], \"sep\": [\"b\", 1]}");
    String template = "{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"a\", \"type_id\": 0}}], "
        + "\"pair\": [], \"special_tokens\": {\"a\": {\"id\": \"a\", \"ids\": [%s], \"tokens\": [%s]}}}";
    assertStageRefused(rule, "post_processor", template.formatted("2147483647", "\"a\""));
    assertStageRefused("of at least 0, found -5", "post_processor", template.formatted("-5", "\"a\""));
    assertStageRefused("must be an array of strings", "post_processor", template.formatted("0", "{}"));
    Tokenizer added = Tokenizer.parse("{\"added_tokens\": [{\"id\": 2, \"content\": \"c\"}], \"post_processor\": "
        + template.formatted("2", "\"c\"") + ", \"model\": " + WORDS + "}", "file");
    assertArrayEquals(new int[] {2}, added.encode("a").ids());
  }

  @Test
  void longValuesAreShortened() {
    String word = "long".repeat(750);
    for (String model : new String[] {"{\"type\": \"" + word + "\"}", "{\"type\": {\"" + word + "\": 1}}",
        "{\"type\": \"WordLevel\", \"vocab\": {\"" + word + "\": -1}}",
        "{\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"" + word + "\"]}",
        "{\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"a " + word + "\"]}",
        "{\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [], \"dropout\": {\"" + word + "\": 1}}"}) {
      TokenizerException e = assertThrows(TokenizerException.class, () -> Tokenizer.parse("{\"model\": " + model + "}", "file"));
      assertTrue(e.getMessage().length() < 300, e::getMessage);
    }
  }

  @Test
  void filesThatGoOnAfterTheirEnd() {
    String whole = "{\"model\": " + WORDS + "}";
    for (String more : new String[] {"]", "}", "{}", "x", "\u0000"}) {
      assertRefused("file: ",
          () -> Tokenizer.parse(whole + more, "file"));
    }
    Tokenizer.parse(whole + " \n", "file");
  }
}
