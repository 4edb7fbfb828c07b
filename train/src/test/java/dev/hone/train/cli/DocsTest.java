package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * What the pages say is there: every command has flags that there are, every flag, file, class and profile that is named exists,
 * every block is of a kind that some test takes. {@link DocsRunTest} runs commands, {@link DocsJavaTest} compiles Java.
 */
class DocsTest {
  /** Blocks of what is no language. */
  private static final Set<String> PICTURES = Set.of("architecture.md", "inspect.md");
  /** Programs of others that pages call, and why nothing of them is checked here. */
  private static final Map<String, String> OTHERS = Map.of(
      "curl", "DocsServeTest asks a server; that of spring-service is asked by .ci/soak-service",
      "mail", "sends mail",
      "python", "other libraries, and what they were measured with");
  /** Flags of other programs that pages name. */
  private static final Set<String> FLAGS_OF_OTHERS =
      Set.of("add-modules", "enable-native-access", "bind-to", "map-by", "kill-on-bad-exit", "signal", "hostfile",
          "bases", "praise"); // of programs in bench and examples
  private static final Set<String> GOALS = Set.of("verify", "test", "package", "install", "deploy");

  /** Flags of all commands, also by their other names. */
  private static Set<String> flags() {
    Set<String> flags = new TreeSet<>(Set.of("help", "debug", "version"));
    for (Command command : Main.COMMANDS) {
      for (Flag flag : command.flags()) {
        flags.add(flag.name());
        flags.addAll(flag.aliases());
      }
    }
    return flags;
  }

  /** Commands in blocks, and in spans that begin like one. */
  private static List<Pages.CommandLine> commands() throws IOException {
    List<Pages.CommandLine> commands = new ArrayList<>();
    for (Path page : Pages.all()) {
      commands.addAll(Pages.commands(page));
      for (String span : Pages.spans(page)) {
        if (span.matches("(\\./hone|hone|mvn|mpirun|java|\\.ci/\\S+) .*") && !span.matches("java\\.\\S.*|\\S+ [^-\\w.].*")) {
          commands.addAll(Pages.commands(page.getFileName().toString(), span));
        }
      }
    }
    return commands;
  }

  @TestFactory
  Stream<DynamicTest> everyCommandIsOneThatThereIs() throws IOException {
    List<Pages.CommandLine> commands = commands();
    assertTrue(commands.size() > 100, "commands in the pages: " + commands.size());
    return commands.stream().map(command -> DynamicTest.dynamicTest(command.toString(), () -> check(command)));
  }

  private static void check(Pages.CommandLine command) throws IOException {
    List<String> words = command.words();
    if (!command.ofHone().isEmpty()) {
      checkHone(command.ofHone());
      return;
    }
    switch (words.getFirst()) {
      case "mvn" -> checkMaven(words);
      case "java" -> checkJava(words);
      case "./hone", "hone" -> assertEquals("...", words.getLast());
      case String file when file.startsWith(".ci/") -> assertTrue(Files.isExecutable(Pages.ROOT.resolve(file)), file);
      case String other -> assertTrue(OTHERS.containsKey(other), other + " is nothing that a test knows");
    }
  }

  private static void checkHone(List<String> words) {
    Command command = Main.find(words.getFirst());
    List<String> rest = new ArrayList<>();
    for (int i = 1; i < words.size(); i++) {
      String word = words.get(i);
      if (word.equals("--config")) {
        i++; // a file that is not there
      } else if (!word.equals("--help")) {
        rest.add(word);
      }
    }
    if (words.getLast().startsWith("--") && !words.getLast().contains("=")) {
      rest.add("X"); // a span that names a flag without its value
    }
    new Arguments(command.name(), command.flags(), rest);
  }

