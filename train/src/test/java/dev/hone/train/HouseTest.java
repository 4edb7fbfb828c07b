package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.lora.Adapter;
import dev.hone.nn.PretrainedModel;
import dev.hone.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.AccessFlag;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** How the code is laid out: rooms without cycles, small classes, short lines, and an API that grows only in sight. */
class HouseTest {
  private static final Path ROOT = Path.of("..");
  private static final int MAX_LINES = 500;
  private static final int MAX_COLUMNS = 130;
  private static final Pattern NO_CODE = Pattern.compile(
      "\"\"\"[\\s\\S]*?(?<!\\\\)\"\"\"|\"(?:\\\\.|[^\"\\\\\n])*\"|'(?:\\\\.|[^'\\\\])+'|//[^\n]*|/\\*[\\s\\S]*?\\*/");
  private static final Pattern TYPE = Pattern.compile("L(dev/hone/[\\w/$]+);");

  /** A class of each module, to find its class files by. */
  private static final Map<String, Class<?>> MODULES =
      new TreeMap<>(Map.of("core", Tensor.class, "autograd", Variable.class, "nn",
      PretrainedModel.class, "lora", Adapter.class, "tokenizer", Tokenizer.class, "train", Trainer.class));

  private static Stream<DynamicTest> eachModule(Consumer<String> test) {
    return MODULES.keySet().stream().map(module -> DynamicTest.dynamicTest(module, () -> test.accept(module)));
  }

  @TestFactory
  Stream<DynamicTest> noPackageDependsOnItself() {
    return eachModule(module -> {
      assertEquals(List.of(), cycle(dependencies(module)), "packages of " + module + " in a cycle");
    });
  }

  @Test
  void aCycleIsFoundWhereThereIsOne() {
    assertEquals(List.of("b", "c", "b"), cycle(Map.of("a", Set.of("b"), "b", Set.of("c"), "c", Set.of("b", "d"))));
    assertEquals(List.of(), cycle(Map.of("a", Set.of("b", "c"), "b", Set.of("c"))));
  }

  @Test
  void noClassHasMoreThanFiveHundredLines() throws IOException {
    List<String> found = new ArrayList<>();
    for (Path file : sources("main")) {
      long lines = Files.readAllLines(file).size();
      if (lines > MAX_LINES) {
        found.add(file + ": " + lines);
      }
    }
    assertEquals(List.of(), found);
  }

  @Test
  void noLineIsLongerThanTheOthers() throws IOException {
    List<String> found = new ArrayList<>();
    List<Path> files = new ArrayList<>(sources("main"));
    files.addAll(sources("test"));
    for (Path file : files) {
      List<String> lines = Files.readAllLines(file);
      for (int i = 0; i < lines.size(); i++) {
        if (lines.get(i).length() > MAX_COLUMNS) {
          found.add(file + ":" + (i + 1));
        }
      }
    }
    assertEquals(List.of(), found);
  }

  /** A library ends no JVM: only programs do, in {@code main}, once what they started has ended. */
  @Test
  void onlyProgramsEndTheJvm() throws IOException {
    List<String> found = new ArrayList<>();
    for (Path file : sources("main")) {
      String text = Files.readString(file);
      int main = text.indexOf("  public static void main(String[] ");
      Matcher exit = Pattern.compile("System\\.exit\\(|\\.halt\\(|\\.exit\\(").matcher(text);
      while (exit.find()) {
        if (main < 0 || exit.start() < main || text.indexOf("\n  }\n", main) < exit.start()) {
          found.add(file + ":" + (1 + text.substring(0, exit.start()).lines().count()));
        }
      }
    }
    assertEquals(List.of(), found);
  }

  /** One style: what an if, an else or a loop does stands in braces, on lines of its own. */
  @Test
  void bodiesStandInBraces() throws IOException {
    assertEquals(List.of(1, 2, 3, 6),
        bare("if (a) b();\nelse c();\nfor (;;) d(')');\nif (x(\"(\")) {\n} else {\n}; while (e) f();\ndo {\n} while (g);\n"));
    List<String> found = new ArrayList<>();
    List<Path> files = new ArrayList<>(sources("main"));
    files.addAll(sources("test"));
    for (Path file : files) {
      bare(Files.readString(file)).forEach(line -> found.add(file + ":" + line));
    }
    assertEquals(List.of(), found);
  }

