package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.hone.core.parallel.Workers;
import dev.hone.lora.LoraConfig;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An application server loads the library in a class loader of its own, uses it from threads that stay, and drops it. */
@Timeout(300)
class UndeployTest {
  /** What runs in the other class loader; by reflection, as that knows other classes of the same names. */
  public static final class Application {
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

  private static WeakReference<ClassLoader> deployed(Path directory, ExecutorService server, boolean close) throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String part : System.getProperty("java.class.path").split(File.pathSeparator)) {
      urls.add(Path.of(part).toUri().toURL());
    }
    try (URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> application = loader.loadClass(Application.class.getName());
      assertNotSame(Application.class, application);
      application.getMethod("run", Path.class, ExecutorService.class, boolean.class).invoke(null, directory, server, close);
      return new WeakReference<>(loader);
    }
  }

  private static void assertGone(WeakReference<ClassLoader> loader) throws InterruptedException {
    for (int i = 0; i < 400 && loader.get() != null; i++) { // idle threads have some seconds to end
      System.gc();
      Thread.sleep(100);
    }
    assertNull(loader.get(), () -> "the class loader is held; threads: " + Thread.getAllStackTraces().keySet());
  }

  @Test
  void closingLeavesNothing(@TempDir Path directory) throws Exception {
    try (ExecutorService server = Executors.newFixedThreadPool(2)) {
      assertGone(deployed(directory, server, true));
      assertEquals(1, server.submit(() -> 1).get(), "its threads are alive");
    }
  }

  @Test
  void withoutClosingIdleThreadsEndByThemselves(@TempDir Path directory) throws Exception {
    try (ExecutorService server = Executors.newFixedThreadPool(2)) {
      assertGone(deployed(directory, server, false));
    }
  }
}
