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
import java.lang.reflect.Field;
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
  /** What runs in the other class loader; found by reflection, as that one has other classes of the same names. */
  public static final class Application {
    private static final long IDLE_NANOS = 100_000_000; // instead of five and ten seconds

    private Application() {}

    /** Trains, and answers by two threads of the server; then closes, or leaves that to the library. */
    public static void run(Path directory, ExecutorService server, boolean close) throws Exception {
      for (String idle : close ? List.<String>of() : List.of("dev.hone.core.parallel.Workers", "dev.hone.core.memory.Shelf")) {
        Field field = Class.forName(idle).getDeclaredField("idleNanos");
        field.setAccessible(true);
        field.setLong(null, IDLE_NANOS);
      }
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

  /** The server: says of an application that closes and of one that does not when nothing holds its class loader any more. */
  public static void main(String[] args) throws Exception {
    try (ExecutorService server = Executors.newFixedThreadPool(2)) {
      for (boolean close : new boolean[] {true, false}) {
        WeakReference<ClassLoader> loader = deployed(Path.of(args[0]), server, close);
        while (loader.get() != null) { // threads that are not closed end a little later
          System.gc();
          Thread.sleep(50);
        }
        System.out.println(close ? "gone when closed" : "gone");
      }
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

  @Test
  void nothingHoldsTheClassLoader(@TempDir Path directory) throws Exception {
    // caches of the JDK refer to classes softly: here collections take them at once
    Process server = ChildJvm.java(List.of("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:SoftRefLRUPolicyMSPerMB=0",
        UndeployTest.class.getName(), directory.toString()))
        .redirectError(ProcessBuilder.Redirect.DISCARD).redirectOutput(directory.resolve("said").toFile()).start();
    try {
      assertEquals(0, server.waitFor());
      assertEquals(List.of("gone when closed", "gone"), Files.readAllLines(directory.resolve("said")));
    } finally {
      server.destroyForcibly(); // it would wait for ever
    }
  }
}