  /** The lines on which a body without braces belongs to something. */
  private static List<Integer> bare(String source) {
    String code = NO_CODE.matcher(source).replaceAll(match -> "\n".repeat(newlines(match.group())));
    List<Integer> lines = new ArrayList<>();
    Matcher keyword = Pattern.compile("\\b(?:(if|for|while) \\(|else\\b)").matcher(code);
    while (keyword.find()) {
      int at = keyword.end();
      for (int open = keyword.group(1) == null ? 0 : 1; open > 0; at++) {
        open += code.charAt(at) == '(' ? 1 : code.charAt(at) == ')' ? -1 : 0;
      }
      while (Character.isWhitespace(code.charAt(at))) {
        at++;
      }
      boolean stands = code.startsWith("{", at) || keyword.group(1) == null && code.startsWith("if (", at)
          || "while".equals(keyword.group(1)) && code.startsWith(";", at); // of a do
      if (!stands) {
        lines.add(1 + newlines(code.substring(0, keyword.start())));
      }
    }
    return lines;
  }

  private static int newlines(String text) {
    return (int) text.chars().filter(c -> c == '\n').count();
  }

  @Test
  void noClassNameOccursTwice() throws IOException {
    Map<String, List<Path>> byName = new TreeMap<>();
    for (Path file : sources("main")) {
      if (!file.getFileName().toString().matches("(module|package)-info\\.java")) {
        byName.computeIfAbsent(file.getFileName().toString(), _ -> new ArrayList<>()).add(file);
      }
    }
    byName.values().removeIf(files -> files.size() == 1);
    assertEquals(Map.of(), byName);
  }

  @Test
  void everyPackageSaysWhatItHolds() throws IOException {
    Set<Path> folders = sources("main").stream().filter(file -> !file.endsWith("module-info.java")).map(Path::getParent)
        .collect(Collectors.toCollection(TreeSet::new));
    folders.removeIf(folder -> Files.exists(folder.resolve("package-info.java")));
    assertEquals(Set.of(), folders);
  }

  @Test
  void everyDescriptionSaysWhatAThingIs() throws IOException {
    Pattern vague = Pattern.compile("/\\*\\*\\s+(?:\\*\\s+)?(?:The same|None yet|Another)\\b");
    List<String> found = new ArrayList<>();
    for (Path file : sources("main")) {
      String text = Files.readString(file);
      Matcher matcher = vague.matcher(text);
      while (matcher.find()) {
        found.add(file + ":" + (1 + text.substring(0, matcher.start()).lines().count()));
      }
    }
    assertEquals(List.of(), found);
  }

  /** {@code docs/api.md} has a row for every public type of every exported package, and no other. */
  @Test
  void theTableOfTheApiIsWhatIsExported() throws IOException {
    Set<String> listed = new TreeSet<>();
    String room = "";
    for (String line : Files.readAllLines(ROOT.resolve("docs").resolve("api.md"))) {
      Matcher heading = Pattern.compile("#+ `(dev\\.hone[\\w.]*)`.*").matcher(line);
      Matcher row = Pattern.compile("\\| `(\\w+)` \\| \\S.*").matcher(line);
      if (heading.matches()) {
        room = heading.group(1);
      } else if (row.matches()) {
        assertTrue(listed.add(room + "." + row.group(1)), "twice: " + line);
      }
    }
    Set<String> exported = new TreeSet<>();
    MODULES.keySet().forEach(module -> exported.addAll(exported(module)));
    Set<String> missing = new TreeSet<>(exported);
    missing.removeAll(listed);
    Set<String> gone = new TreeSet<>(listed);
    gone.removeAll(exported);
    assertEquals("", (missing.isEmpty() ? "" : "exported, but not in docs/api.md: " + missing)
        + (gone.isEmpty() ? "" : " in docs/api.md, but not exported: " + gone));
  }

