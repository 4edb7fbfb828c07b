import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Tests of the CUDA kernels' tests: of each function of the kernels' sources three mutants are made, as far as it has what can be
 * mutated (a barrier dropped, `<` made `<=`, an index off by one, a sum or product turned), and the kernel tests run on each
 * until one fails. Prints a line for each mutant. Arguments: the sources, a folder for the mutants, the file of outcomes, in
 * which what has an outcome already is not run again; then families, or none for all.
 */
public class KernelMutants {
  private static final int EACH = 3;
  private static final long LONGEST_MS = 180_000; // of one mutant; what does not end is found
  private static final String PACKAGE = "dev.hone.core.kernel.cuda.";
  private static final Map<String, List<String>> TESTS = Map.ofEntries(
      Map.entry("prelude", List.of("ReduceKernelTest", "ElementwiseKernelTest", "NormKernelTest", "MovingKernelTest",
          "LossKernelTest", "MatMulKernelTest")),
      Map.entry("memory", List.of("ElementwiseKernelTest")), Map.entry("elementwise", List.of("ElementwiseKernelTest")),
      Map.entry("reduce", List.of("ReduceKernelTest", "NormKernelTest")), Map.entry("norm", List.of("NormKernelTest")),
      Map.entry("gather", List.of("MovingKernelTest")), Map.entry("quant", List.of("MovingKernelTest")),
      Map.entry("loss", List.of("LossKernelTest")), Map.entry("optimizer", List.of("OptimizerKernelTest")),
      Map.entry("matmul", List.of("MatMulKernelTest")), Map.entry("attention", List.of("AttentionKernelTest")),
      Map.entry("attention_tensor", List.of("TensorAttentionKernelTest")));

  private static final Pattern FUNCTION = Pattern.compile("(?m)^(?:template|__device__|extern)[^;]*?(\\w+)"
      + "\\((?:[^(){}]|\\([^(){}]*\\))*\\) \\{\\n(?s:.*?)^\\}$");

  record Change(Pattern pattern, String by, String what) {}

  /** Of each kind one, then more of the first kinds. */
  private static final List<Change> CHANGES = List.of(
      new Change(Pattern.compile("__syncthreads\\(\\);"), ";", "a barrier dropped"),
      new Change(Pattern.compile(" < "), " <= ", "< made <="),
      new Change(Pattern.compile("(?<=\\w)\\[([^\\[\\]]+)\\](?! = \\{)(?!;$)"), "[($1) + 1]", "an index off by one"),
      new Change(Pattern.compile(" \\+ "), " - ", "+ made -"),
      new Change(Pattern.compile(" \\* "), " + ", "* made +"));

  record Mutant(String family, String function, String text, String what) {
    String name() {
      return family + " " + function + ": " + what;
    }
  }

  public static void main(String[] arguments) throws Exception {
    Path sources = Path.of(arguments[0]);
    Path folder = Path.of(arguments[1]);
    Path outcomes = Path.of(arguments[2]);
    List<String> wanted = List.of(arguments).subList(3, arguments.length);
    Files.createDirectories(folder);
    List<String> known = Files.exists(outcomes) ? Files.readAllLines(outcomes) : new ArrayList<>();
    System.setProperty("hone.test.cuda.sources", folder.toString());
    copy(sources, folder, null);
    for (String family : wanted.isEmpty() ? TESTS.keySet() : wanted) {
      if (known.isEmpty() && found(family)) { // else everything would seem to be found
        System.err.println("the tests of " + family + " fail on the kernels as they are");
        System.exit(1);
      }
    }
    for (Mutant mutant : all(sources)) {
      if (!wanted.isEmpty() && !wanted.contains(mutant.family) || known.stream().anyMatch(line -> line.endsWith(mutant.name()))) {
        continue;
      }
      copy(sources, folder, mutant);
      Files.writeString(outcomes, "found    " + mutant.name() + "\n", java.nio.file.StandardOpenOption.CREATE,
          java.nio.file.StandardOpenOption.APPEND); // unless it is written over below: a mutant that ends the JVM is found
      Thread watch = Thread.ofPlatform().daemon().start(() -> {
        try {
          Thread.sleep(LONGEST_MS);
          Runtime.getRuntime().halt(3);
        } catch (InterruptedException e) {
          return;
        }
      });
      boolean found = found(mutant.family);
      watch.interrupt();
      if (!found) {
        List<String> lines = new ArrayList<>(Files.readAllLines(outcomes));
        lines.set(lines.size() - 1, "SURVIVED " + mutant.name());
        Files.write(outcomes, lines);
      }
      System.out.println((found ? "found    " : "SURVIVED ") + mutant.name());
    }
  }

