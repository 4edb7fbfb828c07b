package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.LoraConfig;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.task.classify.ClassifierTuning;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java program of the README does what the text says, in a JVM of its own with everything on the class path. */
class ReadmeTest {
  private static final Path README = Path.of("..", "README.md");

  @TempDir
  Path directory;

  @Test
  void theProgramTunesSavesAndPredicts() throws Exception {
    Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(README));
    assertTrue(block.find(), "the README has a Java program");
    Path source = Files.writeString(directory.resolve("Reviews.java"), block.group(1));
    Path data = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(40));
    Path model = TinyModel.write(directory.resolve("model"));
    Process process = ChildJvm.java(List.of("-XX:TieredStopAtLevel=1", source.toString(), model.toString(), data.toString(),
        directory.resolve("out").toString())).redirectError(directory.resolve("errors").toFile()).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), Files.readString(directory.resolve("errors")));
    assertTrue(printed.matches("(up|down) [01]\\.\\d+\\s*"), printed);
    assertTrue(Files.exists(directory.resolve("out/adapter_config.json")));
  }

  /** The program of the page on applications. */
  @Test
  void theServiceEmbedsAndPredicts() throws Exception {
    Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
        .matcher(Files.readString(Path.of("..", "docs", "embedding.md")));
    assertTrue(block.find(), "the page has a Java program");
    Path source = Files.writeString(directory.resolve("Service.java"), block.group(1));
    Path model = TinyModel.write(directory.resolve("model"));
    Dataset<Example.Labelled> rows = Dataset.of("memory", List.of(new Example.Labelled("it is good", "up"),
        new Example.Labelled("it is bad", "down")));
    ClassifierTuning.lora(model, LabelSet.of(rows), LoraConfig.of(2, 4), 1).save(directory.resolve("adapter"));
    Process process = ChildJvm.java(List.of("-XX:TieredStopAtLevel=1", source.toString(), model.toString(),
        directory.resolve("adapter").toString())).redirectError(directory.resolve("errors").toFile()).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), Files.readString(directory.resolve("errors")));
    assertTrue(printed.matches("2 vectors of 16 numbers\\s+(up|down)\\s*"), printed);
  }

  /** The program of the page on Java. */
  @Test
  void theRunOfAProgramLeavesWhatTheCommandLeaves() throws Exception {
    Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
        .matcher(Files.readString(Path.of("..", "docs", "java.md")));
    assertTrue(block.find(), "the page has a Java program");
    Path source = Files.writeString(directory.resolve("Run.java"), block.group(1));
    Path model = TinyModel.write(directory.resolve("model"));
    Path data = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(40));
    Process process = ChildJvm.java(List.of("-XX:TieredStopAtLevel=1", source.toString(), model.toString(), data.toString(),
        directory.resolve("out").toString())).redirectError(directory.resolve("errors").toFile()).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), Files.readString(directory.resolve("errors")));
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