  private static List<Path> sources(String kind) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String module : List.of("core", "autograd", "nn", "lora", "tokenizer", "train", "bench")) {
      Path folder = ROOT.resolve(module).resolve("src").resolve(kind).resolve("java");
      if (Files.isDirectory(folder)) {
        try (Stream<Path> all = Files.walk(folder)) {
          all.filter(file -> file.toString().endsWith(".java")).sorted().forEach(files::add);
        }
      }
    }
    return files;
  }

  /** The packages that each package of a module refers to, of the same module. */
  private static Map<String, Set<String>> dependencies(String module) {
    Map<String, Set<String>> dependencies = new HashMap<>();
    for (ClassModel type : classes(module)) {
      Set<String> referred = dependencies.computeIfAbsent(room(type.thisClass().asInternalName()), _ -> new TreeSet<>());
      type.constantPool().forEach(entry -> {
        switch (entry) {
          case ClassEntry other when other.asInternalName().startsWith("dev/hone/") -> referred.add(room(other.asInternalName()));
          case Utf8Entry text -> {
            Matcher names = TYPE.matcher(text.stringValue()); // descriptors and generic signatures
            while (names.find()) {
              referred.add(room(names.group(1)));
            }
          }
          default -> { }
        }
      });
    }
    dependencies.forEach((from, to) -> {
      to.retainAll(dependencies.keySet());
      to.remove(from);
    });
    return dependencies;
  }

  private static String room(String internalName) {
    return internalName.substring(0, internalName.lastIndexOf('/')).replace('/', '.');
  }

  /** The shortest way from a package back to it; empty if there is none. */
  private static List<String> cycle(Map<String, Set<String>> dependencies) {
    for (String start : new TreeSet<>(dependencies.keySet())) {
      Map<String, String> cameFrom = new HashMap<>();
      Deque<String> open = new ArrayDeque<>(List.of(start));
      while (!open.isEmpty()) {
        String at = open.remove();
        for (String next : dependencies.getOrDefault(at, Set.of())) {
          if (next.equals(start)) {
            List<String> way = new ArrayList<>(List.of(start));
            for (String step = at; !step.equals(start); step = cameFrom.get(step)) {
              way.addFirst(step);
            }
            way.addFirst(start);
            return way;
          }
          if (cameFrom.putIfAbsent(next, at) == null) {
            open.add(next);
          }
        }
      }
    }
    return List.of();
  }

  /** Public types, not nested ones, of the packages that a module exports to everyone. */
  private static Set<String> exported(String module) {
    Set<String> exported = new TreeSet<>();
    Set<String> packages = new HashSet<>();
    files(module, file -> {
      if (file.getFileName().toString().equals("module-info.class")) {
        ModuleDescriptor descriptor = read(file, bytes -> ModuleDescriptor.read(ByteBuffer.wrap(bytes)));
        descriptor.exports().stream().filter(export -> !export.isQualified()).forEach(export -> packages.add(export.source()));
      }
    });
    for (ClassModel type : classes(module)) {
      String name = type.thisClass().asInternalName();
      if (type.flags().has(AccessFlag.PUBLIC) && !name.contains("$") && packages.contains(room(name))) {
        exported.add(name.replace('/', '.'));
      }
    }
    assertTrue(!exported.isEmpty(), module);
    return exported;
  }

  private static List<ClassModel> classes(String module) {
    List<ClassModel> classes = new ArrayList<>();
    files(module, file -> {
      if (!file.getFileName().toString().endsWith("-info.class")) {
        classes.add(read(file, bytes -> ClassFile.of().parse(bytes)));
      }
    });
    return classes;
  }

  private static <T> T read(Path file, Function<byte[], T> reader) {
    try {
      return reader.apply(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The class files of a module's main sources, from a directory or a jar. */
  private static void files(String module, Consumer<Path> work) {
    try {
      Path place = Path.of(MODULES.get(module).getProtectionDomain().getCodeSource().getLocation().toURI());
      if (Files.isDirectory(place)) {
        walk(place, work);
        return;
      }
      try (FileSystem jar = FileSystems.newFileSystem(URI.create("jar:" + place.toUri()), Map.of())) {
        walk(jar.getPath("/"), work);
      }
    } catch (Exception e) {
      throw new AssertionError(module, e);
    }
  }

  private static void walk(Path folder, Consumer<Path> work) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      all.filter(file -> file.toString().endsWith(".class")).sorted().forEach(work);
    }
  }
}
