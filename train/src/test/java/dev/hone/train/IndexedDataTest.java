package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.LoraConfig;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.data.BothWays;
import dev.hone.train.data.DataException;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.data.Split;
import dev.hone.train.encode.LanguageEncoder;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.task.Tuning;
import dev.hone.train.task.classify.ClassifierTuning;
import dev.hone.train.task.generate.LanguageTuning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows that stay in their file until a batch asks for them teach the same bits as rows in memory. */
class IndexedDataTest {
  private static final DataOptions INDEXED = BothWays.indexed(DataOptions.DETECT);

  @TempDir
  Path directory;

  /** What a run has learnt. */
  private static List<float[]> weights(Tuning<?> tuning) {
    return tuning.parameters().stream().map(parameter -> parameter.value().toFloatArray()).toList();
  }

  private static void assertSame(List<float[]> expected, List<float[]> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i));
    }
  }

  private static void stopAfter(Tuning<?> tuning, int step) {
    tuning.addListener(new TrainListener() {
      @Override
      public void onStep(Step done) {
        if (done.step() == step) {
          Thread.currentThread().interrupt(); // must not close the file that rows are read from
        }
      }
    });
  }

  private List<float[]> classifier(DataOptions options, int stopAfter, boolean resume) throws IOException {
    Path file = directory.resolve("reviews.csv");
    Dataset<Example.Labelled> all = options.equals(INDEXED) ? Dataset.labelled(file, options)
        : BothWays.read(options, each -> Dataset.labelled(file, each));
    Split split = Split.stratified(all, 0.2, 3);
    Dataset<Example.Labelled> training = Dataset.together(List.of(all.select(split.train()).weighted(1.3, 5),
        all.select(new int[] {4})));
    ClassifierTuning tuning = ClassifierTuning.lora(directory.resolve("model"), LabelSet.of(training), LoraConfig.of(4, 8), 1)
        .withMaxLength(12);
    tuning.setCheckpoints(new Checkpoints(directory.resolve("checkpoints" + options.format()), 2), resume);
    stopAfter(tuning, stopAfter);
    tuning.train(training, all.select(split.heldOut()), TrainConfig.of(Map.of("learning_rate", 1e-2, "batch_size", 4,
        "gradient_accumulation_steps", 2, "eval_steps", 5, "metric_for_best_model", "macro_f1", "max_tokens_per_batch", 60)));
    assertEquals(stopAfter > 0, Thread.interrupted());
    return weights(tuning);
  }

  @Test
  void aClassifierLearnsTheSameBitsAndGoesOnAfterAnInterrupt() throws IOException {
    TinyModel.write(directory.resolve("model"));
    StringBuilder rows = new StringBuilder("text,label\r\n");
    for (int i = 0; i < 50; i++) {
      rows.append("\"it is ").append(i % 2 == 0 ? "good" : "bad").append(i % 3 == 0 ? ",\r\n\"\"very\"\" " : " ")
          .append("a".repeat(i % 7)).append("\",").append(i % 2 == 0 ? "up" : "down").append(i % 5 == 0 ? "\r\n\n" : "\n");
    }
    Files.writeString(directory.resolve("reviews.csv"), rows);
    List<float[]> inMemory = classifier(DataOptions.DETECT, 0, false);
    assertSame(inMemory, classifier(INDEXED, 0, false));
    classifier(INDEXED, 7, false);
    assertSame(inMemory, classifier(INDEXED, 0, true));
  }

  private List<float[]> language(String name, DataOptions options, int stopAfter, boolean resume) throws IOException {
    Dataset<Example.Language> all = Dataset.language(directory.resolve(name), options);
    Split split = all.row(0) instanceof Example.Document ? Split.lastRows(all, 1) : Split.random(all, 0.2, 3);
    LanguageTuning tuning = LanguageTuning.lora(directory.resolve("model"), LoraConfig.of(4, 8), 1).withRows(48, false);
    tuning.setCheckpoints(new Checkpoints(directory.resolve("checkpoints" + options.format()), 2), resume);
    stopAfter(tuning, stopAfter);
    tuning.train(all.select(split.train()), all.select(split.heldOut()),
        TrainConfig.of(Map.of("learning_rate", 1e-2, "batch_size", 4, "max_steps", 12, "eval_steps",
            all.row(0) instanceof Example.Document ? 12 : 5))); // a piece of a book is long
    assertEquals(stopAfter > 0, Thread.interrupted());
    return weights(tuning);
  }

  @ParameterizedTest
  @ValueSource(strings = {"chat.jsonl", "completions.tsv"})
  void aLanguageModelLearnsTheSameBitsAndGoesOnAfterAnInterrupt(String name) throws IOException {
    TinyLanguageModel.write(directory.resolve("model"));
    StringBuilder rows = new StringBuilder(name.startsWith("chat") ? "\n" : "prompt\tcompletion\n");
    for (int i = 0; i < 120; i++) {
      String said = "sum " + "x".repeat(i == 5 ? 80 : i % 6); // one row has nothing left to learn
      rows.append(name.startsWith("chat") ? "{\"messages\": [{\"role\": \"user\", \"content\": \"" + said
          + "\"}, {\"role\": \"assistant\", \"content\": \"is " + i % 6 + "\"}]}\n" : said + "\tis " + i % 6 + "\n");
    }
    Files.writeString(directory.resolve(name), rows);
    List<float[]> inMemory = language(name, DataOptions.DETECT, 0, false);
    assertSame(inMemory, language(name, INDEXED, 0, false));
    language(name, INDEXED, 5, false);
    assertSame(inMemory, language(name, INDEXED, 0, true));
  }

  @Test
  void whatIsKnownOfTheRowsIsTheSame() throws IOException {
    TinyLanguageModel.write(directory.resolve("model"));
    Path file = directory.resolve("rows.jsonl");
    Files.writeString(file, String.join("\n", IntStream.range(0, 60)
        .mapToObj(i -> "{\"prompt\": \"p" + "é".repeat(i) + "\", \"completion\": \"c\"}").toList()));
    LanguageEncoder encoder = TextGenerator.load(directory.resolve("model"), null).withRows(116, false).encoder();
    LanguageEncoder.Encoded inMemory = encoder.encode(Dataset.language(file, DataOptions.DETECT));
    LanguageEncoder.Encoded indexed = encoder.encode(Dataset.language(file, INDEXED));
    assertEquals("57 rows, 3,420 tokens, 3.3% of them learnt; 3 cut at the maximum length; 3 dropped, they had nothing left to "
        + "learn",
        inMemory.description());
    assertEquals(inMemory.description(), indexed.description());
    assertEquals(inMemory.set().fingerprint(null), indexed.set().fingerprint(null));
    assertArrayEquals(inMemory.source(), indexed.source());
    for (int row = inMemory.set().size() - 1; row >= 0; row--) {
      assertArrayEquals(inMemory.set().tokens().get(row), indexed.set().tokens().get(row));
      assertArrayEquals(inMemory.set().target(row, Target.LearntTokens.class).learnt(),
          indexed.set().target(row, Target.LearntTokens.class).learnt());
    }
  }

  @Test
  void aLongTextIsReadInPiecesThatEndAtLineEnds() throws IOException {
    TinyLanguageModel.write(directory.resolve("model"));
    String text = "A line of the book, é and on.\n".repeat(4000);
    Files.writeString(directory.resolve("book.txt"), text);
    Dataset<Example.Language> data = Dataset.language(directory.resolve("book.txt"), INDEXED);
    assertEquals(4, data.size());
    StringBuilder again = new StringBuilder();
    for (Example.Language piece : data.rows()) {
      String part = ((Example.Document) piece).text();
      assertTrue(part.endsWith("\n"));
      again.append(part);
    }
    assertEquals(text, again.toString());
    LanguageEncoder encoder = TextGenerator.load(directory.resolve("model"), null).withRows(100, false).encoder();
    TrainingSet set = encoder.encode(data, 40).set();
    long learnt = 0;
    for (int row = 0; row < set.size(); row++) {
      for (boolean wanted : set.target(row, Target.LearntTokens.class).learnt()) {
        learnt += wanted ? 1 : 0;
      }
    }
    assertEquals(text.getBytes(StandardCharsets.UTF_8).length, learnt, "every token counts once");
    assertFalse(language("book.txt", INDEXED, 0, false).isEmpty());
  }

  @Test
  void whatIsWrongFarBehindTheBeginningIsNamedWithItsLine() throws IOException {
    Path file = directory.resolve("rows.jsonl");
    String good = "{\"text\": \"fine\", \"label\": \"up\"}\n{\"text\": \"awful\", \"label\": \"down\"}\n".repeat(6000);
    Files.writeString(file, good + "{\"text\": [\"a\", \"list\"], \"label\": \"up\"}\n");
    String list = "rows.jsonl line 12001: column 'text' holds a list or an object, not text; columns found: text, label";
    for (DataOptions options : List.of(DataOptions.DETECT, INDEXED)) {
      DataException e = assertThrows(DataException.class, () -> Dataset.labelled(file, options));
      assertTrue(e.getMessage().endsWith(list), e.getMessage());
    }
  }

  @Test
  void aFileThatIsCutShortDuringARunIsNamed() throws IOException {
    Path file = directory.resolve("reviews.csv");
    Files.writeString(file, TinyModel.reviews(40));
    Dataset<Example.Labelled> data = Dataset.labelled(file, INDEXED);
    Files.writeString(file, "text,label\n");
    UncheckedIOException e = assertThrows(UncheckedIOException.class, () -> data.row(20));
    assertTrue(e.getMessage().startsWith(file + " cannot be read at byte "), e.getMessage());
  }
}
