package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.monitor.Answered;
import dev.hone.train.monitor.Feedback;
import dev.hone.train.monitor.FeedbackLog;
import dev.hone.train.monitor.LogSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
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
 * The commands of the pages run in their order, on small models and rows that stand for the ones they name. Each page has a
 * folder of its own, so that what one command makes is there for the next.
 */
class DocsRunTest {
  /** Pages whose commands run elsewhere, and where. */
  private static final Map<String, String> ELSEWHERE = Map.of(
      "hub.md", "against a stand-in hub: HubCommandsTest",
      "mpi.md", "with mpirun: MpiRunTest",
      "install.md", "Maven: .ci/run",
      "feedback-loop.md", "with a server and its visitors: examples/feedback-loop/run.sh",
      "PERFORMANCE.md", "speeds, on a quiet machine",
      "CONTRIBUTING.md", "Maven: .ci/run");
  /** Commands that do not run here, and where they do. */
  private static final Map<String, String> COMMANDS_ELSEWHERE = Map.of(
      "demo", "fetches its model: .ci/run",
      "serve", "runs until it is told to end: DocsServeTest, ServeCommandTest");
  /** Commands whose exit code 1 is an answer: rows have faults, a challenger is no better, answers have changed. */
  private static final Set<String> JUDGES = Set.of("inspect", "retrain", "monitor");

  /** Models by the names that pages have for them. */
  private static final Map<String, String> MODELS = Map.of("DIR", "decoder", "stories260K", "decoder", "small", "decoder",
      "large", "decoder", "$MODEL", "encoder", "minilm", "encoder", "bert", "encoder");
  /** Flags whose values are files or directories. */
  private static final Set<String> FILES = Set.of("data", "eval-data", "test-data", "config", "html", "fix", "swap",
      "predictions", "probe", "init", "tokenizer", "output-dir", "output", "log", "registry", "chat-template", "reference");
  /** What makes a command short. */
  private static final Map<String, List<String>> SHORTER = Map.of(
      "train", List.of("--max-steps", "2", "--batch-size", "4"),
      "retrain", List.of("--max-steps", "2", "--batch-size", "4"),
      "generate", List.of("--max-new-tokens", "3"));

  @TempDir
  Path directory;

  private final Set<String> written = new HashSet<>();

  @TestFactory
  Stream<DynamicTest> theCommandsRunInTheirOrder() throws IOException {
    Path encoder = TinyModel.write(directory.resolve("encoder"));
    Path decoder = TinyLanguageModel.write(directory.resolve("decoder"));
    rows(directory);
    train(encoder, "reviews.csv", "encoder-adapter", "--val-size", "0.5", "--report-to", "none");
    train(decoder, "instructions.jsonl", "decoder-adapter", "--task", "generate", "--report-to", "none");
    log(directory.resolve("log"));
    assertDone("registry", "add", "--registry", directory.resolve("registry"), "--adapter",
        directory.resolve("encoder-adapter/adapter"), "--alias", "champion");
    List<DynamicTest> tests = new ArrayList<>();
    for (Path page : Pages.all()) {
      String name = page.getFileName().toString();
      if (Pages.ROOT.relativize(page).startsWith("examples") || ELSEWHERE.containsKey(name)) {
        continue; // examples are built and run by .ci/example-service and .ci/soak-service
      }
      List<List<String>> commands = Pages.commands(page).stream().map(Pages.CommandLine::ofHone).filter(words -> !words.isEmpty())
          .toList();
      if (!commands.isEmpty()) {
        Path work = Files.createDirectory(directory.resolve("in-" + name));
        tests.add(DynamicTest.dynamicTest(name, () -> run(page, commands, work)));
      }
    }
    assertTrue(tests.size() > 15, "pages with commands: " + tests.size());
    return tests.stream();
  }

  /** The lists of what runs elsewhere hold nothing that is gone. */
  @Test
  void whatRunsElsewhereIsThere() throws IOException {
    Set<String> names = new HashSet<>();
    Set<String> commands = new HashSet<>();
    for (Path page : Pages.all()) {
      names.add(page.getFileName().toString());
      Pages.commands(page).stream().map(Pages.CommandLine::ofHone).filter(words -> !words.isEmpty())
          .forEach(words -> commands.add(words.getFirst()));
    }
    assertTrue(names.containsAll(ELSEWHERE.keySet()), ELSEWHERE + " " + names);
    assertTrue(commands.containsAll(COMMANDS_ELSEWHERE.keySet()), COMMANDS_ELSEWHERE + " " + commands);
  }