  private static void copy(Path sources, Path folder, Mutant mutant) throws Exception {
    try (Stream<Path> files = Files.list(sources)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".cu")).toList()) {
        boolean own = mutant != null && file.getFileName().toString().equals(mutant.family + ".cu");
        Files.writeString(folder.resolve(file.getFileName()), own ? mutant.text : Files.readString(file));
      }
    }
  }

  /** Whether a test fails; tests run one by one, up to the first that does. */
  private static boolean found(String family) {
    Launcher launcher = LauncherFactory.create();
    for (String test : TESTS.get(family)) {
      Class<?> type = load(test);
      for (var method : Stream.of(type.getDeclaredMethods()).filter(m -> m.getAnnotations().length > 0).toList()) {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
            .selectors(DiscoverySelectors.selectMethod(type, method)).build();
        boolean[] failed = {false};
        launcher.execute(request, new TestExecutionListener() {
          @Override
          public void executionFinished(TestIdentifier id, TestExecutionResult result) {
            failed[0] |= result.getStatus() == TestExecutionResult.Status.FAILED;
          }
        });
        if (failed[0]) {
          return true;
        }
      }
    }
    return false;
  }

  private static Class<?> load(String test) {
    try {
      return Class.forName(PACKAGE + test);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Mutant> all(Path sources) throws Exception {
    List<Mutant> mutants = new ArrayList<>();
    try (Stream<Path> files = Files.list(sources)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".cu")).sorted().toList()) {
        String family = file.getFileName().toString().replace(".cu", "");
        String text = Files.readString(file);
        Matcher function = FUNCTION.matcher(text);
        while (function.find()) {
          int body = text.indexOf("{\n", function.end(1));
          mutants.addAll(of(family, function.group(1), text, body, function.end()));
        }
      }
    }
    return mutants;
  }

  /** Up to three mutants of the text between two places, chosen by the function's name. */
  private static List<Mutant> of(String family, String function, String text, int from, int to) {
    List<Mutant> mutants = new ArrayList<>();
    List<List<Mutant>> kinds = new ArrayList<>();
    for (Change change : CHANGES) {
      List<Mutant> kind = new ArrayList<>();
      Matcher place = change.pattern.matcher(text).region(from, to);
      while (place.find()) {
        String line = text.substring(text.lastIndexOf('\n', place.start()) + 1, text.indexOf('\n', place.start())).strip();
        if (line.startsWith("//") || line.startsWith("#") || line.indexOf("//") >= 0 && text.lastIndexOf("//", place.start())
            > text.lastIndexOf('\n', place.start())) {
          continue;
        }
        String by = place.groupCount() > 0 ? change.by.replace("$1", place.group(1)) : change.by;
        long lineNumber = text.substring(0, place.start()).lines().count();
        kind.add(new Mutant(family, function, text.substring(0, place.start()) + by + text.substring(place.end()),
            change.what + " in line " + lineNumber + ", place " + (place.start() - text.lastIndexOf('\n', place.start()))));
      }
      kinds.add(kind);
    }
    int seed = Math.floorMod(function.hashCode(), 1 << 16);
    for (int round = 0; mutants.size() < EACH && round < EACH; round++) {
      for (List<Mutant> kind : kinds) {
        if (mutants.size() < EACH && !kind.isEmpty()) {
          mutants.add(kind.remove((seed >> round) % kind.size()));
        }
      }
    }
    return mutants;
  }
}
