package dev.hone.train.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import dev.hone.train.fixture.ChildJvm;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that are killed. {@link KillRun} is the same as a program, for as many kills as one likes. */
class KillTest {
  private static final int KILLS = Integer.getInteger("hone.kills", 4);

  @TempDir
  Path directory;

  @Tag("long")
  @Test
  void aKilledRunEndsWithTheSameBits() throws Exception {
    KillRun.Report report = KillRun.run(directory, KILLS, 1);
    assertTrue(report.kills() >= KILLS && report.completed() >= 1, report.toString());
  }

  @Test
  void sigtermFinishesTheStepAndSaysHowToGoOn() throws Exception {
    Path model = TinyModel.write(directory.resolve("model"));
    Path data = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(60));
    Path out = directory.resolve("out");
    Process process = ChildJvm.hone("train", "--model", model, "--data", data, "--output-dir", out, "--num-train-epochs",
        5000, "--eval-steps", 1000000, "--save-steps", 1000000).redirectErrorStream(true).start();
    StringBuilder printed = new StringBuilder();
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        printed.append(line).append('\n');
        if (line.startsWith("step ")) {
          process.toHandle().destroy(); // SIGTERM, and the streams stay open
        }
      }
    }
    assertEquals(143, process.waitFor(), printed.toString());
    String last = printed.toString().lines().toList().getLast();
    assertTrue(last.matches("stopped after step \\d+, which is saved; go on with: hone train --config .*run.yaml --resume"),
        printed.toString());
    String step = last.replaceAll("stopped after step (\\d+),.*", "$1");
    assertTrue(Files.exists(out.resolve("checkpoints/step-" + step + ".safetensors")), last);
  }
}
