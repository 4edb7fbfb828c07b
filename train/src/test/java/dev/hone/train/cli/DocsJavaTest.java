package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.fixture.InnerJavac;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Java in the pages: whole programs and pieces of programs compile, pieces with what the page says they are given; pieces of the
 * library are in the library. {@code ReadmeTest} runs the programs.
 */
class DocsJavaTest {
  private static final String IMPORTS = Stream.of("dev.hone.autograd", "dev.hone.core", "dev.hone.core.random", "dev.hone.lora",
      "dev.hone.nn", "dev.hone.nn.load", "dev.hone.train", "dev.hone.train.checkpoint", "dev.hone.train.config",
      "dev.hone.train.data", "dev.hone.train.distributed", "dev.hone.train.infer", "dev.hone.train.monitor",
      "dev.hone.train.optim", "dev.hone.train.serve", "dev.hone.train.task.classify", "dev.hone.train.task.prefer",
      "dev.hone.train.task.tag", "java.nio.file", "java.time", "java.util").map(room -> "import " + room + ".*;\n")
      .collect(Collectors.joining());

  /** What a piece is given, as parameters; a page may have pieces that are given nothing. */
  private static final Map<String, String> GIVEN = Map.of(
      "devices.md java 1", "Path directory, Device device, Tensor tensor",
      "devices.md java 2", "Parameter parameter",
      "gpu.md java 1", "Path directory",
      "java.md java 2", "Path base, List<String> texts",
      "monitor.md java 1", "Path model",
      "mpi.md java 1", "ClassifierTuning tuning, Checkpoints checkpoints, Dataset<Example.Labelled> rows, "
          + "Dataset<Example.Labelled> heldOut, TrainConfig config",
      "serve.md java 1", "FeedbackLog log, Telling telling");
  /** Pieces of the library or its tests, which stand in these files, whatever the spaces between words. */
  private static final Map<String, String> QUOTED = Map.of(
      "CONTRIBUTING.md java 4", "train/src/main/java/dev/hone/train/TrainConfig.java",
      "CONTRIBUTING.md java 5", "train/src/main/java/dev/hone/train/TrainConfig.java",
      "CONTRIBUTING.md java 6", "train/src/main/java/dev/hone/train/cli/EvaluateCommand.java");

  @TempDir
  Path directory;

  @Test
  void everyProgramAndPieceCompiles() throws Exception {
    List<String> sources = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (Pages.Block block : Pages.blocks("java")) {
      if (block.page().endsWith("CONTRIBUTING.md")) {
        continue;
      }
      Matcher program = Pattern.compile("public class (\\w+)").matcher(block.text());
      String type = program.find() ? program.group(1) : "Piece" + sources.size();
      String text = block.text();
      if (type.startsWith("Piece")) {
        text = IMPORTS + "class " + type + " {\n  void run(" + GIVEN.getOrDefault(block.name(), "") + ") throws Exception {\n"
            + text.replace("tell(answered)", "telling.tell(answered)") + "  }\n}\ninterface Telling" + sources.size() + " { }\n";
        seen.add(block.name());
      }
      sources.add(Files.writeString(directory.resolve(type + ".java"), text).toString());
    }
    assertTrue(seen.containsAll(GIVEN.keySet()), "no such piece: " + GIVEN.keySet() + " in " + seen);
    sources.add(Files.writeString(directory.resolve("Telling.java"), "interface Telling {\n"
        + "  void tell(dev.hone.train.monitor.Answered answered);\n}\n").toString());
    compile(sources);
  }

  /**
   * What CONTRIBUTING adds as examples (an operator, an optimiser, a metric) compiles where it says that it goes, and a run takes
   * the names.
   */
  @Test
  void theWorkedExamplesWorkWhereTheyGo() throws Exception {
    Map<String, String> block = Pages.blocks(Pages.ROOT.resolve("CONTRIBUTING.md")).stream()
        .collect(Collectors.toMap(Pages.Block::name, Pages.Block::text));
    String row = block.get("CONTRIBUTING.md java 8").replaceFirst("\\s+// in RuleNames", "");
    List<String> sources = List.of(
        with("autograd/src/main/java/dev/hone/autograd/MathOps.java", "public static Variable ",
            block.get("CONTRIBUTING.md java 1")),
        with("autograd/src/main/java/dev/hone/autograd/ActivationOps.java", "public static Variable ",
            "static final class Silu {\n" + block.get("CONTRIBUTING.md java 3") + "}\n"),
        with("train/src/main/java/dev/hone/train/optim/RuleNames.java", "row(\"adam\"", row),
        with("train/src/main/java/dev/hone/train/HeldOutMetric.java", "/** Matthews", block.get("CONTRIBUTING.md java 9")),
        Files.writeString(directory.resolve("SignMomentum.java"), "package dev.hone.train.optim;\n" + IMPORTS
            + "import dev.hone.core.kernel.ElementRule;\n" + block.get("CONTRIBUTING.md java 7")).toString());
    compile(sources);
    String rows = Files.readString(Pages.ROOT.resolve("autograd/src/test/java/dev/hone/autograd/OpGradientsTest.java"));
    Matcher test = Pattern.compile("(add\\(cases, \")\\w+(\", in -> MathOps\\.)\\w+(\\(in\\[0]\\), shape\\().*")
        .matcher(block.get("CONTRIBUTING.md java 2").strip());
    assertTrue(test.matches(), test.toString());
    assertTrue(rows.contains(test.group(1) + "exp" + test.group(2) + "exp" + test.group(3)), "no row of this form: " + test);

    Path model = TinyModel.write(directory.resolve("model"));
    Path data = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(40));
    ProcessBuilder run = ChildJvm.hone("train", "--model", model, "--data", data, "--output-dir", directory.resolve("out"),
        "--optim", "sign_momentum", "--metric-for-best-model", "macro_recall", "--max-steps", 2, "--eval-steps", 1, "--quiet");
    int classPath = run.command().indexOf("-cp") + 1;
    run.command().set(classPath, directory.resolve("classes") + File.pathSeparator + run.command().get(classPath));
    Process process = run.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    assertTrue(Files.readString(directory.resolve("out/run.yaml")).contains("sign_momentum"));
  }

  /** A file of the library with a piece before the first place where these words stand. */
  private String with(String file, String before, String piece) throws IOException {
    Path source = Pages.ROOT.resolve(file);
    String text = Files.readString(source);
    int at = text.indexOf(before);
    at = text.lastIndexOf("/**", at) > text.lastIndexOf(";", at) ? text.lastIndexOf("/**", at) : at;
    assertTrue(at > 0, file + " has no " + before);
    String more = text.substring(0, at) + piece + text.substring(at);
    return Files.writeString(directory.resolve(source.getFileName()), more).toString();
  }

  private void compile(List<String> sources) {
    InnerJavac.compile(directory.resolve("classes"), sources.stream().map(Path::of).toList());
  }

  @Test
  void whatIsQuotedStandsInTheLibrary() throws IOException {
    Map<String, String> blocks = Pages.blocks("java").stream().collect(Collectors.toMap(Pages.Block::name, Pages.Block::text));
    for (Map.Entry<String, String> quoted : QUOTED.entrySet()) {
      String source = plain(Files.readString(Pages.ROOT.resolve(quoted.getValue())));
      for (String line : blocks.get(quoted.getKey()).split("\n")) {
        assertTrue(source.contains(plain(line.replaceFirst("\\s+// in .*", ""))), quoted + " has no " + line);
      }
    }
  }

  private static String plain(String code) {
    return code.replaceAll("\\s+", " ").strip();
  }
}
