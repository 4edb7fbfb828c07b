package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.nn.Labels;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.config.Arguments;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Example;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.inspect.Check;
import dev.hone.train.inspect.DataInspector;
import dev.hone.train.inspect.Finding.Level;
import dev.hone.train.inspect.Inspection;
import dev.hone.train.inspect.Sample;
import dev.hone.train.run.PreparedRun;
import dev.hone.train.run.TrainFlags;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@code hone inspect} and {@code hone train} on the same files: the rows that inspect shows are those that train learns, token
 * for token; what train refuses inspect refuses in the same words, or names as an error.
 */
class SameRowsTest {
  private static final Path FAULTS = Path.of(System.getProperty("hone.shared", "../../shared"), "faults", "data");

  @TempDir
  static Path models;
  @TempDir
  Path dir;

  @BeforeAll
  static void writeModels() throws IOException {
    TinyModel.write(models.resolve("classifier"));
    TinyLanguageModel.write(models.resolve("generator"));
  }

  /**
   * Files of our own: name, flags, and either "rows N" or what the refusal says. A line end is written as a bar of two strokes.
   */
  @ParameterizedTest(name = "{0} {1}")
  @CsvSource(delimiter = '~', quoteCharacter = '`', value = {
      "a.csv ~ text,label||good it is,up||bad it is,down||fine,up ~ ~ rows 3",
      "skipped.tsv ~ text\tlabel||good\tup||bad\tdown||fine\tup||great\tup||awful\tdown||it is good\tup||it is bad\tdown||very "
      + "good\tup||"
          + "very bad\tdown||good it is\tup||bad it is\tdown||is it good\tup||is it bad\tdown||the good\tup||the "
          + "bad\tdown||good very\tup||"
          + "bad very\tdown||good good\tup||bad bad\tdown||fine fine\tup||\tup ~ ~ rows 20",
      "case.csv ~ text,label||good,up||bad,down||fine,Up ~ ~ differ by capitals or spaces alone",
      "case.csv ~ text,label||good,up||bad,down||fine,Up ~ --labels merge ~ rows 3",
      "na.csv ~ text,label||good,up||bad,NA ~ ~ mostly stands for a missing one",
      "one.csv ~ text,label||good,up||bad,up ~ ~ has only one label",
      "numbers.csv ~ text,score||good,0.5||bad,1.5||fine,1 ~ --problem-type regression ~ rows 3",
      "numbers.csv ~ text,score||good,0.5||bad,1.5||fine,one ~ --problem-type regression ~ is not a number",
      "several.csv ~ text,labels||good,a|b||bad,b||fine,a ~ --problem-type multi_label_classification ~ rows 3",
      "pythonic.csv ~ text,labels||good,\"['a', 'b']\"||bad,b ~ --problem-type multi_label_classification ~ is a list that is "
      + "not JSON",
      "columns.csv ~ text,a,b||good,1,0||bad,0,1||fine,1,0||it is,0,1 ~ --columns label=a|b ~ rows 4",
      "empty-label.csv ~ text,label||good,up||bad, ~ ~ is empty",
      "wide.csv ~ text,label||good,up||bad,down,left ~ ~ 3 fields, the first row has 2",
      "wrapped.json ~ {\"rows\": [{\"text\": \"good\", \"label\": \"up\"},||{\"text\": \"bad\", \"label\": \"down\"}]} ~ ~ rows "
      + "2",
      "fast.txt ~ __label__up good it is||__label__down bad it is ~ ~ rows 2",
      "prompts.jsonl ~ {\"prompt\": \"1+1=\", \"completion\": \"2\"}||{\"prompt\": \"2+2=\", \"completion\": \"4\"} ~ --task "
      + "generate ~ rows 2",
      "prompts.jsonl ~ {\"prompt\": \"1+1=\", \"completion\": \"2\"}||{\"prompt\": \"2+2=\", \"completion\": \"4\"} "
          + "~ --task generate --train-on-prompt ~ rows 2",
      "prompts.jsonl ~ {\"prompt\": \"1+1=\", \"completion\": \"2\"}||{\"prompt\": \"2+2=\", \"completion\": \"4\"} ~ ~ say "
      + "--task generate",
      "orders.csv ~ instruction,input,output||add,1 2,3||greet,,hi ~ --task generate ~ rows 2",
      "texts.jsonl ~ {\"text\": \"once upon a time\"}||{\"text\": \"there was a cat\"} ~ --task generate ~ rows 2",
      "cut.jsonl ~ {\"prompt\": \"a\", \"completion\": \"bcdefghijklmnop\"} ~ --task generate --max-length 6 ~ rows 1",
      "long.jsonl ~ {\"prompt\": \"abcdefgh\", \"completion\": \"b\"} ~ --task generate --max-length 6 ~ have nothing to learn",
      "book.txt ~ It was a dark and stormy night.||Nobody knew. ~ --task generate ~ rows 1",
      "chat.jsonl ~ {\"messages\": [{\"role\": \"user\", \"content\": \"x\"}, {\"role\": \"assistant\", \"content\": \"y\", "
      + "\"weight\": 0}, "
          + "{\"role\": \"user\", \"content\": \"z\"}, {\"role\": \"assistant\", \"content\": \"w\"}], \"tools\": []} ~ --task "
          + "generate ~ rows 1",
      "parts.jsonl ~ {\"conversations\": [{\"from\": \"human\", \"value\": \"x\"}, {\"from\": \"gpt\", \"value\": [{\"type\": "
      + "\"text\", "
          + "\"value\": \"y\"}]}]} ~ --task generate ~ rows 1",
      "tools.jsonl ~ {\"messages\": [{\"role\": \"user\", \"content\": \"x\"}, {\"role\": \"assistant\", \"content\": \"y\"}], "
      + "\"tools\": "
          + "[{\"name\": \"f\"}]} ~ --task generate ~ rows 1",
      "roles.jsonl ~ {\"messages\": [{\"role\": \"User\", \"content\": \"x\"}, {\"role\": \"Assistant\", \"content\": \"y\"}]} "
          + "~ --task generate ~ no assistant message; roles seen: Assistant, User",
      "picture.jsonl ~ {\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image\"}]}]} ~ --task generate ~ has a "
      + "part that is no text"})
  void filesOfOurOwn(String name, String text, String flags, String expected) throws IOException {
    check(Files.writeString(dir.resolve(name.strip()), text.strip().replace("||", "\n") + "\n"), flags, expected);
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource(delimiter = '~', value = {
      "a2-mixed.jsonl ~ ~ --problem-type multi_label_classification", "a2c.jsonl ~ ~ line 5: the label (column 'label') is a "
          + "list",
      "a4-na.csv ~ ~ line 11: the label (column 'label') is 'NA'", "dictofcols.json ~ ~ rows 2", "dup-d.csv ~ ~ rows 5",
      "dup-e.csv ~ ~ rows 4", "lfs.csv ~ ~ is a Git LFS pointer", "onehot.csv ~ ~ say "
      + "label=toxic|severe_toxic|obscene|threat|insult|",
      "onehot.csv ~ --columns label=toxic|severe_toxic|obscene|threat|insult|identity_hate --problem-type "
      + "multi_label_classification "
          + "~ rows 6",
      "tf.csv ~ ~ cannot tell which column is the label; columns found: text, spam; say which: text=NAME,label=NAME",
      "tf.csv ~ --columns label=spam ~ line 4: the labels 'TRUE' (line 2) and 'True' differ by capitals", "reg.csv ~ ~ "
      + "--problem-type regression learns",
      "reg.csv ~ --problem-type regression ~ rows 40", "small.csv ~ ~ rows 60", "ft.txt ~ ~ rows 4", "header-a.csv ~ ~ rows 3",
      "header-b.csv ~ ~ rows 3", "header-c.csv ~ ~ two columns are called 'text'", "header-e.csv ~ ~ rows 3",
      "header-uq.csv ~ ~ line 2: 3 fields, the first row has 2", "ml.jsonl ~ ~ --problem-type multi_label_classification",
      "ml.jsonl ~ --problem-type multi_label_classification ~ rows 6", "pretty.jsonl ~ --task generate ~ rows 4",
      "sharegpt.jsonl ~ --task generate ~ rows 2", "content-parts.jsonl ~ --task generate ~ rows 2",
      "content-parts.jsonl ~ --task generate --chat-template chat.jinja ~ rows 2", "chat.jsonl ~ --task generate ~ rows 2",
      "chat.jsonl ~ --task generate --chat-template chat.jinja ~ rows 2", "t1.jsonl ~ --task generate --chat-template "
      + "chatml.jinja "
          + "~ rows 3", "t2.jsonl ~ --task generate ~ rows 3", "t5.jsonl ~ --task generate ~ rows 3",
      "t4.jsonl ~ --task generate ~ no assistant message; roles seen: Assistant, User",
      "t8.jsonl ~ --task generate ~ no assistant message; roles seen: user"})
  void filesOnWhichFaultsWereSeen(String name, String flags, String expected) throws IOException {
    assumeTrue(Files.isDirectory(FAULTS), "needs " + FAULTS);
    check(FAULTS.resolve(name.strip()), flags, expected);
  }

  private void check(Path file, String flags, String expected) throws IOException {
    List<String> words = new ArrayList<>(List.of("--data", file.toString(), "--val-size", "0"));
    for (String word : flags == null || flags.isBlank() ? new String[0] : flags.strip().split(" ")) {
      words.add(word.endsWith(".jinja") ? FAULTS.resolve(word).toString() : word);
    }
    boolean generates = words.contains("generate");
    words.addAll(List.of("--model", models.resolve(generates ? "generator" : "classifier").toString()));
    PreparedRun run;
    try {
      run = train(words);
    } catch (DataException e) {
      assertTrue(e.getMessage().contains(expected.strip()), e.getMessage());
      assertRefused(words, e.getMessage());
      return;
    }
    Inspection found = inspect(words, generates);
    assertEquals(expected.strip(), "rows " + run.training().size());
    assertTrue(found.worst() != Level.ERROR || found.labels().size() < 2, found.text(false, 5));
    assertSame(run, found);
    assertSame(run, inspect(words.stream().filter(word -> !word.equals("--task") && !word.equals("generate")
        || file.getFileName().toString().matches("texts.*|book.*|orders.*|pretty.*")).toList(), generates));
  }

  private static Console console() {
    PrintStream none = new PrintStream(new ByteArrayOutputStream());
    return new Console(InputStream.nullInputStream(), none, none, false);
  }

  private PreparedRun train(List<String> words) throws IOException {
    Arguments arguments = new Arguments("train", TrainFlags.all(), words);
    return PreparedRun.of(arguments, TrainFlags.config(arguments), _ -> { });
  }

  private Inspection inspect(List<String> words, boolean generates) throws IOException {
    List<String> said = new ArrayList<>(words);
    if (!generates && !words.contains("--task")) {
      Inspection detected = DataInspector.inspect(InspectCommand.settings(new Arguments("inspect", new InspectCommand().flags(),
          words),
          console()));
      assertTrue(detected.isLabelled());
      said.addAll(List.of("--task", "classify"));
    }
    return DataInspector.inspect(InspectCommand.settings(new Arguments("inspect", new InspectCommand().flags(), said),
        console()));
  }

  /** Inspect says the same line, or names rows that training refuses. */
  private void assertRefused(List<String> words, String message) throws IOException {
    Inspection found;
    try {
      found = inspect(words, true);
    } catch (DataException e) {
      assertEquals(message, e.getMessage());
      return;
    }
    boolean other = !found.isLabelled() && message.contains("--task generate");
    other |= message.contains("cannot tell which column is the label")
        && found.finding(Check.LABELS).verdict().startsWith("no label is recognised (columns found: text, spam)");
    assertTrue(other || found.worst() == Level.ERROR, message + "\n" + found.text(false, 5));
  }

  private static void assertSame(PreparedRun run, Inspection found) {
    List<Sample> shown = new ArrayList<>();
    for (int row = 0; row < found.training(); row++) {
      found.sample(row).filter(sample -> sample.label() != null || sample.learnt() > 0).ifPresent(shown::add);
    }
    TrainingSet set = run.training();
    assertEquals(set.size(), shown.size());
    for (int i = 0; i < set.size(); i++) {
      assertArrayEquals(set.tokens().get(i), shown.get(i).ids(), "tokens of row " + i);
      if (found.isLabelled()) {
        assertEquals(wanted(run.tuning().model().labels(), set.targets().get(i)), wanted(run.tuning().model().labels().kind(),
            shown.get(i).label()));
        continue;
      }
      boolean[] learnt = set.target(i, Target.LearntTokens.class).learnt();
      for (int t = 1; t < learnt.length; t++) {
        assertEquals(learnt[t], shown.get(i).trained()[t], "row " + i + ", token " + t);
      }
    }
  }

  private static Set<String> wanted(Labels labels, Target target) {
    return switch (target) {
      case Target.Numbers(float[] numbers) -> Set.of(Float.toString(numbers[0]));
      case Target.OneClass(int label) -> Set.of(labels.names().get(label));
      case Target.SomeLabels some -> IntStream.range(0, labels.size()).filter(some::holds).mapToObj(labels.names()::get)
          .collect(Collectors.toSet());
      default -> throw new AssertionError(target);
    };
  }

  private static Set<String> wanted(Labels.Kind kind, String label) {
    return switch (kind) {
      case REGRESSION -> Set.of(Float.toString(Float.parseFloat(label)));
      case SINGLE_LABEL -> Set.of(label);
      case MULTI_LABEL -> new TreeSet<>(new Example.Labelled("", label).labels());
    };
  }
}
