package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.parallel.Workers;
import dev.hone.lora.LoraConfig;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.task.classify.ClassifierTuning;
import dev.hone.train.task.generate.LanguageTuning;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What rows of a database have and files do not, no rows at all, and settings that are no numbers. */
class NullAndEmptyTest {
  @TempDir
  Path directory;

  private static void assertSays(Class<? extends RuntimeException> kind, String part, Executable attempt) {
    String message = assertThrows(kind, attempt).getMessage();
    assertTrue(message.contains(part), message);
  }

  @Test
  void partsOfRowsThatAreNullAreNamed() {
    assertSays(IllegalArgumentException.class, "the text is null", () -> new Example.Labelled(null, "up"));
    assertSays(IllegalArgumentException.class, "the label is null", () -> new Example.Labelled("good", null));
    assertSays(IllegalArgumentException.class, "the text is null", () -> new Example.Text(null));
    assertSays(IllegalArgumentException.class, "the text is null", () -> new Example.Document(null));
    assertSays(IllegalArgumentException.class, "the prompt is null", () -> new Example.Completion(null, "b"));
    assertSays(IllegalArgumentException.class, "the completion is null", () -> new Example.Completion("a", null));
    assertSays(IllegalArgumentException.class, "the list of messages is null", () -> new Example.Chat(null, null));
    assertSays(DataException.class, "orders line 2: the row is null",
        () -> Dataset.of("orders", Arrays.asList(new Example.Text("a"), null)));
  }

  @Test
  void aDataSetWithoutRowsIsRefusedByNameAndNoTextsHaveNoPredictions() throws IOException {
    Path base = TinyModel.write(directory);
    Dataset<Example.Labelled> none = Dataset.of("orders", List.of());
    Dataset<Example.Labelled> some = Dataset.of("some", List.of(new Example.Labelled("good", "up"),
        new Example.Labelled("bad", "down")));
    assertSays(DataException.class, "orders: has no rows", () -> LabelSet.of(none));
    ClassifierTuning tuning = ClassifierTuning.lora(base, LabelSet.of(some), LoraConfig.of(2, 4), 1);
    TrainConfig config = TrainConfig.defaults(1e-3);
    assertSays(DataException.class, "orders: has no rows", () -> tuning.train(none, null, config));
    assertSays(DataException.class, "orders: has no rows", () -> tuning.train(some, none, config));
    TrainingSet empty = tuning.encode(none);
    assertSays(IllegalArgumentException.class, "has no rows", () -> tuning.train(empty, null, config));
    assertSays(IllegalArgumentException.class, "give null to hold nothing out",
        () -> tuning.train(tuning.encode(some), empty, config));
    TextClassifier classifier = tuning.classifier();
    assertEquals(List.of(), classifier.predict(List.of()));
    assertSays(IllegalArgumentException.class, "encode: the text is null", () -> classifier.predict(Arrays.asList("good", null)));
    assertEquals(1, classifier.predict(List.of("")).size());
  }

  @Test
  void languageRowsToo() throws IOException {
    Path base = TinyLanguageModel.write(directory);
    LanguageTuning tuning = LanguageTuning.lora(base, LoraConfig.of(2, 4), 1);
    Dataset<Example.Language> none = Dataset.of("chats", List.of());
    assertSays(DataException.class, "chats: has no rows", () -> tuning.train(none, null, TrainConfig.defaults(1e-3)));
  }

  /** The setting is read in a process of its own, since this one has its threads already. */
  @ParameterizedTest
  @ValueSource(strings = {"0", "-3", "two", "", "99999999999"})
  void aNumberOfThreadsThatIsNoneIsSaid(String threads) throws IOException, InterruptedException {
    String launcher = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes = String.join(File.pathSeparator, List.of(where(Workers.class), where(NullAndEmptyTest.class)));
    Process process = new ProcessBuilder(launcher, "-Dhone.threads=" + threads, "-cp", classes, Threads.class.getName())
        .redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes());
    process.waitFor();
    String message = "-Dhone.threads=" + threads + ": expected a number from 1 to 1024";
    assertEquals(List.of(message, message, "3"), out.lines().toList());
  }

  private static String where(Class<?> kind) {
    return Path.of(URI.create(kind.getProtectionDomain().getCodeSource().getLocation().toString())).toString();
  }

  /** Says what the setting leads to, twice, and that threads may still be set. */
  static final class Threads {
    private Threads() {}

    public static void main(String[] arguments) {
      for (int i = 0; i < 2; i++) {
        try {
          Workers.run(2, block -> { });
        } catch (IllegalArgumentException e) {
          System.out.println(e.getMessage());
        }
      }
      Workers.setThreads(3);
      Workers.run(2, block -> { });
      System.out.println(Workers.threads());
    }
  }
}
