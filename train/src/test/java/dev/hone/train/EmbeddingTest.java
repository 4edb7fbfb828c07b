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
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.fixture.InnerJavac;
import dev.hone.train.optim.AdamW;
import dev.hone.train.optim.Gradients;
import dev.hone.train.optim.Grouping;
import dev.hone.train.optim.Optimizer;
import dev.hone.train.task.classify.ClassificationObjective;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
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
    Objective objective = ClassificationObjective.of(tuning.model().labels());
    Optimizer optimizer = new Optimizer(parameters, Grouping.of(AdamW.USUAL, 0.01));
    int[] batch = IntStream.range(0, set.size()).toArray();
    double first = 0;
    double last = 0;
    for (int step = 0; step < 30; step++) {
      try (Scope _ = Scope.open()) {
        Variable loss = objective.answer(tuning.model(), set.batch(batch), 1f / set.size(), Pass.training(42, step)).loss();
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

  private static final String PROGRAM = """
      package app;

      import dev.hone.lora.LoraConfig;
      import dev.hone.train.*;
      import dev.hone.train.data.*;
      import dev.hone.train.task.classify.ClassifierTuning;
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
      """;

  /** Starts a program whose libraries lie as jars in its own jar, read into memory by a class loader, as Spring Boot's do. */
  private static final String LAUNCHER = """
      package launch;

      import java.io.*;
      import java.net.*;
      import java.util.*;
      import java.util.zip.*;

      public final class Launcher extends ClassLoader {
        private final Map<String, byte[]> entries = new HashMap<>();

        private Launcher() {
          super(ClassLoader.getPlatformClassLoader());
        }

        public static void main(String[] arguments) throws Exception {
          Launcher loader = new Launcher();
          URL own = Launcher.class.getProtectionDomain().getCodeSource().getLocation();
          try (ZipInputStream outer = new ZipInputStream(new BufferedInputStream(own.openStream()))) {
            for (ZipEntry entry = outer.getNextEntry(); entry != null; entry = outer.getNextEntry()) {
              if (entry.getName().endsWith(".jar")) {
                ZipInputStream inner = new ZipInputStream(outer); // not closed: the outer one goes on
                for (ZipEntry each = inner.getNextEntry(); each != null; each = inner.getNextEntry()) {
                  loader.entries.putIfAbsent(each.getName(), inner.readAllBytes());
                }
              }
            }
          }
          Thread.currentThread().setContextClassLoader(loader);
          loader.loadClass("app.Main").getMethod("main", String[].class).invoke(null, (Object) arguments);
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
          byte[] bytes = entries.get(name.replace('.', '/') + ".class");
          if (bytes == null) {
            throw new ClassNotFoundException(name);
          }
          return defineClass(name, bytes, 0, bytes.length);
        }

        @Override
        protected URL findResource(String name) {
          byte[] bytes = entries.get(name);
          try {
            return bytes == null ? null : URL.of(new URI("nested", "/" + name, null), new URLStreamHandler() {
              @Override
              protected URLConnection openConnection(URL url) {
                return new URLConnection(url) {
                  @Override
                  public void connect() {}

                  @Override
                  public InputStream getInputStream() {
                    return new ByteArrayInputStream(bytes);
                  }
                };
              }
            });
          } catch (URISyntaxException | MalformedURLException e) {
            throw new IllegalStateException(e);
          }
        }

        @Override
        protected Enumeration<URL> findResources(String name) {
          URL one = findResource(name);
          return one == null ? Collections.emptyEnumeration() : Collections.enumeration(List.of(one));
        }
      }
      """;

  /** Compiles sources; returns the directory of the classes. */
  private Path compiled(Map<String, String> sources) throws Exception {
    List<String> options = List.of("-p", ChildJvm.modulePath(), "--add-modules", "dev.hone.train");
    return InnerJavac.compile(Files.createTempDirectory(directory, "classes"), options,
        Files.createTempDirectory(directory, "source"), sources);
  }

  /** A JVM that starts soon. */
  private static ProcessBuilder java(String... arguments) {
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }

  /** Another program, compiled against the modules and started in a JVM of its own, on the module path and the class path. */
  @Test
  void anotherProgramRunsOnTheModulePathAndOnTheClassPath() throws Exception {
    Path classes = compiled(Map.of("module-info.java", "module app { requires dev.hone.train; }", "app/Main.java", PROGRAM));
    String separator = System.getProperty("path.separator");
    assertEquals("3 true", output(java("--add-modules", "jdk.incubator.vector", "-p",
        ChildJvm.modulePath() + separator + classes, "-m", "app/app.Main", model.toString())));
    assertEquals("3 false", output(java("--add-modules", "jdk.incubator.vector", "-cp",
        ChildJvm.classPath() + separator + classes, "app.Main", model.toString())));
  }

  /** All in one jar, with and without the vector module. */
  @Test
  void anotherProgramRunsFromOneJarWithItsLibrariesInside() throws Exception {
    Path launcher = compiled(Map.of("launch/Launcher.java", LAUNCHER));
    Path fat = directory.resolve("fat.jar");
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "launch.Launcher");
    try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(fat), manifest)) {
      jar.setLevel(Deflater.BEST_SPEED);
      pack(launcher, jar);
      List<String> libraries = new ArrayList<>(List.of(ChildJvm.modulePath().split(System.getProperty("path.separator"))));
      libraries.add(compiled(Map.of("app/Main.java", PROGRAM)).toString());
      for (int i = 0; i < libraries.size(); i++) {
        jar.putNextEntry(new ZipEntry("lib/" + i + ".jar"));
        Path library = Path.of(libraries.get(i));
        if (Files.isDirectory(library)) {
          ByteArrayOutputStream bytes = new ByteArrayOutputStream();
          try (JarOutputStream inner = new JarOutputStream(bytes)) {
            inner.setLevel(Deflater.BEST_SPEED);
            pack(library, inner);
          }
          jar.write(bytes.toByteArray());
        } else {
          Files.copy(library, jar);
        }
      }
    }
    assertEquals("3 false", output(java("--add-modules", "jdk.incubator.vector", "-jar", fat.toString(),
        model.toString())));
    assertFalse(Files.readString(directory.resolve("errors")).contains("scalar"), "the vector kernels are found");
    assertEquals("3 false", output(java("-jar", fat.toString(), model.toString())));
    String said = Files.readString(directory.resolve("errors"));
    assertTrue(said.contains("--add-modules jdk.incubator.vector"), said);
  }

  private static void pack(Path classes, JarOutputStream jar) throws IOException {
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        jar.putNextEntry(new ZipEntry(classes.relativize(file).toString().replace(File.separatorChar, '/')));
        Files.copy(file, jar);
      }
    }
  }

  private String output(ProcessBuilder program) throws Exception {
    Process process = program.redirectError(directory.resolve("errors").toFile()).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), Files.readString(directory.resolve("errors")));
    return printed.strip();
  }
}
