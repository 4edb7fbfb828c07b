package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Language models on the command line: tuned, made anew, measured, and writing. */
class LanguageCommandsTest {
  @TempDir
  Path directory;

  private Path model;
  private Path data;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyLanguageModel.write(directory.resolve("tiny"));
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      rows.append("{\"prompt\": \"").append(i).append(" > \", \"completion\": \"ab\"}\n");
    }
    data = Files.writeString(directory.resolve("rows.jsonl"), rows);
  }

  private CommandRun train(Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--task", "generate", "--data", data, "--output-dir",
        directory.resolve("out"), "--learning-rate", "1e-2", "--overwrite"));
    words.addAll(List.of(more));
    return CommandRun.of(words.toArray());
  }

  private JsonNode evaluate(Object... more) {
    List<Object> words = new ArrayList<>(List.of("evaluate", "--data", data, "--json"));
    words.addAll(List.of(more));
    return JsonMapper.shared().readTree(CommandRun.of(words.toArray()).assertDone().out());
  }

  @Test
  void anAdapterLearnsTheCompletionAndStops() throws IOException {
    CommandRun train = train("--model", model, "--target-modules", "all-linear", "--num-train-epochs", 8).assertDone();
    assertTrue(train.err().contains("prompt = column 'prompt', completion = column 'completion'"), train.err());
    assertTrue(train.err().matches("(?s).*training: 36 rows, [\\d,]+ tokens, [\\d.]+% of them learnt\n.*"), train.err());
    assertTrue(train.err().contains("perplexity"), train.err());
    Path adapter = directory.resolve("out/adapter");
    assertTrue(Files.exists(adapter.resolve("chat_template.jinja")));
    assertEquals(1, JsonMapper.shared().readTree(adapter.resolve("generation_config.json").toFile()).path("eos_token_id")
        .asInt());
    double before = evaluate("--model", model).path("loss").asDouble();
    JsonNode after = evaluate("--model", model, "--adapter", adapter);
    assertEquals(3 * 40, after.path("tokens").asInt()); // a, b and the end
    assertEquals(Math.exp(after.path("loss").asDouble()), after.path("perplexity").asDouble(), 1e-9);
    assertTrue(after.path("loss").asDouble() < 0.5 * before, before + " became " + after);
    assertEquals(1.0, after.path("token_accuracy").asDouble());
    CommandRun generate = CommandRun.of("generate", "--model", model, "--adapter", adapter, "--prompt", "7 > ").assertDone();
    assertEquals("7 > ab\n", generate.out());
    assertTrue(generate.err().matches("prompt 5 tokens, [\\d.]+ tokens/s; new 3 tokens, [\\d.]+ tokens/s; "
        + "ended by the end token\n"), generate.err());
  }

  @Test
  void promptsOfAFileAreAnsweredAsJson() throws IOException {
    Object[] generate = {"generate", "--model", model, "--max-new-tokens", 2, "--json", "--data", data};
    List<String> lines = CommandRun.of(generate).assertDone().out().lines().toList();
    assertEquals(40, lines.size());
    JsonNode row = JsonMapper.shared().readTree(lines.get(7));
    assertEquals(8, row.path("line").asInt());
    assertEquals("7 > ", row.path("prompt").asString());
    assertTrue(row.path("tokens").asInt() <= 2 && row.path("prompt_tokens").asInt() == 5, row.toString());
    assertEquals("length", row.path("finish_reason").asString());
    Object[] alone = {"generate", "--model", model, "--max-new-tokens", 2, "--json", "--prompt", "7 > "};
    assertEquals(row.path("text"), JsonMapper.shared().readTree(CommandRun.of(alone).assertDone().out()).path("text"));

    generate[7] = Files.writeString(directory.resolve("asked.jsonl"), "{\"id\": \"q1\", \"prompt\": \"7 > \"}\n");
    JsonNode asked = JsonMapper.shared().readTree(CommandRun.of(generate).assertDone().out());
    assertEquals("q1", asked.path("id").asString());
    assertEquals(row.path("text"), asked.path("text"));
    generate[7] = Files.writeString(directory.resolve("lines.txt"), "7 > \n\n8 > \n");
    List<String> texts = CommandRun.of(generate).assertDone().out().lines().toList();
    assertEquals(3, JsonMapper.shared().readTree(texts.getLast()).path("line").asInt());
    generate[7] = Files.writeString(directory.resolve("chats.jsonl"),
        "{\"messages\": [{\"role\": \"user\", \"content\": \"hello\"}, {\"role\": \"assistant\", \"content\": \"yes\"}]}\n");
    JsonNode chat = JsonMapper.shared().readTree(CommandRun.of(generate).assertDone().out());
    assertEquals("hello", chat.path("prompt").asString());
    assertEquals(24, chat.path("prompt_tokens").asInt(), "<s>[user]hello</s>[assistant]");
    CommandRun.of("generate", "--model", model, "--data", data, "--prompt", "x")
        .assertUserError("give prompts or --data, not both");
  }

  @Test
  void fullTuningWritesAModelThatStandsAlone() {
    train("--model", model, "--method", "full", "--num-train-epochs", 4, "--quiet").assertDone();
    Path tuned = directory.resolve("out/model");
    assertTrue(Files.exists(tuned.resolve("generation_config.json")) && Files.exists(tuned.resolve("tokenizer_config.json")));
    assertTrue(evaluate("--model", tuned).path("loss").asDouble() < 1);
    CommandRun chat = CommandRun.of("generate", "--model", tuned, "--chat", "--max-new-tokens", 3, "--stop", "#", "hello");
    assertTrue(chat.assertDone().err().startsWith("prompt 24 tokens"), chat.err()); // <s>[user]hello</s>[assistant]
  }

  @Test
  void aNewModelLearnsABook() throws IOException {
    data = Files.writeString(directory.resolve("book.txt"), "the quick brown fox. ".repeat(200));
    CommandRun train = train("--init", TinyLanguageModel.writeConfig(directory.resolve("new.json")), "--tokenizer",
        model.resolve("tokenizer.json"), "--max-length", 64, "--num-train-epochs", 6).assertDone();
    assertTrue(train.err().contains("book.txt: a text of 4,200 characters"), train.err());
    Path made = directory.resolve("out/model");
    JsonNode measured = evaluate("--model", made, "--max-length", 32, "--stride", 16);
    assertEquals(4200 - 1, measured.path("tokens").asInt());
    assertTrue(measured.path("perplexity").asDouble() < 3, measured.toString());
    String text = CommandRun.of("generate", "--model", made, "--prompt", "the quick brown", "--max-new-tokens", 6).assertDone()
        .out();
    assertEquals("the quick brown fox. \n", text);
    train("--init", directory.resolve("new.json"), "--tokenizer", model, "--model", model).assertUserError("leave out --model");
    train("--init", directory.resolve("none.json"), "--tokenizer", model).assertUserError("none.json: no such file");
    train("--init", directory.resolve("new.json")).assertUserError("--tokenizer is missing");
  }

  @Test
  void theSameSeedDrawsTheSameTextAndAnotherAnother() {
    String[] texts = new String[3];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = CommandRun.of("generate", "--model", model, "--prompt", "x", "--temperature", 1, "--top-k", 50, "--top-p", 0.9,
          "--min-p", 0.01, "--repetition-penalty", 1.1, "--seed", i / 2, "--min-new-tokens", 20, "--max-new-tokens", 20)
          .assertDone().out();
    }
    assertEquals(texts[0], texts[1]);
    assertFalse(texts[0].equals(texts[2]), texts[0]);
  }

  @Test
  void severalTextsForOnePromptBeginWithTheOneAlone() throws IOException {
    Object[] alone = {"generate", "--model", model, "--prompt", "x", "--temperature", 1, "--max-new-tokens", 20,
        "--min-new-tokens", 20, "--json"};
    JsonNode first = JsonMapper.shared().readTree(CommandRun.of(alone).assertDone().out());
    Object[] more = Arrays.copyOf(alone, alone.length + 2);
    more[alone.length] = "--num-return-sequences";
    more[alone.length + 1] = 3;
    List<JsonNode> texts = CommandRun.of(more).assertDone().out().lines().map(line -> JsonMapper.shared().readTree(line))
        .toList();
    assertEquals(List.of(0, 1, 2), texts.stream().map(text -> text.path("index").asInt()).toList());
    assertEquals(first.path("text"), texts.getFirst().path("text"));
    assertEquals(3, texts.stream().map(text -> text.path("text").asString()).distinct().count());
    assertTrue(texts.stream().allMatch(text -> text.path("tokens").asInt() == 20 && text.path("prompt_tokens").asInt() == 2));
    Object[] plain = Arrays.stream(more).filter(word -> !"--json".equals(word)).toArray();
    String shown = CommandRun.of(plain).assertDone().out();
    texts.forEach(text -> assertTrue(shown.contains("x" + text.path("text").asString() + "\n"), shown));
    more[alone.length + 1] = 0;
    CommandRun.of(more).assertUserError("--num-return-sequences must be at least 1, is 0");
    CommandRun.of("generate", "--model", model, "--prompt", "x", "--temperature", 0, "--num-return-sequences", 2)
        .assertUserError("at temperature 0 all texts are the same");
  }

  @Test
  void faultsAreNamed() throws IOException {
    CommandRun.of("generate", "--model", model).assertUserError("nothing to go on from");
    CommandRun.of("generate", "--model", model, "--prompt", "x".repeat(200)).assertUserError("prompt 0 has 201 tokens",
        "context is 128", "shorten");
    CommandRun.of("generate", "--model", model, "--prompt", "x", "--top-p", 2).assertUserError("top-p 2.0");
    train("--model", model, "--max-length", 1000).assertUserError("max_length must be from 2 to 128");
    train("--model", model, "--task", "summarise").assertUserError(
        "--task must be classify, generate, embed, rerank, tag, prefer or distil, is 'summarise'");
    train("--model", model, "--max-length", 3).assertUserError("36 of 36 rows have nothing to learn", "--max-length");
    Files.delete(model.resolve("tokenizer_config.json"));
    CommandRun.of("generate", "--model", model, "--chat", "hello").assertUserError("no chat template", "chat_template.jinja");
    assertFalse(Files.exists(directory.resolve("out")), "something was written");
  }
}
