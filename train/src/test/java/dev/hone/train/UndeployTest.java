package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hone.core.parallel.Workers;
import dev.hone.lora.LoraConfig;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An application server loads the library in a class loader of its own, uses it from threads that stay, and drops it. */
@Timeout(300)
class UndeployTest {
  /** What runs in the other class loader; found by reflection, as that one has other classes of the same names. */
  public static final class Application {
    private Application() {}

    /** Trains, and answers by two threads of the server; then closes, or leaves that to the library. */
    public static void run(Path directory, ExecutorService server, boolean close) throws Exception {
      Path model = TinyModel.write(directory.resolve("model"));
      Path file = directory.resolve("reviews.csv");
      Files.writeString(file, TinyModel.reviews(40));
      Dataset<Example.Labelled> data = Dataset.labelled(file, DataOptions.DETECT);
      ClassifierTuning tuning = ClassifierTuning.lora(model, LabelSet.of(data), LoraConfig.of(4, 8), 1);
      server.submit(() -> tuning.train(data, data, TrainConfig.of(Map.of("max_steps", 3, "batch_size", 8)))).get();
      List<Future<?>> answers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        answers.add(server.submit(() -> tuning.classifier().predict(List.of("good", "bad"))));
      }
      for (Future<?> answer : answers) {
        answer.get();
      }
      if (close) {
        Workers.close();
      }
    }
  }

  /** The server: prints {@code gone} if nothing holds the class loader any more. */
  public static void main(String[] args) throws Exception {
    try (ExecutorService server = Executors.newFixedThreadPool(2)) {
      WeakReference<ClassLoader> loader = deployed(Path.of(args[0]), server, Boolean.parseBoolean(args[1]));
      while (loader.get() != null) { // threads that are not closed end some seconds later
        System.gc();
        Thread.sleep(50);
      }
      System.out.println("gone");
    }
  }

  private static WeakReference<ClassLoader> deployed(Path directory, ExecutorService server, boolean close) throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String part : System.getProperty("java.class.path").split(File.pathSeparator)) {
      urls.add(Path.of(part).toUri().toURL());
    }
    try (URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      loader.loadClass(Application.class.getName()).getMethod("run", Path.class, ExecutorService.class, boolean.class)
          .invoke(null, directory, server, close);
      return new WeakReference<>(loader);
    }
  }

  @ParameterizedTest(name = "closed: {0}")
  @ValueSource(booleans = {true, false})
  void nothingHoldsTheClassLoader(boolean close, @TempDir Path directory) throws Exception {
    // caches of the JDK refer to classes softly: here collections take them at once
    Process server = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules",
        "jdk.incubator.vector", "-Xmx512m", "-XX:SoftRefLRUPolicyMSPerMB=0", "-cp", ChildJvm.classPath() + File.pathSeparator
            + Path.of("target", "test-classes"),
        UndeployTest.class.getName(), directory.toString(), Boolean.toString(close))
        .redirectError(ProcessBuilder.Redirect.DISCARD).redirectOutput(directory.resolve("said").toFile()).start();
    try {
      assertEquals(0, server.waitFor());
      assertEquals("gone", Files.readString(directory.resolve("said")).strip());
    } finally {
      server.destroyForcibly(); // it would wait for ever
    }
  }
}
