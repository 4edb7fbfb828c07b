package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code hone tokenizer}: from a text file to a tokenizer, to ids and back. */
class TokenizerCommandTest {
  private static final String TEXT = "the sea and the ships, the birds and the bread\n".repeat(20);

  @TempDir
  Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private Path text;
  private Path trained;

  @BeforeEach
  void prepare() throws IOException {
    text = Files.writeString(directory.resolve("text.txt"), TEXT);
    trained = directory.resolve("trained");
  }

  private int run(Object... words) {
    out.reset();
    err.reset();
    Console console = new Console(null, new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8), false);
    return Main.run(Arrays.stream(words).map(Object::toString).toArray(String[]::new), console);
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8).strip();
  }

  private void assertUserError(String message, Object... words) {
    assertEquals(2, run(words));
    assertEquals("error: " + message, err.toString(StandardCharsets.UTF_8).strip());
  }

  private void train(Object... more) {
    Object[] words = {"tokenizer", "train", "--data", text, "--output-dir", trained, "--vocab-size", 270};
    Object[] all = Arrays.copyOf(words, words.length + more.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    assertEquals(0, run(all), err::toString);
  }

  @Test
  void trainsEncodesAndDecodes() throws IOException {
    train();
    List<String> lines = err.toString(StandardCharsets.UTF_8).lines().toList();
    assertTrue(lines.contains("reading 100 %") && lines.contains("merging 100 %"), lines::toString);
    assertEquals(trained + ": 270 tokens", lines.getLast());
    JsonNode config = new JsonMapper().readTree(trained.resolve("tokenizer_config.json").toFile());
    assertEquals("<|endoftext|>", config.get("eos_token").stringValue());

    assertEquals(0, run("tokenizer", "encode", "--tokenizer", trained, "the ships<|endoftext|>"));
    String ids = printed();
    assertTrue(ids.endsWith(" 0"), ids);
    assertEquals(0, run("tokenizer", "decode", "--tokenizer", trained, ids));
    assertEquals("the ships<|endoftext|>", printed());
    assertEquals(0, run("tokenizer", "decode", "--tokenizer", trained, "--no-special-tokens", ids));
    assertEquals("the ships", printed());
  }

  @Test
  void jsonShowsTokensAndWhatTheyCover() throws IOException {
    train("--kind", "wordpiece", "--quiet");
    assertEquals(0, run("tokenizer", "encode", "--tokenizer", trained, "--json", "The"));
    JsonNode line = new JsonMapper().readTree(printed());
    assertEquals("[\"[CLS]\",\"the\",\"[SEP]\"]", line.get("tokens").toString());
    assertEquals("[[0,0],[0,3],[0,0]]", line.get("offsets").toString());
    assertEquals(0, run("tokenizer", "encode", "--tokenizer", trained, "--no-special-tokens", "--data", text));
    assertEquals(20, printed().lines().count());
  }

  @Test
  void mistakesAreToldInOneLine() throws IOException {
    assertUserError("hone tokenizer: say train, encode or decode, not 'lint'", "tokenizer", "lint");
    assertUserError("hone tokenizer encode: nothing to encode; give texts or --data FILE", "tokenizer", "encode");
    assertUserError("--kind must be one of byte-level-bpe, bpe, wordpiece, unigram, is 'gpt'",
        "tokenizer", "train", "--data", text,
        "--output-dir", trained, "--quiet", "--kind", "gpt");
    train("--quiet");
    assertUserError("hone tokenizer decode: 'seven' is no token id; ids are whole numbers", "tokenizer", "decode",
        "--tokenizer", trained, "seven");
    assertUserError(trained + ": exists and is not empty; --overwrite replaces what a run writes there", "tokenizer", "train",
        "--data", text, "--output-dir", trained);
  }
}
