package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The pages that users read, and what in them is code: blocks between fences, and spans within a line. */
final class Pages {
  static final Path ROOT = Path.of("..");

  /** What lies between two fences; {@code number} counts the page's blocks of this language from 1. */
  record Block(Path page, int line, String language, int number, String text) {
    /** Such as {@code mpi.md java 1}. */
    String name() {
      return page.getFileName() + " " + language + " " + number;
    }

    @Override
    public String toString() {
      return ROOT.relativize(page) + ":" + line;
    }
  }

  /** A command as words, the program first. */
  record CommandLine(String place, List<String> words) {
    String program() {
      return words.getFirst();
    }

    /** The words after {@code ./hone}, also where another program starts it; empty if nothing does. */
    List<String> ofHone() {
      int at = words.indexOf("./hone") < 0 && program().equals("hone") ? 0 : words.indexOf("./hone");
      return at < 0 ? List.of() : words.stream().skip(at + 1).filter(word -> !word.equals("...")).toList();
    }

    @Override
    public String toString() {
      return place + ": " + String.join(" ", words);
    }
  }

  /** A quoted word, the end of a command, a redirection, a comment, or a word. */
  private static final Pattern WORD =
      Pattern.compile("\"([^\"]*)\"|'([^']*)'|(&&|\\|\\|?|;)|([<>])\\s*\\S+|(#.*)|((?:\\$\\([^)]*\\)|[^\\s;])+)");

  private Pages() {}

  static List<Path> all() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md"), ROOT.resolve("CONTRIBUTING.md"),
        ROOT.resolve("bench/PERFORMANCE.md")));
    for (String folder : List.of("docs", "examples")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(folder), 2)) {
        files.filter(page -> page.toString().endsWith(".md")).sorted().forEach(pages::add);
      }
    }
    return pages;
  }

  static List<Block> blocks(Path page) throws IOException {
    List<Block> blocks = new ArrayList<>();
    List<String> lines = Files.readAllLines(page);
    int begin = -1;
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).startsWith("```")) {
        continue;
      }
      if (begin < 0) {
        begin = i;
        continue;
      }
      String language = lines.get(begin).substring(3).strip();
      int number = 1 + (int) blocks.stream().filter(block -> block.language().equals(language)).count();
      blocks.add(new Block(page, begin + 1, language, number, String.join("\n", lines.subList(begin + 1, i)) + "\n"));
      begin = -1;
    }
    assertEquals(-1, begin, page + ": a block without an end");
    return blocks;
  }

  static List<Block> blocks(String language) throws IOException {
    List<Block> blocks = new ArrayList<>();
    for (Path page : all()) {
      blocks.addAll(blocks(page).stream().filter(block -> block.language().equals(language)).toList());
    }
    return blocks;
  }

  /** What stands between backticks outside of blocks, in one line each. */
  static List<String> spans(Path page) throws IOException {
    String text = Files.readString(page).replaceAll("(?ms)^```.*?^```$", "");
    return Pattern.compile("`([^`]+)`").matcher(text).results().map(span -> span.group(1).strip().replaceAll("\\s+", " "))
        .toList();
  }

  /** The commands of a block or a span, without comments, assignments, brackets of what may be left out, and redirections. */
  static List<CommandLine> commands(String place, String text) {
    List<CommandLine> commands = new ArrayList<>();
    for (String line : text.replace("\\\n", " ").split("\n")) {
      List<String> words = new ArrayList<>();
      Matcher word = WORD.matcher(line);
      while (word.find()) {
        if (word.group(1) != null || word.group(2) != null) {
          words.add(word.group(1) != null ? word.group(1) : word.group(2));
        } else if (word.group(3) != null) {
          add(commands, place, words);
          words = new ArrayList<>();
        } else if (word.group(5) != null) {
          break;
        } else if (word.group(6) != null) {
          String plain = word.group(6).replaceAll("[\\[\\]]", "");
          boolean assigns = words.isEmpty() && plain.matches("[A-Z_]+=.*");
          if (!assigns && !plain.isEmpty()) {
            words.add(plain);
          }
        }
      }
      add(commands, place, words);
    }
    return commands;
  }

  private static void add(List<CommandLine> commands, String place, List<String> words) {
    if (!words.isEmpty()) {
      commands.add(new CommandLine(place, List.copyOf(words)));
    }
  }

  /** The commands of a page's shell blocks. */
  static List<CommandLine> commands(Path page) throws IOException {
    List<CommandLine> commands = new ArrayList<>();
    for (Block block : blocks(page)) {
      if (block.language().equals("sh")) {
        commands.addAll(commands(block.toString(), block.text()));
      }
    }
    return commands;
  }
}