  private static void checkMaven(List<String> words) throws IOException {
    List<String> poms = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Pages.ROOT, 2)) {
      for (Path pom : files.filter(file -> file.endsWith("pom.xml")).toList()) {
        poms.add(Files.readString(pom));
      }
    }
    for (int i = 1; i < words.size(); i++) {
      String word = words.get(i);
      switch (word) {
        case "-pl" -> {
          for (String module : words.get(++i).split(",")) {
            assertTrue(Files.exists(Pages.ROOT.resolve(module).resolve("pom.xml")), "no module " + module);
          }
        }
        case "-f" -> {
          Path place = Pages.ROOT.resolve(words.get(++i));
          assertTrue(Files.exists(Files.isDirectory(place) ? place.resolve("pom.xml") : place), place + " has no pom");
        }
        case String profiles when profiles.startsWith("-P") -> {
          for (String profile : profiles.substring(2).split(",")) {
            assertTrue(poms.stream().anyMatch(pom -> pom.contains("<id>" + profile + "</id>")), "no profile " + profile);
          }
        }
        case String test when test.startsWith("-Dtest=") -> assertNotNull(source(test.substring(7)), word);
        case String option when option.startsWith("-") -> { }
        default -> assertTrue(GOALS.contains(word), "no phase " + word);
      }
    }
  }

  private static void assertNotNull(Path source, String word) {
    assertTrue(source != null, word + ": no such class");
  }

  /** The file of a class by its simple or full name; null if there is none. */
  private static Path source(String name) throws IOException {
    Path file = Path.of(name.replace('.', '/') + ".java");
    try (Stream<Path> files = Files.walk(Pages.ROOT)) {
      return files.filter(path -> path.endsWith(file) && !path.toString().contains("target")).findFirst().orElse(null);
    }
  }

  private static void checkJava(List<String> words) throws IOException {
    for (int i = 1; i < words.size(); i++) {
      String word = words.get(i);
      if (word.equals("-jar")) {
        Path jar = Path.of(words.get(i + 1));
        Path pom = Pages.ROOT.resolve(jar).getParent().resolveSibling("pom.xml");
        String name = jar.getFileName().toString().replaceAll("(-VERSION|-[\\d.]+-SNAPSHOT)?\\.jar", "");
        assertTrue(Files.readString(pom).matches("(?s).*<(artifactId|finalName)>" + name + "</.*"), pom + " makes no " + name);
        return;
      }
      if (List.of("-cp", "-p", "--add-modules").contains(word)) {
        i++;
      } else if (word.endsWith(".java")) {
        assertTrue(Files.exists(Pages.ROOT.resolve(word)), "no file " + word);
        return;
      } else if (!word.startsWith("-") && !word.equals("...")) {
        boolean aFile = word.endsWith(".java") && Files.isRegularFile(Pages.ROOT.resolve(word)); // which java compiles itself
        assertTrue(aFile || word.startsWith("org.openjdk.jmh.") || source(word) != null, "no class " + word);
        return;
      }
    }
  }

  @Test
  void everyBlockIsOfAKindThatATestTakes() throws IOException {
    Set<String> kinds = Set.of("sh", "java", "yaml", "xml", "groovy");
    for (Path page : Pages.all()) {
      for (Pages.Block block : Pages.blocks(page)) {
        boolean picture = block.language().isEmpty() && PICTURES.contains(page.getFileName().toString());
        assertTrue(picture || kinds.contains(block.language()), block + " is of kind '" + block.language() + "'");
      }
    }
  }

  @Test
  void noCommandHasAFlagTwice() {
    for (Command command : Main.COMMANDS) {
      Set<String> seen = new TreeSet<>();
      for (Flag flag : command.flags()) {
        assertTrue(seen.add(flag.name()), command.name() + " has --" + flag.name() + " twice");
        flag.aliases().forEach(alias -> assertTrue(seen.add(alias), command.name() + " has --" + alias + " twice"));
      }
    }
  }

  @Test
  void everyFlagThatIsNamedIsOneThatThereIs() throws IOException {
    Set<String> flags = flags();
    List<String> unknown = new ArrayList<>();
    for (Path page : Pages.all()) {
      for (String span : Pages.spans(page)) {
        if (span.matches("(mvn|java|tensorboard|bench_\\w+\\.py|bench/\\S+) .*")) {
          continue; // flags of other programs
        }
        Matcher flag = Pattern.compile("(?<![\\w-])--([a-z][a-z0-9_-]*)").matcher(span);
        while (flag.find()) {
          String name = flag.group(1).replace('_', '-');
          if (!flags.contains(name) && !FLAGS_OF_OTHERS.contains(name)) {
            unknown.add(page.getFileName() + ": --" + name + " in `" + span + "`");
          }
        }
      }
    }
    assertEquals(List.of(), unknown);
  }

  /** Files of the project that a page names, by a path from its root. */
  @Test
  void everyFileThatIsNamedIsThere() throws IOException {
    List<String> missing = new ArrayList<>();
    for (Path page : Pages.all()) {
      Matcher file = Pattern.compile("(?<![\\w./-])((?:docs|examples|deploy|bench|\\.ci|train/src|core/src|nn/src)/[\\w./-]*\\w)")
          .matcher(Files.readString(page).replaceAll("\\]\\([^)]*\\)", ""));
      while (file.find()) {
        String path = file.group(1).replaceAll("\\.$", "");
        if (!path.contains("/target") && !Files.exists(Pages.ROOT.resolve(path))) {
          missing.add(page.getFileName() + ": " + path);
        }
      }
    }
    assertEquals(List.of(), missing);
  }

  @Test
  void everyPageIsReachedFromTheReadmeAndEveryLinkLeadsSomewhere() throws IOException {
    String readme = Files.readString(Pages.ROOT.resolve("README.md"));
    for (Path page : Pages.all()) {
      if (page.getParent().endsWith("docs")) {
        assertTrue(readme.contains("docs/" + page.getFileName()), "README.md has no link to docs/" + page.getFileName());
      }
      Matcher link = Pattern.compile("]\\(([^)#:]*)(?:#([^)]*))?\\)").matcher(Files.readString(page));
      while (link.find()) {
        Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1));
        assertTrue(Files.exists(target), page + " links to " + target);
        if (link.group(2) != null) {
          assertTrue(headings(target).contains(link.group(2)), page + " links to " + target + "#" + link.group(2));
        }
      }
    }
  }

  /** What a page's headings are called in links. */
  private static Set<String> headings(Path page) throws IOException {
    return Files.readAllLines(page).stream().filter(line -> line.matches("#+ .*"))
        .map(line -> line.replaceFirst("#+ ", "").toLowerCase().replaceAll("[^\\w\\s-]", "").replace(' ', '-'))
        .collect(Collectors.toSet());
  }

  /** A sweep is one that {@link DocsRunTest} runs; manifests name flags, probes and files that there are. */
  @Test
  void manifestsNameWhatThereIs() throws IOException {
    int seen = 0;
    for (Pages.Block block : Pages.blocks("yaml")) {
      JsonNode tree = YAMLMapper.builder().build().readTree(block.text());
      assertFalse(tree.isEmpty(), block.toString());
      for (JsonNode command : tree.findValues("command")) {
        List<String> words = command.valueStream().map(JsonNode::asString).toList();
        checkHone(words.subList(words.indexOf("/opt/hone/bin/hone") + 1, words.size()));
        seen++;
      }
      for (JsonNode arguments : tree.findValues("args")) {
        List<String> words = new ArrayList<>(List.of("serve"));
        arguments.valueStream().map(JsonNode::asString).forEach(words::add);
        assertTrue(Files.readString(Pages.ROOT.resolve("deploy/Dockerfile")).contains("\"serve\""), "the image serves");
        checkHone(words);
        seen++;
      }
    }
    assertEquals(2, seen, "manifests for a job and a server");
  }

  @Test
  void theDependencyIsThisProject() throws IOException {
    String version = Files.readString(Pages.ROOT.resolve("pom.xml")).replaceFirst("(?s).*?<version>(.*?)</version>.*", "$1");
    String xml = Pages.blocks("xml").getFirst().text();
    assertTrue(xml.matches("(?s)<dependency>\\s+<groupId>dev.hone</groupId>\\s+<artifactId>hone-train</artifactId>\\s+<version>"
        + Pattern.quote(version) + "</version>\\s+</dependency>\\s+"), xml);
    assertEquals("implementation 'dev.hone:hone-train:" + version + "'\n", Pages.blocks("groovy").getFirst().text());
    assertEquals(List.of(1, 1), List.of(Pages.blocks("xml").size(), Pages.blocks("groovy").size()));
  }
}
