package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.io.Safetensors;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.TinyLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Vocabularies that grow: a copy of the model with more rows, rows of single tokens, and adapters that carry their tables. */
class VocabularyCommandsTest {
  private static final String MARKS = "<|user|>,<|assistant|>,<|end|>,<|tool|>";
  private static final String TEMPLATE = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
      + "{% if add_generation_prompt %}<|assistant|>{% endif %}";

  @TempDir
  Path directory;

  private Path model;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyLanguageModel.write(directory.resolve("model"));
    Files.writeString(directory.resolve("template.jinja"), TEMPLATE);
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      rows.append("{\"messages\": [{\"role\": \"user\", \"content\": \"ab").append((char) ('a' + i))
          .append("\"}, {\"role\": \"assistant\", \"content\": \"ba\"}]}\n");
    }
    Files.writeString(directory.resolve("chats.jsonl"), rows);
  }

  private CommandRun train(Path base, String out, Object... more) {
    return CommandRun.of(Stream.concat(Stream.of("train", "--task", "generate", "--model", base, "--data",
        directory.resolve("chats.jsonl"), "--output-dir", directory.resolve(out), "--val-size", 0, "--chat-template",
        directory.resolve("template.jinja"), "--max-steps", 6, "--learning-rate", "0.01", "--quiet"), Stream.of(more)).toArray());
  }

  private Path resized() {
    Path out = directory.resolve("resized");
    CommandRun.of("resize", "--model", model, "--add-special-tokens", MARKS, "--output-dir", out).assertDone();
    return out;
  }

  private String generate(Path base, Object... more) {
    CommandRun run = CommandRun.of(Stream.concat(Stream.of("generate", "--model", base, "--prompt", "abc", "--chat",
        "--max-new-tokens", 8, "--temperature", 0), Stream.of(more)).toArray()).assertDone();
    return run.out();
  }

  @Test
  void aResizedCopyHasItsOldRowsToTheBitAndIdsForTheNewTokens() throws IOException {
    Tokenizer before = Tokenizer.load(model);
    Tokenizer after = Tokenizer.load(resized());
    assertEquals(before.idBound() + 4, after.idBound());
    assertEquals(before.idBound() + 1, after.tokenId("<|assistant|>"));
    int[] ids = after.encode("<|user|>ab<|end|>").ids();
    assertEquals(after.tokenId("<|end|>"), ids[ids.length - 1]);
    assertEquals("ab", after.decode(Arrays.copyOfRange(ids, ids.length - before.encode("ab").ids().length - 2, ids.length), true)
        .strip());
    Safetensors old = Safetensors.open(model.resolve("model.safetensors"));
    Safetensors grown = Safetensors.open(directory.resolve("resized/model.safetensors"));
    assertEquals(old.names(), grown.names());
    for (String name : old.names()) {
      float[] values = old.tensor(name).toFloatArray();
      assertArrayEquals(values, Arrays.copyOf(grown.tensor(name).toFloatArray(), values.length), name);
    }
  }

  @Test
  void rowsOfSingleTokensAreTrainedWithTheTemplateAndMerged() throws IOException {
    Path base = resized();
    train(base, "out", "--trainable-token-indices", MARKS, "--target-modules", "all-linear").assertDone();
    Path adapter = directory.resolve("out/adapter");
    assertTrue(Files.readString(adapter.resolve("adapter_config.json")).contains("trainable_token_indices"));
    Safetensors stored = Safetensors.open(adapter.resolve("adapter_model.safetensors"));
    assertTrue(stored.names().stream().anyMatch(name -> name.endsWith("embed_tokens.token_adapter.trainable_tokens_delta")
        && stored.shape(name).dim(0) == 4), stored.names().toString());
    String answer = generate(base, "--adapter", adapter);
    CommandRun.of("merge", "--model", base, "--adapter", adapter, "--output-dir", directory.resolve("merged")).assertDone();
    assertEquals(answer, generate(directory.resolve("merged")));
    CommandRun.of("generate", "--model", model, "--adapter", adapter, "--prompt", "a")
        .assertUserError("rows; add rows first (hone resize)");
  }

  @Test
  void anAdapterThatCarriesItsTablesLoadsOnTheModelAsItWas() throws IOException {
    train(model, "out", "--add-special-tokens", MARKS).assertDone();
    Path adapter = directory.resolve("out/adapter");
    assertEquals(Tokenizer.load(model).idBound() + 4, Tokenizer.load(adapter).idBound());
    String answer = generate(model, "--adapter", adapter);
    CommandRun.of("merge", "--model", model, "--adapter", adapter, "--output-dir", directory.resolve("merged")).assertDone();
    assertEquals(answer, generate(directory.resolve("merged")));
    assertEquals(Tokenizer.load(adapter).idBound(), Tokenizer.load(directory.resolve("merged")).idBound());
  }

  @Test
  void allWeightsLearnNewTokensToo() throws IOException {
    train(model, "out", "--add-special-tokens", MARKS, "--method", "full").assertDone();
    Path tuned = directory.resolve("out/model");
    assertEquals(Tokenizer.load(model).idBound() + 4, Tokenizer.load(tuned).idBound());
    assertFalse(generate(tuned).isEmpty());
  }

  @Test
  void whatCannotBeIsSaidWithWhatToDo() throws IOException {
    CommandRun.of("resize", "--model", model, "--output-dir", directory.resolve("x"))
        .assertUserError("nothing to do", "--add-tokens");
    train(model, "x", "--trainable-token-indices", "<|user|>").assertUserError("has no token '<|user|>'", "hone resize");
    train(model, "x", "--add-tokens", "zz", "--method", "ia3").assertUserError("hone resize", "--trainable-token-indices");
    train(model, "x", "--trainable-token-indices", "1,1").assertUserError("names a token twice");
    Files.writeString(directory.resolve("tokens.txt"), "alpha\nbeta\n");
    CommandRun.of("resize", "--model", model, "--add-tokens", directory.resolve("tokens.txt"), "--pad-to-multiple-of", 64,
        "--output-dir", directory.resolve("listed")).assertDone();
    Tokenizer listed = Tokenizer.load(directory.resolve("listed"));
    assertTrue(listed.tokenId("beta") == listed.tokenId("alpha") + 1 && listed.tokenId("alpha") >= 0);
    assertTrue(Files.readString(directory.resolve("listed/config.json")).contains("\"vocab_size\" : 320"));
  }
}
