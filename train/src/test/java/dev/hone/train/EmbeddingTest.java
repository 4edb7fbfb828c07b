package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Pass;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.optim.AdamW;
import dev.hone.train.optim.Gradients;
import dev.hone.train.optim.Grouping;
import dev.hone.train.optim.Optimizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hone inside other programs: rows from collections, an open loop, several trainers, interruption, both paths. */
class EmbeddingTest {
  @TempDir
  Path directory;

  private Path model;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.write(directory.resolve("model"));
  }

  private static Dataset<Example.Labelled> rows() {
    return Dataset.of("memory", IntStream.range(0, 40)
        .mapToObj(i -> new Example.Labelled((i % 2 == 0 ? "it is good " : "it is awful ") + (char) ('a' + i % 26),
            i % 2 == 0 ? "up" : "down")).toList());
  }

  private ClassifierTuning tuning() throws IOException {
    return ClassifierTuning.lora(model, LabelSet.of(rows()), LoraConfig.of(4, 8), 1);
  }

  /** The loop written out: forward, loss, backward, clip, step. */
  @Test
  void anOpenLoopLearnsWithTheSameParts() throws IOException {
    ClassifierTuning tuning = tuning();
    TrainingSet set = tuning.encode(rows());
    Collection<Parameter> parameters = tuning.parameters();
    Objective objective = Objective.classification(tuning.model().labels());
    Optimizer optimizer = new Optimizer(parameters, Grouping.of(AdamW.USUAL, 0.01));
    int[] batch = IntStream.range(0, set.size()).toArray();
    double first = 0;
    double last = 0;
    for (int step = 0; step < 30; step++) {
      try (Scope _ = Scope.open()) {
        Variable loss = objective.answer(tuning.model(), set, batch, 1f / set.size(), Pass.training(42, step)).loss();
        loss.backward();
        last = loss.value().item();
      }
      optimizer.step(1e-2, Gradients.clipScale(Gradients.norm(parameters), 1));
      Gradients.clear(parameters);
      first = step == 0 ? last : first;
    }
    assertTrue(last < 0.8 * first, "from " + first + " to " + last);
  }

  @Test
  void trainersBesideEachOtherDoNotDisturbEachOther() throws Exception {
    TrainConfig config = TrainConfig.defaults(5e-3).with("batch_size", 8);
    ClassifierTuning alone = tuning();
    alone.train(rows(), null, config);
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      List<Future<ClassifierTuning>> runs = IntStream.range(0, 3).mapToObj(_ -> threads.submit(() -> {
        ClassifierTuning tuning = tuning();
        tuning.train(rows(), null, config);
        return tuning;
      })).toList();
      for (Future<ClassifierTuning> run : runs) {
        List<Parameter> expected = List.copyOf(alone.parameters());
        List<Parameter> actual = List.copyOf(run.get().parameters());
        for (int i = 0; i < expected.size(); i++) {
          assertArrayEquals(expected.get(i).value().toFloatArray(), actual.get(i).value().toFloatArray());
        }
      }
    }
  }

  @Test
  void anInterruptEndsARunAfterItsStep() throws Exception {
    ClassifierTuning tuning = tuning();
    CountDownLatch started = new CountDownLatch(1);
    tuning.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        started.countDown();
      }
    });
    Trainer.Result[] result = new Trainer.Result[1];
    Thread thread = Thread.ofPlatform().start(
        () -> result[0] = tuning.train(rows(), null, TrainConfig.defaults(1e-3).with("max_steps", 1_000_000)));
    started.await();
    thread.interrupt();
    thread.join();
    assertTrue(result[0].interrupted());
    assertFalse(result[0].steps() >= 1_000_000);
  }

  /** Another program, compiled against the modules and started in a JVM of its own, on the module path and the class path. */
  @Test
  void anotherProgramRunsOnTheModulePathAndOnTheClassPath() throws Exception {
    Path source = directory.resolve("source");
    Files.createDirectories(source.resolve("app"));
    Files.writeString(source.resolve("module-info.java"), "module app { requires dev.hone.train; }");
    Files.writeString(source.resolve("app/Main.java"), """
        package app;

        import dev.hone.lora.LoraConfig;
        import dev.hone.train.*;
        import dev.hone.train.data.*;
        import java.nio.file.Path;
        import java.util.List;

        public class Main {
          public static void main(String[] arguments) throws Exception {
            Dataset<Example.Labelled> rows = Dataset.of("memory", List.of(new Example.Labelled("it is good", "up"),
                new Example.Labelled("it is bad", "down"), new Example.Labelled("it is fine", "up")));
            ClassifierTuning tuning = ClassifierTuning.lora(Path.of(arguments[0]), LabelSet.of(rows), LoraConfig.of(2, 4), 1);
            System.out.println(tuning.train(rows, null, TrainConfig.defaults(1e-3)).steps() + " "
                + Main.class.getModule().isNamed());
          }
        }
        """);
    Path classes = directory.resolve("classes");
    Path tools = Path.of(System.getProperty("java.home"), "bin");
    output(new ProcessBuilder(tools.resolve("javac").toString(), "-p", ChildJvm.modulePath(), "-d", classes.toString(),
        source.resolve("module-info.java").toString(), source.resolve("app/Main.java").toString()));
    String separator = System.getProperty("path.separator");
    String java = tools.resolve("java").toString();
    assertEquals("3 true", output(new ProcessBuilder(java, "--add-modules", "jdk.incubator.vector", "-p",
        ChildJvm.modulePath() + separator + classes, "-m", "app/app.Main", model.toString())));
    assertEquals("3 false", output(new ProcessBuilder(java, "--add-modules", "jdk.incubator.vector", "-cp",
        ChildJvm.classPath() + separator + classes, "app.Main", model.toString())));
  }

  private String output(ProcessBuilder program) throws Exception {
    Process process = program.redirectError(directory.resolve("errors").toFile()).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), Files.readString(directory.resolve("errors")));
    return printed.strip();
  }
}
