package dev.hone.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes the rows of {@link TaskBench} and {@code bench/reference_tasks.py}, which so are the same: prompts with their answers to
 * tune vectors on (names and numbers hidden, of stories the question alone, since the model would find nine of ten answers
 * untuned), a few reviews of each label, sentences with names. Every fifth row of a file is of the part that is measured.
 *
 * <p>Arguments: the directory that has {@code instructions.jsonl} and {@code sentiment}, an empty one, how many seeds.
 */
public final class TaskData {
  static final List<String> REVIEWS = List.of("amazon", "imdb");
  static final int[] FEW = {8, 16};

  private static final Pattern NUMBER = Pattern.compile("\\d[\\d.,]*");
  private static final Pattern WORD = Pattern.compile("\\p{L}+");
  /** A word with a capital within a sentence. */
  private static final Pattern NAME = Pattern.compile("(?<=[a-z,;] )\\p{Lu}\\p{Ll}+");

  private TaskData() {}

  /** Writes the files. */
  public static void main(String[] arguments) throws IOException {
    Path from = Path.of(arguments[0]);
    Path to = Files.createDirectories(Path.of(arguments[1]));
    int seeds = Integer.parseInt(arguments[2]);
    TagSentences.write(to, 1);
    List<ObjectNode> pairs = new ArrayList<>();
    for (String line : Files.readString(from.resolve("instructions.jsonl")).strip().split("\n")) {
      JsonNode row = JsonMapper.shared().readTree(line);
      String prompt = row.path("prompt").asString();
      String answer = row.path("completion").asString();
      Set<String> names = NAME.matcher(prompt + "\n" + answer).results().map(MatchResult::group).collect(Collectors.toSet());
      pairs.add(JsonMapper.shared().createObjectNode().put("anchor", hidden(question(prompt), names))
          .put("positive", hidden(answer, names)));
    }
    write(to.resolve("embed-train.jsonl"), fifth(pairs, false));
    write(to.resolve("embed-test.jsonl"), fifth(pairs, true));
    for (String name : REVIEWS) {
      List<ObjectNode> rows = new ArrayList<>();
      for (String line : Files.readString(from.resolve("sentiment").resolve(name + ".tsv")).split("\n")) {
        int tab = line.lastIndexOf('\t');
        rows.add(JsonMapper.shared().createObjectNode().put("text", line.substring(0, tab).strip())
            .put("label", line.substring(tab + 1)));
      }
      write(to.resolve("few-" + name + "-test.jsonl"), fifth(rows, true));
      for (int each : FEW) {
        for (int seed = 1; seed <= seeds; seed++) {
          write(to.resolve("few-" + name + "-" + each + "-" + seed + ".jsonl"), few(fifth(rows, false), each, seed));
        }
      }
    }
  }

  /** The last sentence of a task in words: what is asked, without the story that the answer tells again. */
  private static String question(String prompt) {
    return !prompt.endsWith("?") ? prompt
        : prompt.substring(Math.max(prompt.lastIndexOf(". "), prompt.lastIndexOf('\n')) + 1).strip();
  }

  /** Names and numbers are what these answers are found by; without them the meaning is left. */
  private static String hidden(String text, Set<String> names) {
    String hidden = NUMBER.matcher(text).replaceAll("#");
    return WORD.matcher(hidden).replaceAll(word -> names.contains(word.group()) ? "someone"
        : Matcher.quoteReplacement(word.group()));
  }

  private static List<ObjectNode> fifth(List<ObjectNode> rows, boolean measured) {
    List<ObjectNode> part = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      if (i % 5 == 4 == measured) {
        part.add(rows.get(i));
      }
    }
    return part;
  }

  private static List<ObjectNode> few(List<ObjectNode> rows, int each, long seed) {
    List<ObjectNode> order = new ArrayList<>(rows);
    Collections.shuffle(order, new Random(seed));
    List<ObjectNode> chosen = new ArrayList<>();
    for (String label : List.of("0", "1")) {
      order.stream().filter(row -> row.path("label").asString().equals(label)).limit(each).forEach(chosen::add);
    }
    return chosen;
  }

  private static void write(Path file, List<ObjectNode> rows) throws IOException {
    StringBuilder out = new StringBuilder();
    rows.forEach(row -> out.append(row).append('\n'));
    Files.writeString(file, out);
  }
}
