package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import dev.hone.train.TrainListener;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.run.TrainingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Taggers on the command line: tuned from CoNLL and from spans, measured, resumed, asked, refused. */
class TagCommandsTest {
  @TempDir
  Path directory;

  private Path model;
  private Path conll;

  /** Words after "very" are things: the one rule there is to learn. */
  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.write(directory.resolve("tiny"));
    StringBuilder rows = new StringBuilder("-DOCSTART- -X- O\n\n");
    for (int i = 0; i < 60; i++) {
      rows.append(i % 2 == 0 ? "it x O\nis x O\nvery x B-THING\ngood x I-THING\n" : "the x O\nbad x B-MAN\nis x O\nbad x B-MAN\n")
          .append((char) ('a' + i % 26)).append(" x O\n").append((char) ('a' + i / 26)).append(" x O\n\n");
    }
    conll = Files.writeString(directory.resolve("rows.conll"), rows);
  }

  private CommandRun train(Path data, Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--task", "tag", "--model", model, "--data", data, "--output-dir",
        directory.resolve("out"), "--learning-rate", "1e-2", "--overwrite", "--batch-size", 8));
    words.addAll(List.of(more));
    return CommandRun.of(words.toArray());
  }

  @Test
  void aTaggerIsTunedMeasuredAndAsked() throws IOException {
    CommandRun run = train(conll, "--num-train-epochs", 20, "--target-modules", "all-linear", "--val-size", 12).assertDone();
    assertTrue(run.err().contains("60 sentences, CoNLL, 3 columns, tag = the last; types: MAN, THING"), run.err());
    assertTrue(run.err().contains("tags: O, B-MAN, B-THING, I-THING"), run.err());
    Path adapter = directory.resolve("out/adapter");
    assertTrue(Files.readString(adapter.resolve("adapter_config.json")).contains("TOKEN_CLS"));
    assertTrue(Files.readString(adapter.resolve("README.md")).contains("token-classification"));
    JsonNode found = JsonMapper.shared().readTree(CommandRun.of("evaluate", "--model", model, "--adapter", adapter, "--data",
        conll, "--json").assertDone().out());
    assertEquals(1, found.path("micro_f1").asDouble());
    assertEquals(1, found.path("strict_f1").asDouble());
    assertEquals(1, found.path("classes").path("MAN").path("f1").asDouble());
    JsonNode line = JsonMapper.shared().readTree(CommandRun.of("tag", "--model", model, "--adapter", adapter, "--json",
        "it is very good").assertDone().out());
    JsonNode span = line.path("spans").get(0);
    assertEquals("very good", span.path("text").asString());
    assertEquals("6 15 THING", span.path("start").asInt() + " " + span.path("end").asInt() + " " + span.path("label").asString());
    assertEquals(1, line.path("spans").size());
    Path back = Files.writeString(directory.resolve("back.jsonl"), line + "\n" + line + "\n");
    assertEquals(List.of("O", "O", "B-THING", "I-THING"), Dataset.tagged(back, DataOptions.DETECT).row(0).tags());
  }

  @Test
  void theWholeModelIsTunedAndReadAgain() throws IOException {
    train(conll, "--method", "full", "--num-train-epochs", 8, "--learning-rate", "3e-3",
        "--metric-for-best-model", "micro_f1").assertDone();
    Path tuned = directory.resolve("out/model");
    assertTrue(Files.readString(tuned.resolve("config.json")).contains("BertForTokenClassification"));
    JsonNode found = JsonMapper.shared().readTree(CommandRun.of("evaluate", "--model", tuned, "--data", conll, "--json")
        .assertDone().out());
    assertEquals(1, found.path("word_accuracy").asDouble());
    CommandRun shown = CommandRun.of("tag", "--model", tuned, "it is very good", "it is it").assertDone();
    assertTrue(shown.out().matches("THING\t[01]\\.\\d{4}\t6\t15\tvery good\n-\t\t\t\tit is it\n"), shown.out());
  }

  @Test
  void aRunThatWasStoppedEndsWithTheSameBits() throws IOException {
    byte[][] weights = new byte[2][];
    for (int i = 0; i < 2; i++) {
      Map<String, Object> settings = new LinkedHashMap<>(Map.of("task", "tag", "model", model, "data", conll, "output_dir",
          directory.resolve("run" + i), "max_steps", 8, "batch_size", 8));
      if (i == 1) {
        TrainingRun first = TrainingRun.of(settings, _ -> { });
        first.tuning().addListener(new TrainListener() {
          @Override
          public void onStep(Step step) {
            if (step.step() == 3) {
              first.tuning().stop();
            }
          }
        });
        assertEquals(3, first.complete().steps());
        settings.put("resume", true);
      }
      assertEquals(8, TrainingRun.of(settings, _ -> { }).complete().steps());
      weights[i] = Files.readAllBytes(directory.resolve("run" + i + "/adapter/adapter_model.safetensors"));
    }
    assertArrayEquals(weights[0], weights[1]);
  }

  @Test
  void spansOfCharactersBecomeTagsOfWords() throws IOException {
    Path file = Files.writeString(directory.resolve("rows.jsonl"), """
        {"text": "\uD83D\uDE00 Anna Berg-Moss, of Oslo.", "spans": [{"start": 2, "end": 16, "label": "PER"}, [21, 25, "LOC"]]}
        {"text": "No one", "spans": []}
        """);
    Dataset<Example.Tagged> data = Dataset.tagged(file, DataOptions.DETECT);
    assertEquals(List.of("O", "B-PER", "I-PER", "I-PER", "I-PER", "O", "O", "B-LOC", "O"), data.row(0).tags());
    assertEquals(List.of("O", "O"), data.row(1).tags());
  }

  /** Wrong rows, and the line that names them. A line end is written as |, a double quote as a single one. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiter = '~', quoteCharacter = '`', textBlock = """
      r.conll ~ Anna B-PER|moved ~ r.conll line 2: 'moved' is a word without a tag
      r.conll ~ Anna B-PER|moved x O ~ r.conll line 2: 3 columns, the lines before have 2
      r.conll ~ Anna PER ~ r.conll line 1: tag 'PER' is none of BIO or BILOU
      r.conll ~ Anna O ~ every word has the tag O
      r.jsonl ~ {'words': ['a', 'b'], 'tags': ['O']} ~ r.jsonl line 1: 2 words and 1 tags; there must be a tag for each word
      r.jsonl ~ {'words': ['a'], 'tags': [3]} ~ r.jsonl line 1: tag 3 is no name; write names such as B-PER, not their numbers
      r.jsonl ~ {'text': 'Annabel', 'spans': [{'start': 0, 'end': 4, 'label': 'PER'}]} ~ begins or ends within the word 'Annabel'
      r.jsonl ~ {'text': 'Anna', 'spans': [{'start': 0, 'end': 9, 'label': 'PER'}]} ~ span 0 to 9 is not within the text's
      r.jsonl ~ {'text': 'a b', 'spans': [[0, 3, 'X'], [2, 3, 'Y']]} ~ overlaps the next one; a word has one tag
      r.jsonl ~ {'text': 'Anna', 'spans': [{'from': 0}]} ~ line 1: span {"from":0} is not {"start": 0, "end": 4, "label": "PER"}
      r.jsonl ~ {'txt': 'Anna', 'spans': []} ~ columns found: txt, spans; rows of tagged words have words and tags
      """)
  void wrongRowsAreNamedWithTheirLine(String name, String rows, String message) throws IOException {
    String twice = name.endsWith("jsonl") ? rows + "|" + rows : rows; // one object alone may be columns of lists
    Path data = Files.writeString(directory.resolve(name), twice.replace('|', '\n').replace('\'', '"') + "\n");
    train(data, "--val-size", 0).assertUserError(message);
  }

  @Test
  void aTagThatWasNeverLearntIsNamed() throws IOException {
    Path other = Files.writeString(directory.resolve("other.conll"), "it x O\nis x B-PLACE\n");
    train(conll, "--eval-data", other).assertUserError("other.conll line 1", "the tag 'B-PLACE' does not occur in the rows");
    train(conll, "--metric-for-best-model", "rmse").assertUserError("must be loss, accuracy (of words), micro_f1 or macro_f1");
  }
}
