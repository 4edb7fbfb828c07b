package dev.hone.train.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.HoneException;
import dev.hone.train.TinyModel;
import dev.hone.train.TrainListener;
import dev.hone.train.Trainer;
import dev.hone.train.config.UserError;
import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.infer.TextClassifier;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program runs what {@code hone train} does. */
class TrainingRunTest {
  @TempDir
  Path directory;

  private final Map<String, Object> settings = new LinkedHashMap<>();
  private final List<String> said = new ArrayList<>();

  @BeforeEach
  void modelAndRows() throws IOException {
    settings.put("model", TinyModel.write(directory.resolve("model")));
    settings.put("data", Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(40)));
    settings.put("output_dir", directory.resolve("out"));
    settings.put("max_steps", 3);
    settings.put("batch_size", 4);
    settings.put("seed", 1);
  }

  @Test
  void aRunHoldsRowsOutAndLeavesWeightsCheckpointsMetricsSettingsAndReport() throws IOException {
    TrainingRun run = TrainingRun.of(settings, said::add);
    List<Integer> steps = new ArrayList<>();
    run.tuning().addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        steps.add(step.step());
      }
    });
    assertEquals(4, run.prepared().heldOut().size());
    assertEquals(36, run.prepared().training().size());
    assertFalse(Files.exists(directory.resolve("out")), "nothing is written before it trains");
    Trainer.Result result = run.complete();
    assertEquals(3, result.steps());
    assertEquals(List.of(1, 2, 3), steps);
    for (String left : List.of("adapter/adapter_config.json", "adapter/README.md", "checkpoints", "metrics.jsonl", "run.yaml",
        "runs", "report.html", "README.md", "run.json", "predictions.jsonl")) {
      assertTrue(Files.exists(directory.resolve("out").resolve(left)), left);
    }
    TextClassifier.Prediction answer = TextClassifier.load(directory.resolve("model"), run.weights())
        .predict(List.of("it is good")).getFirst();
    assertEquals(run.prepared().tuning().model().labels().size(), answer.probabilities().length);
  }

  @Test
  void aSecondRunIntoOneDirectoryIsRefusedWhileTheFirstWrites() throws Exception {
    TrainingRun second = TrainingRun.of(settings, _ -> { });
    TrainingRun first = TrainingRun.of(settings, _ -> { });
    List<String> refused = new ArrayList<>();
    first.tuning().addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        if (step.step() == 2) {
          refused.add(assertThrows(UserError.class, second::complete).getMessage());
          refused.add(otherProcess());
        }
      }
    });
    assertEquals(3, first.complete().steps());
    assertEquals(3, Files.readString(directory.resolve("out/metrics.jsonl")).lines().filter(line -> line.contains("\"loss\""))
        .count());
    String message = "another run is writing there; wait for its end, or give each an --output-dir of its own";
    assertEquals(directory.resolve("out") + ": " + message, refused.getFirst());
    assertTrue(refused.getLast().contains(message), refused.getLast());
    assertFalse(Files.exists(directory.resolve("out/.lock")));
    assertThrows(IllegalStateException.class, first::complete);
  }

  private String otherProcess() {
    try {
      Process process = ChildJvm.hone("train", "--model", settings.get("model"), "--data", settings.get("data"), "--output-dir",
          directory.resolve("out"), "--max-steps", 1, "--overwrite").redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 2 ? said : "not refused: " + said;
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void theSettingsItLeavesStartARunWithTheSameBits() throws IOException {
    TrainingRun.of(settings, _ -> { }).complete();
    byte[] weights = Files.readAllBytes(directory.resolve("out/adapter/adapter_model.safetensors"));
    TrainingRun again = TrainingRun.of(Map.of("config", directory.resolve("out/run.yaml"), "overwrite", true), _ -> { });
    assertEquals(Map.of("max_steps", 3, "batch_size", 4), Map.of("max_steps", again.config().maxSteps(), "batch_size",
        again.config().batchSize()));
    again.complete();
    assertEquals(java.util.HexFormat.of().formatHex(weights),
        java.util.HexFormat.of().formatHex(Files.readAllBytes(directory.resolve("out/adapter/adapter_model.safetensors"))));
  }

  @Test
  void whatNoRunCanHaveIsRefusedBeforeAnythingIsWritten() throws IOException {
    settings.put("lora_rr", 4);
    HoneException unknown = assertThrows(HoneException.class, () -> TrainingRun.of(settings, said::add));
    assertTrue(unknown.getMessage().startsWith("settings: unknown key 'lora_rr'"), unknown.getMessage());
    settings.remove("lora_rr");
    settings.put("probe", Files.writeString(directory.resolve("general.txt"), "it is the very good one"));
    settings.put("task", "classify");
    assertThrows(UserError.class, () -> TrainingRun.of(settings, said::add));
    settings.remove("probe");
    Files.createDirectories(directory.resolve("out/other"));
    UserError full = assertThrows(UserError.class, () -> TrainingRun.of(settings, said::add));
    assertTrue(full.getMessage().endsWith("out: exists and is not empty; --overwrite replaces what a run writes there"),
        full.getMessage());
    assertEquals(List.of(), said);
  }
}
