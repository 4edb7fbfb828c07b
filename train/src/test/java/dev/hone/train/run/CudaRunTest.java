package dev.hone.train.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Device;
import dev.hone.core.kernel.cuda.EmulatedGpu;
import dev.hone.nn.MemoryEstimate;
import dev.hone.train.TinyModel;
import dev.hone.train.TrainListener;
import dev.hone.train.config.UserError;
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
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code hone train --device cuda} does, on the emulated driver. */
class CudaRunTest {
  private static final int STEPS = 10;

  @TempDir
  Path directory;

  private final Map<String, Object> settings = new LinkedHashMap<>();
  private final List<Double> losses = new ArrayList<>();

  @BeforeEach
  void modelAndRows() throws IOException {
    EmulatedGpu.device();
    settings.put("model", TinyModel.write(directory.resolve("model")));
    settings.put("data", Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(24)));
    settings.put("val_size", 0);
    settings.put("report_to", "none");
    settings.put("max_steps", STEPS);
    settings.put("batch_size", 4);
  }

  /** Trains to a step; the weights that came out. */
  private byte[] run(String name, String device, boolean resume, int stop) throws IOException {
    settings.put("output_dir", directory.resolve(name));
    settings.put("device", device);
    settings.put("precision", "fp32");
    settings.put("resume", resume);
    TrainingRun run = TrainingRun.of(settings, _ -> { });
    assertSame(Device.named(device), run.tuning().model().parameters().values().iterator().next().value().device());
    losses.clear();
    run.tuning().addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        losses.add(step.loss());
        if (step.step() == stop) {
          run.tuning().stop();
        }
      }
    });
    assertEquals(stop, run.complete().steps());
    return stop < (int) settings.get("max_steps") ? null
        : Files.readAllBytes(directory.resolve(name).resolve("adapter/adapter_model.safetensors"));
  }

  @Test
  void tenStepsHaveTheLossesOfTheCpuAndAStoppedRunEndsWithTheSameBits() throws IOException {
    run("cpu", "cpu", false, STEPS);
    List<Double> expected = List.copyOf(losses);
    byte[] whole = run("whole", "cuda", false, STEPS);
    assertEquals(STEPS, losses.size());
    for (int i = 0; i < STEPS; i++) {
      assertEquals(expected.get(i), losses.get(i), 1e-4 * Math.max(1, expected.get(i)), "loss of step " + (i + 1));
    }
    run("stopped", "cuda", false, 4);
    assertArrayEquals(whole, run("stopped", "cuda", true, STEPS));
    assertEquals("", EmulatedGpu.reports());
  }

  @Test
  void aRunGoesOnOnAnotherDevice() throws IOException {
    run("cpu", "cpu", false, STEPS);
    double expected = losses.getLast();
    run("moved", "cuda", false, 5);
    run("moved", "cpu", true, STEPS);
    assertEquals(expected, losses.getLast(), 1e-4 * Math.max(1, expected));
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "load_in_4bit", "gradient_checkpointing"})
  void theEstimateIsWhatARunTakes(String setting) throws IOException {
    settings.put("model", TinyModel.write(directory.resolve("wider"), 64, 64));
    if (!setting.equals("plain")) {
      settings.put(setting, true);
    }
    settings.put("max_steps", 2);
    settings.put("output_dir", directory.resolve("taken"));
    settings.put("device", "cuda");
    settings.put("precision", "fp32");
    EmulatedGpu.mostBytes();
    TrainingRun run = TrainingRun.of(settings, _ -> { });
    MemoryEstimate estimate = run.memory();
    run.complete();
    long taken = EmulatedGpu.mostBytes();
    double ratio = (double) estimate.heapBytes() / taken;
    assertTrue(ratio > 0.9 && ratio < 1.2, estimate + " is " + ratio + " of the " + taken + " bytes that were taken");
    assertEquals("", EmulatedGpu.reports());
  }

  @Test
  void memoryIsEstimatedByPartAsOnTheCpu() throws IOException {
    settings.put("output_dir", directory.resolve("estimated"));
    settings.put("precision", "fp32");
    settings.put("device", "cpu");
    Map<String, Long> here = parts(TrainingRun.of(settings, _ -> { }).memory());
    settings.put("device", "cuda");
    MemoryEstimate estimate = TrainingRun.of(settings, _ -> { }).memory();
    Map<String, Long> there = parts(estimate);
    assertEquals(here.remove("mapped weights") + here.remove("weights"), there.remove("weights"));
    assertEquals(0, there.remove("widened weights"), "they are not stored in other types");
    assertEquals(here.keySet(), there.keySet());
    here.forEach((part, bytes) -> assertEquals(bytes, there.get(part), part.startsWith("activations") ? 0.2 * bytes : 0,
        part + ": " + here + there));
    assertTrue(estimate.toString().contains(" of memory of the device cuda: weights "), estimate.toString());
    MemoryEstimate large = new MemoryEstimate(List.of(new MemoryEstimate.Part("activations", 1L << 50, true, "--batch-size")),
        Device.named("cuda"));
    String message = assertThrows(MemoryEstimate.DoesNotFit.class, () -> large.check("training")).getMessage();
    assertTrue(message.matches("training needs about \\S+ GB of memory of the device cuda, which has .*; or --device cpu"),
        message);
  }

  private static Map<String, Long> parts(MemoryEstimate estimate) {
    Map<String, Long> parts = new LinkedHashMap<>();
    estimate.parts().forEach(part -> parts.put(part.name(), part.bytes()));
    return parts;
  }

  @ParameterizedTest
  @ValueSource(strings = {"adafactor", "muon", "lion", "sgd"})
  void otherOptimisersStepThereAsOnTheCpu(String name) throws IOException {
    settings.put("optim", name);
    settings.put("max_steps", 3);
    run("cpu", "cpu", false, 3);
    List<Double> expected = List.copyOf(losses);
    Map<String, Long> before = EmulatedGpu.launches();
    run("cuda", "cuda", false, 3);
    for (int i = 0; i < 3; i++) {
      assertEquals(expected.get(i), losses.get(i), 1e-3 * Math.max(1, expected.get(i)), "loss of step " + (i + 1));
    }
    assertTrue(EmulatedGpu.launches().get("hone_step") > before.getOrDefault("hone_step", 0L));
    assertEquals("", EmulatedGpu.reports());
  }

  @Test
  void whatIsNotComputedThereIsRefusedByName() {
    settings.put("output_dir", directory.resolve("refused"));
    settings.put("device", "cuda");
    settings.put("few_shot", true);
    assertEquals("--device cuda: --few-shot is not computed there; --device cpu does",
        assertThrows(UserError.class, () -> TrainingRun.of(settings, _ -> { })).getMessage());
    settings.remove("few_shot");
    settings.put("activations", "bf16");
    assertEquals("--device cuda: --activations bf16 is the CPU's; there --gradient-checkpointing saves memory",
        assertThrows(UserError.class, () -> TrainingRun.of(settings, _ -> { })).getMessage());
    settings.remove("activations");
    settings.put("device", "gpu");
    assertEquals("--device must be auto, cpu, cuda or cuda:N, is 'gpu'",
        assertThrows(UserError.class, () -> TrainingRun.of(settings, _ -> { })).getMessage());
    settings.put("device", "cuda");
    settings.put("precision", "fp8");
    assertEquals("--precision must be one of fp32, tf32, bf16, is 'fp8'",
        assertThrows(UserError.class, () -> TrainingRun.of(settings, _ -> { })).getMessage());
  }
}
