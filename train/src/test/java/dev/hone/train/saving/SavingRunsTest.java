package dev.hone.train.saving;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.parallel.Workers;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Work;
import dev.hone.train.RunLog;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.task.generate.LanguageTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs that leave out work. */
class SavingRunsTest {
  private final int threads = Workers.threads();

  @TempDir
  Path directory;

  @AfterEach
  void restoreThreads() {
    Workers.setThreads(threads);
  }

  private record Run(List<Double> losses, float[] weights, List<String> warnings, Work work) {}

  private Run chats(float adapterDropout, String sharing, boolean unread) throws IOException {
    Path model = directory.resolve("model");
    if (!Files.exists(model)) {
      TinyLanguageModel.write(model);
    }
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      rows.append("{\"messages\": [{\"role\": \"system\", \"content\": \"You count and say nothing else.\"}, ")
          .append("{\"role\": \"user\", \"content\": \"After ").append(i)
          .append("?\"}, {\"role\": \"assistant\", \"content\": \"It is ")
          .append(i + 1).append("\"}]}\n");
    }
    Dataset<Example.Language> data = Dataset.language(Files.writeString(directory.resolve("rows.jsonl"), rows),
        DataOptions.DETECT);
    LanguageTuning tuning = LanguageTuning.lora(model, new LoraConfig(4, 8, adapterDropout, List.of(), List.of()), 1);
    RunLog log = new RunLog();
    tuning.addListener(log);
    tuning.train(data, data, TrainConfig.of(Map.of("max_steps", 6, "batch_size", 6, "learning_rate", 1e-2,
        "share_prefixes", sharing, "skip_unread_rows", unread)));
    return new Run(log.losses(), tuning.parameters().iterator().next().value().toFloatArray(), log.warnings(), log.work());
  }

  @Test
  void aRunThatSharesLearnsWhatOneLearnsThatDoesNot() throws IOException {
    Run plain = chats(0, "off", false);
    Run shared = chats(0, "auto", true);
    assertTrue(plain.losses.getLast() < plain.losses.getFirst());
    for (int i = 0; i < plain.losses.size(); i++) {
      assertEquals(plain.losses.get(i), shared.losses.get(i), 1e-4 * plain.losses.getFirst());
    }
    assertEquals(List.of(), shared.warnings);
  }

  @Test
  void whatIsLeftOutIsCounted() throws IOException {
    Work plain = chats(0, "off", false).work;
    assertEquals("100.0", plain.toString().replaceAll(".*\\((.*?)%\\).*", "$1"));
    Work shared = chats(0, "auto", false).work;
    assertEquals(plain.total(), shared.total());
    assertEquals(0, shared.frozen() + shared.unread());
    assertTrue(shared.shared() > shared.total() / 3, shared.toString()); // the system prompt is most of a row
    Work both = chats(0, "auto", true).work;
    assertEquals(shared.shared(), both.shared());
    assertTrue(both.unread() > 0 && both.unread() < (both.total() - both.shared()) / 2, both.toString());
  }

  @Test
  void theNumberOfThreadsChangesNoBitOfIt() throws IOException {
    Workers.setThreads(1);
    Run one = chats(0, "auto", true);
    Workers.setThreads(3);
    Run three = chats(0, "auto", true);
    assertArrayEquals(one.weights, three.weights);
    assertEquals(one.losses, three.losses);
  }

  @Test
  void dropoutThatKeepsFromSharingIsSaidInALine() throws IOException {
    Run run = chats(0.1f, "auto", false);
    assertEquals(List.of("share_prefixes: what rows begin with alike is computed for each of them, as the adapter has dropout "
        + "(--lora-dropout 0 turns it off)"), run.warnings);
    assertArrayEquals(chats(0.1f, "off", false).weights, run.weights);
    assertFalse(run.losses.isEmpty());
  }

  @Test
  void anotherWordForSharingIsRefused() {
    assertEquals("share_prefixes must be auto or off, is on", assertThrows(IllegalArgumentException.class,
        () -> TrainConfig.of(Map.of("share_prefixes", "on"))).getMessage());
  }
}
