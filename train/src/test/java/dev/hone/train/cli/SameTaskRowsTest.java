package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.config.Arguments;
import dev.hone.train.data.DataException;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
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
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** For vectors, rerankers, tags and preferences too, inspect shows the tokens that training learns. */
class SameTaskRowsTest {
  @TempDir
  Path dir;

  private List<String> words(String task, String name, String text, String... more) throws IOException {
    Path model = task.equals("prefer") ? TinyLanguageModel.write(dir.resolve("generator"))
        : TinyModel.write(dir.resolve("encoder"));
    Path data = Files.writeString(dir.resolve(name), text);
    List<String> words = new ArrayList<>(List.of("--task", task, "--data", data.toString(), "--val-size", "0", "--model",
        model.toString(), "--output-dir", dir.resolve("out").toString()));
    words.addAll(List.of(more));
    return words;
  }

  private static Inspection inspect(List<String> words) throws IOException {
    PrintStream none = new PrintStream(new ByteArrayOutputStream());
    return DataInspector.inspect(InspectCommand.settings(new Arguments("inspect", new InspectCommand().flags(), words),
        new Console(InputStream.nullInputStream(), none, none, false)));
  }

  private static TrainingSet train(List<String> words) throws IOException {
    Arguments arguments = new Arguments("train", TrainFlags.all(), words);
    return PreparedRun.of(arguments, TrainFlags.config(arguments), _ -> { }).training();
  }

  /** Fails unless inspect's rows are training's, token for token; returns what was found. */
  private static Inspection same(List<String> words) throws IOException {
    Inspection found = inspect(words);
    List<Sample> samples = IntStream.range(0, found.training()).mapToObj(row -> found.sample(row).orElseThrow()).toList();
    assertArrayEquals(train(words).tokens().stream().flatMapToInt(IntStream::of).toArray(),
        samples.stream().flatMapToInt(sample -> IntStream.of(sample.ids())).toArray(), words.toString());
    assertTrue(found.worst() != Level.ERROR, found.text(false, 5));
    return found;
  }

  @Test
  void textsThatBelongTogether() throws IOException {
    String rows = "query,answer,negative\ngood it is,very good,bad\nis it bad,very bad it is,fine\n";
    Inspection found = same(words("embed", "pairs.csv", rows));
    assertTrue(found.text(false, 5).contains("that texts belong together"), found.text(false, 5));
    assertTrue(found.json().contains("\"task\":\"embed\""), found.json());
    assertEquals(0, found.finding(Check.TRUNCATED).rows());
    Inspection cut = same(words("embed", "pairs.csv", rows, "--max-length", "4"));
    assertEquals(2, cut.finding(Check.TRUNCATED).rows(), cut.text(false, 5));
    Inspection prompted = same(words("embed", "pairs.csv", rows, "--query-prompt", "the "));
    assertEquals(found.sample(0).orElseThrow().tokens() + 1, prompted.sample(0).orElseThrow().tokens());
    same(words("embed", "scores.tsv", "sentence1\tsentence2\tscore\ngood\tfine\t0.9\nbad\tgreat\t0.1\n"));
  }

  @Test
  void textsWithLabelsOfWhichPairsAreMade() throws IOException {
    Inspection found = inspect(words("embed", "labels.csv", "text,label\ngood it is,up\nbad it is,down\nfine,up\nawful,down\n"));
    assertEquals(2, found.labels().size(), found.text(false, 5));
    assertTrue(found.worst() != Level.ERROR, found.text(false, 5));
  }

  @Test
  void queriesWithDocuments() throws IOException {
    String rows = "{\"query\": \"is it good\", \"document\": \"very good\", \"negatives\": [\"bad\", \"awful it is\"]}\n"
        + "{\"query\": \"is it bad\", \"document\": \"very bad it is\", \"negatives\": [\"fine\"]}\n";
    same(words("rerank", "pairs.jsonl", rows));
    Inspection cut = same(words("rerank", "pairs.jsonl", rows, "--max-length", "7"));
    assertEquals(2, cut.finding(Check.TRUNCATED).rows(), cut.text(false, 5));
    List<String> labels = words("rerank", "labels.csv", "text,label\ngood,up\nbad,down\n");
    assertTrue(assertThrows(DataException.class, () -> inspect(labels)).getMessage().contains("texts with labels"));
  }

  @Test
  void wordsWithTags() throws IOException {
    String text = "it O\nis O\nvery B-X\ngood I-X\n\nbad B-Y\nit O\n" + "\nfine O".repeat(12).strip().replace("\n\n", "\n")
        + "\ngreat B-X\n";
    Inspection found = same(words("tag", "words.conll", text));
    Sample first = found.sample(0).orElseThrow();
    assertEquals(4, first.learnt());
    assertTrue(found.finding(Check.TRUNCATED).verdict().contains("windows"), found.text(false, 5));
    same(words("tag", "words.conll", text, "--max-length", "8"));
  }

  @Test
  void answersThatArePreferred() throws IOException {
    String rows = "{\"prompt\": \"1 > \", \"chosen\": \"ab\", \"rejected\": \"xyz\"}\n"
        + "{\"prompt\": \"2 > \", \"chosen\": \"abcdefghijkl\", \"rejected\": \"x\"}\n";
    Inspection found = same(words("prefer", "pairs.jsonl", rows));
    Sample first = found.sample(0).orElseThrow();
    assertEquals(7, first.learnt(), "both answers and their ends");
    Inspection cut = same(words("prefer", "pairs.jsonl", rows, "--max-length", "10"));
    assertEquals(1, cut.finding(Check.TRUNCATED).rows(), cut.text(false, 5));
  }

  @Test
  void textsThatStandForNoneAndColumnsThatNobodyReadsAreSaid() throws IOException {
    Path file = Files.writeString(dir.resolve("na.csv"), "id,text,label\n1,good,up\n2,NA,down\n3,null,up\n");
    String said = Dataset.labelled(file, DataOptions.DETECT).description();
    assertEquals("na.csv: 3 rows, comma separated, header, text = column 'text', label = column 'label'; 2 labels: down 1, "
        + "up 2; 2 texts mostly stand for a missing one and are taken as written ('NA' in line 3); not read: 'id'", said);
    Path rows = Files.writeString(dir.resolve("rows.jsonl"),
        "{\"prompt\": \"1 + 1 =\", \"completion\": \"2\", \"source\": \"x\", \"grade\": 1}\n");
    assertEquals("rows.jsonl: 1 row, JSON lines, prompt = column 'prompt', completion = column 'completion'; not read: 'source', "
        + "'grade'", Dataset.language(rows, DataOptions.DETECT).description());
    Inspection found = inspect(words("classify", "na.csv", "text,label\ngood it is,up\nNA,down\nbad it is,down\n"));
    assertEquals(1, found.finding(Check.OUTLIERS).rows(), found.text(false, 5));
  }

  @Test
  void aRowThatTrainingRefusesIsAnError() throws IOException {
    Inspection found = inspect(words("embed", "pairs.csv", "query,answer\ngood,very good\nbad,\n"));
    assertEquals(Level.ERROR, found.worst());
    assertEquals(1, found.finding(Check.MALFORMED).rows());
    assertThrows(DataException.class, () -> train(words("embed", "pairs.csv", "query,answer\ngood,very good\nbad,\n")));
  }
}
