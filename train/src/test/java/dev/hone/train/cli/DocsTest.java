package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.config.Arguments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every command of the README and of {@code docs} is one that there is, with flags that there are; those of the pages listed here
 * run, on small models and rows that stand for the ones they name.
 */
class DocsTest {
  private static final Path ROOT = Path.of("..");
  /** Pages whose commands need no network, no server and no terminal. */
  private static final Set<String> RUN = Set.of("training.md", "evaluation.md", "inspect.md", "language-models.md", "methods.md",
      "quantization.md", "runs.md", "sweeps.md", "tokenizers.md");
  private static final Set<String> FILES =
      Set.of("data", "eval-data", "config", "html", "fix", "swap", "predictions", "probe", "init",
      "tokenizer", "output-dir");
  private static final String CHATS = """
      {"messages": [{"role": "user", "content": "who %d"}, {"role": "assistant", "content": "me %d"}]}
      """;

  @TempDir
  Path directory;

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
    try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
      docs.filter(page -> page.toString().endsWith(".md")).sorted().forEach(pages::add);
    }
    return pages;
  }

  /** The commands of a page's shell blocks, as words, without {@code ./hone}. */
  private static List<List<String>> commands(Path page) throws IOException {
    List<List<String>> commands = new ArrayList<>();
    Matcher blocks = Pattern.compile("```sh\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(page));
    while (blocks.find()) {
      for (String line : blocks.group(1).replace("\\\n", " ").split("\n")) {
        String command = line.replaceAll("\\s#.*", "").replaceAll("[\\[\\]]", "").replaceAll("[|<>&].*", "").strip();
        if (command.startsWith("./hone ")) {
          List<String> words = new ArrayList<>();
          Matcher word = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)").matcher(command.substring(7));
          while (word.find()) {
            words.add(word.group(1) != null ? word.group(1) : word.group(2) != null ? word.group(2) : word.group(3));
          }
          commands.add(words);
        }
      }
    }
    return commands;
  }

  @TestFactory
  Stream<DynamicTest> everyCommandHasFlagsThatThereAre() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path page : pages()) {
      for (List<String> words : commands(page)) {
        tests.add(DynamicTest.dynamicTest(page.getFileName() + ": " + String.join(" ", words), () -> {
          Command command = Main.find(words.getFirst());
          List<String> rest = words.stream().skip(1).filter(word -> !word.equals("--help") && !word.equals("--config")
              && !word.endsWith(".yaml")).toList(); // a file that is not there
          new Arguments(command.name(), command.flags(), rest);
        }));
      }
    }
    assertTrue(tests.size() > 20, "commands in the pages: " + tests.size());
    return tests.stream();
  }

  @Test
  void everyPageIsReachedFromTheReadmeAndEveryLinkLeadsSomewhere() throws IOException {
    String readme = Files.readString(ROOT.resolve("README.md"));
    for (Path page : pages()) {
      String name = page.getFileName().toString();
      assertTrue(name.equals("README.md") || readme.contains("docs/" + name), "README.md has no link to docs/" + name);
      Matcher link = Pattern.compile("]\\(([^)#:]+)(?:#[^)]*)?\\)").matcher(Files.readString(page));
      while (link.find()) {
        assertTrue(Files.exists(page.resolveSibling(link.group(1))), page + " links to " + link.group(1));
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> theCommandsRunInTheirOrder() throws IOException {
    Path encoder = TinyModel.write(directory.resolve("encoder"));
    Path decoder = TinyLanguageModel.write(directory.resolve("decoder"));
    rows(directory);
    train(encoder, "reviews.csv", "encoder-adapter");
    train(decoder, "instructions.jsonl", "decoder-adapter", "--task", "generate");
    List<DynamicTest> tests = new ArrayList<>();
    for (Path page : pages()) {
      String name = page.getFileName().toString();
      if (RUN.contains(name)) {
        tests.add(DynamicTest.dynamicTest(name, () -> run(page, Files.createDirectory(directory.resolve("in-" + name)))));
      }
    }
    assertEquals(RUN.size(), tests.size());
    return tests.stream();
  }

  private void train(Path model, String data, String name, String... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--model", model, "--data", directory.resolve(data), "--output-dir",
        directory.resolve(name), "--max-steps", 1, "--report-to", "none", "--quiet"));
    words.addAll(List.of(more));
    CommandRun.of(words.toArray()).assertDone();
  }

  /** Files by the names that the pages have for them. */
  private static void rows(Path folder) throws IOException {
    String reviews = TinyModel.reviews(60);
    Files.createDirectories(folder.resolve("hone-demo/data"));
    for (String name : List.of("reviews.csv", "test.csv", "hone-demo/data/reviews-train.csv",
        "hone-demo/data/reviews-test.csv")) {
      Files.writeString(folder.resolve(name), reviews);
    }
    String[] lines = reviews.split("\n");
    StringBuilder sliced = new StringBuilder("text\tlabel\tsource\twords\n");
    StringBuilder instructions = new StringBuilder();
    StringBuilder chats = new StringBuilder();
    for (int i = 1; i < lines.length; i++) {
      sliced.append(lines[i].replace(',', '\t')).append(i % 2 == 0 ? "\tshop\t" : "\tmail\t").append(i % 5).append('\n');
      instructions.append("{\"prompt\": \"say %d\", \"completion\": \"word %d\"}\n".formatted(i, i % 7));
      chats.append(CHATS.formatted(i, i % 7));
    }
    Files.writeString(folder.resolve("test.tsv"), sliced);
    Files.writeString(folder.resolve("terms.tsv"), "good\tfine\n");
    Files.writeString(folder.resolve("chats.jsonl"), chats);
    for (String name : List.of("instructions.jsonl", "test.jsonl", "rows.jsonl")) {
      Files.writeString(folder.resolve(name), instructions);
    }
    for (String name : List.of("book.txt", "general.txt", "text.txt", "more.txt")) {
      Files.writeString(folder.resolve(name), "The quick brown fox jumps over the lazy dog, and does so again.\n".repeat(20));
    }
    Files.copy(folder.resolve("decoder/config.json"), folder.resolve("config.json"));
    Files.copy(folder.resolve("decoder/tokenizer.json"), folder.resolve("tokenizer.json"));
  }

  private void run(Path page, Path work) throws IOException {
    Matcher yaml = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(page));
    if (yaml.find()) {
      Files.writeString(work.resolve("sweep.yaml"), yaml.group(1).replaceAll("maven:\\S+",
          directory.resolve("encoder").toString())
          .replace("hone-demo/", directory.resolve("hone-demo") + "/").replace("max_steps: 60", "max_steps: 2")
          .replace("eval_steps: 15", "eval_steps: 1").replace("trials: 8", "trials: 2"));
    }
    List<List<String>> commands = commands(page);
    assertFalse(commands.isEmpty(), page.toString());
    for (List<String> words : commands) {
      if (words.contains("compare")) {
        for (String run : words.stream().filter(word -> word.startsWith("out-")).toList()) {
          CommandRun.of("train", "--model", directory.resolve("encoder"), "--data",
              directory.resolve("reviews.csv"), "--output-dir",
              work.resolve(run), "--max-steps", 1, "--quiet").assertDone();
        }
      }
      List<String> real = real(words, work);
      CommandRun ran = CommandRun.of(real.toArray());
      boolean found = ran.code() == 1 && words.getFirst().equals("inspect"); // it finds something in such rows
      assertTrue(ran.code() == 0 || found, () -> String.join(" ", real) + "\n" + ran.err());
    }
  }

  /** A command with the models, files and directories of this test in place of those that it names. */
  private List<String> real(List<String> words, Path work) throws IOException {
    boolean decodes = words.contains("DIR");
    String kind = decodes ? "decoder" : "encoder";
    List<String> real = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      String flag = i > 0 && words.get(i - 1).startsWith("--") ? words.get(i - 1).substring(2) : "";
      if (flag.equals("model")) {
        real.add(directory.resolve(kind).toString());
      } else if (flag.startsWith("adapter") || flag.equals("baseline") && !word.equals("base")) {
        real.add(Arrays.stream(word.split(",")).map(one -> adapter(one, work, kind)).collect(Collectors.joining(",")));
      } else if (flag.equals("output-dir") && word.equals("DIR")) {
        real.add(work.resolve("made-" + Files.list(work).count()).toString());
      } else if (FILES.contains(flag) || word.startsWith("out-")) {
        real.add(Arrays.stream(word.split(",")).map(one -> place(one, work)).collect(Collectors.joining(",")));
      } else {
        real.add(word);
      }
    }
    Map<String, List<String>> less = Map.of("train", List.of("--max-steps", "2", "--batch-size", "4"), "generate",
        List.of("--max-new-tokens", "3"), "evaluate", decodes ? List.of("--generate", "2") : List.of());
    real.addAll(less.getOrDefault(words.getFirst(), List.of()));
    return real;
  }

  private String adapter(String name, Path work, String kind) {
    Path own = work.resolve(name);
    return (Files.exists(own) ? own : directory.resolve(kind + "-adapter").resolve("adapter")).toString();
  }

  /** What an earlier command of the page made, or what there is for all, or else where the command is to write. */
  private String place(String name, Path work) {
    return (Files.exists(work.resolve(name)) || !Files.exists(directory.resolve(name)) ? work : directory).resolve(name)
        .toString();
  }
}