  private static void assertDone(Object... words) {
    CommandRun.of(words).assertDone();
  }

  private void train(Path model, String data, String name, String... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--model", model, "--data", directory.resolve(data), "--output-dir",
        directory.resolve(name), "--max-steps", 1, "--quiet"));
    words.addAll(List.of(more));
    assertDone(words.toArray());
  }

  /** Files by the names that the pages have for them. */
  private static void rows(Path folder) throws IOException {
    String reviews = TinyModel.reviews(60);
    Files.createDirectories(folder.resolve("hone-demo/data"));
    for (String name : List.of("test.csv", "hone-demo/data/reviews-train.csv", "hone-demo/data/reviews-test.csv", "held-out.csv",
        "old.csv", "sixteen.csv")) {
      Files.writeString(folder.resolve(name), reviews);
    }
    Files.writeString(folder.resolve("reviews.csv"), TinyModel.reviews(240));
    for (String name : List.of("old.tsv", "held-out.tsv")) {
      Files.writeString(folder.resolve(name), reviews.replace(',', '\t'));
    }
    String[] lines = reviews.split("\n");
    StringBuilder sliced = new StringBuilder("text\tlabel\tsource\twords\n");
    StringBuilder instructions = new StringBuilder();
    StringBuilder chats = new StringBuilder();
    StringBuilder questions = new StringBuilder();
    StringBuilder pairs = new StringBuilder();
    StringBuilder words = new StringBuilder();
    for (int i = 1; i < lines.length; i++) {
      sliced.append(lines[i].replace(',', '\t')).append(i % 2 == 0 ? "\tshop\t" : "\tmail\t").append(i % 5).append('\n');
      instructions.append("{\"prompt\": \"say %d\", \"completion\": \"word %d\"}\n".formatted(i, i % 7));
      chats.append("{\"messages\": [{\"role\": \"user\", \"content\": \"who %d\"}, ".formatted(i))
          .append("{\"role\": \"assistant\", \"content\": \"me %d\"}]}\n".formatted(i % 7));
      questions.append("{\"query\": \"where is %s\", \"positive\": \"it is at %s\"}\n".formatted(letters(i), letters(i)));
      pairs.append("{\"prompt\": \"say %d\", \"chosen\": \"fine %d\", \"rejected\": \"no\"}\n".formatted(i, i));
      words.append("Anna B-PER\nis O\nin O\n%s B-LOC\n\n".formatted(letters(i)));
    }
    Files.writeString(folder.resolve("test.tsv"), sliced);
    Files.writeString(folder.resolve("terms.tsv"), "good\tfine\n");
    Files.writeString(folder.resolve("chats.jsonl"), chats);
    Files.writeString(folder.resolve("questions.jsonl"), questions);
    Files.writeString(folder.resolve("pairs.jsonl"), pairs);
    Files.writeString(folder.resolve("train.conll"), words);
    Files.writeString(folder.resolve("test.conll"), words);
    for (String name : List.of("instructions.jsonl", "test.jsonl", "rows.jsonl")) {
      Files.writeString(folder.resolve(name), instructions);
    }
    Files.writeString(folder.resolve("texts.jsonl"),
        instructions.toString().replaceAll("\"prompt\": \"(.*?)\".*", "\"text\": \"$1\"}"));
    for (String name : List.of("book.txt", "general.txt", "text.txt", "more.txt")) {
      Files.writeString(folder.resolve(name), "The quick brown fox jumps over the lazy dog, and does so again.\n".repeat(20));
    }
    Files.writeString(folder.resolve("template.jinja"),
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}");
    Files.copy(folder.resolve("decoder/config.json"), folder.resolve("config.json"));
    Files.copy(folder.resolve("decoder/tokenizer.json"), folder.resolve("tokenizer.json"));
  }

  private static String letters(int i) {
    return "" + (char) ('a' + i % 26) + (char) ('a' + i / 26);
  }

  /** What a server would have logged: answers, each corrected by somebody. */
  private static void log(Path folder) throws IOException {
    try (FeedbackLog log = FeedbackLog.open(folder, new LogSettings(true, 30, 0, List.of()))) {
      for (int i = 0; i < 100; i++) {
        String id = "classify-" + i;
        Instant time = Instant.now();
        log.answer(new Answered(id, time, "classify", "champion", "1", "it is great " + letters(i), "down", List.of("down", "up"),
            new float[] {0.6f, 0.4f}, 6, 0, 0, 1, "stop", Map.of()));
        log.say(new Feedback(id, time, Double.NaN, i % 2 == 0 ? "up" : "down", null, null, null));
      }
    }
  }

  private void run(Path page, List<List<String>> commands, Path work) throws IOException {
    Matcher yaml = Pattern.compile("(?s)```yaml\n(.*?)```").matcher(Files.readString(page));
    if (yaml.find()) {
      Files.writeString(work.resolve("sweep.yaml"), yaml.group(1).replaceAll("maven:\\S+",
          directory.resolve("encoder").toString())
          .replace("hone-demo/", directory.resolve("hone-demo") + "/").replace("max_steps: 60", "max_steps: 2")
          .replace("eval_steps: 15", "eval_steps: 1").replace("trials: 8", "trials: 2"));
    }
    int ran = 0;
    for (List<String> words : commands) {
      if (COMMANDS_ELSEWHERE.containsKey(words.getFirst())) {
        continue;
      }
      if (words.getFirst().equals("compare")) {
        for (String run : words.stream().filter(word -> word.startsWith("out-")).toList()) {
          train(directory.resolve("encoder"), "reviews.csv", directory.relativize(work.resolve(run)).toString());
        }
      }
      List<String> real = real(words, work);
      CommandRun done = CommandRun.of(real.toArray());
      boolean judged = done.code() == 1 && JUDGES.contains(words.getFirst()) && !done.err().contains("error");
      assertTrue(done.code() == 0 || judged, () -> String.join(" ", real) + "\n" + done.err());
      ran++;
    }
    assertTrue(ran > 0 || page.endsWith("serve.md"), page + ": nothing ran");
  }

  /** A command with the models, files and directories of this test in place of those that it names. */
  private List<String> real(List<String> words, Path work) throws IOException {
    boolean decodes = words.stream().anyMatch(word -> "decoder".equals(MODELS.get(word)) || word.equals("BASE"));
    String kind = decodes ? "decoder" : "encoder";
    String verb = words.getFirst();
    List<String> real = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      String flag = i > 0 && words.get(i - 1).startsWith("--") ? words.get(i - 1).substring(2) : "";
      boolean aModel = List.of("model", "teacher").contains(flag) || flag.equals("baseline") && word.startsWith("$");
      if (aModel) {
        real.add(model(word, work));
      } else if (flag.startsWith("adapter") || flag.equals("baseline") && !word.equals("base")) {
        real.add(Arrays.stream(word.split(",")).map(one -> adapter(one, work, kind)).collect(Collectors.joining(",")));
      } else if (flag.equals("reference")) {
        real.add(place(word, work, directory.resolve("encoder-adapter")));
      } else if (flag.equals("output-dir")) {
        String name = word;
        for (int n = 2; !written.add(work.resolve(name).toString()) && !verb.equals("tokenizer"); n++) {
          name = word + n; // an earlier command of the page wrote there
        }
        real.add(work.resolve(name).toString());
      } else if (FILES.contains(flag) || word.startsWith("out-")) {
        real.add(Arrays.stream(word.split(",")).map(one -> place(one, work, directory)).collect(Collectors.joining(",")));
      } else {
        real.add(word);
      }
    }
    real.addAll(SHORTER.getOrDefault(verb, List.of()));
    if (verb.equals("evaluate") && decodes && words.contains("--generate")) {
      real.addAll(List.of("--generate", "2"));
    }
    return real;
  }

  private String model(String name, Path work) {
    Path own = work.resolve(name);
    if (Files.exists(own)) {
      return own.toString();
    }
    String kind = name.startsWith("maven:") ? "encoder" : MODELS.get(name);
    assertTrue(kind != null, "no model stands for " + name);
    return directory.resolve(kind).toString();
  }

  private String adapter(String name, Path work, String kind) {
    Path own = work.resolve(name);
    boolean there = Files.exists(own.resolve("adapter_config.json"));
    return (there ? own : directory.resolve(kind + "-adapter").resolve("adapter")).toString();
  }

  /** What an earlier command of the page made, or what there is for all, or else where the command is to write. */
  private static String place(String name, Path work, Path forAll) {
    Path common = forAll.resolve(name.startsWith("out/") ? name.substring(4) : name);
    return (Files.exists(work.resolve(name)) || !Files.exists(common) ? work.resolve(name) : common).toString();
  }
}
