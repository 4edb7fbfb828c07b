package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.LoraConfig;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.fixture.InnerJavac;
import dev.hone.train.task.classify.ClassifierTuning;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java program of the README does what the text says, in a JVM of its own with everything on the class path. */
class ReadmeTest {
  private static final Path README = Path.of("..", "README.md");

  @TempDir
  Path directory;

  /** The first Java program of a page, compiled, then run in a JVM of its own; what it printed. */
  private String run(Path page, Object... arguments) throws Exception {
    Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(page));
    assertTrue(block.find(), page + " has a Java program");
    Matcher name = Pattern.compile("public class (\\w+)").matcher(block.group(1));
    assertTrue(name.find(), block.group(1));
    Path source = Files.writeString(directory.resolve(name.group(1) + ".java"), block.group(1));
    Path classes = InnerJavac.compile(directory.resolve("classes"), List.of(source));
    List<String> words = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1", "-Dhone.backend=scalar", name.group(1)));
    Stream.of(arguments).map(Object::toString).forEach(words::add);
    Path errors = directory.resolve("errors");
    Process process = ChildJvm.java(classes, words).redirectError(errors.toFile()).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), Files.readString(errors));
    return printed;
  }

  @Test
  void theProgramTunesSavesAndPredicts() throws Exception {
    Path data = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(40));
    Path model = TinyModel.write(directory.resolve("model"));
    String printed = run(README, model, data, directory.resolve("out"));
    assertTrue(printed.matches("(up|down) [01]\\.\\d+\\s*"), printed);
    assertTrue(Files.exists(directory.resolve("out/adapter_config.json")));
  }

  /** The program of the page on applications. */
  @Test
  void theServiceEmbedsAndPredicts() throws Exception {
    Path model = TinyModel.write(directory.resolve("model"));
    Dataset<Example.Labelled> rows = Dataset.of("memory", List.of(new Example.Labelled("it is good", "up"),
        new Example.Labelled("it is bad", "down")));
    ClassifierTuning.lora(model, LabelSet.of(rows), LoraConfig.of(2, 4), 1).save(directory.resolve("adapter"));
    String printed = run(Path.of("..", "docs", "embedding.md"), model, directory.resolve("adapter"));
    assertTrue(printed.matches("2 vectors of 16 numbers\\s+(up|down)\\s*"), printed);
  }

  /** The program of the page on Java. */
  @Test
  void theRunOfAProgramLeavesWhatTheCommandLeaves() throws Exception {
    Path model = TinyModel.write(directory.resolve("model"));
    Path data = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(40));
    String printed = run(Path.of("..", "docs", "java.md"), model, data, directory.resolve("out"));
    assertEquals(List.of("step 1 of 4", "step 2 of 4", "step 3 of 4", "step 4 of 4", "4 steps, weights in adapter"),
        printed.lines().toList());
    assertTrue(Files.exists(directory.resolve("out/report.html")));
  }

  @Test
  void theClassesOfAStepAreThere() throws Exception {
    Matcher row = Pattern.compile("\\| \\d+ \\| `([\\w.]+)`").matcher(Files.readString(Path.of("..", "docs", "architecture.md")));
    int classes = 0;
    while (row.find()) {
      Class.forName("dev.hone." + row.group(1), false, ReadmeTest.class.getClassLoader());
      classes++;
    }
    assertEquals(12, classes);
  }
}
