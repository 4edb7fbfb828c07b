package dev.hone.train.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.nn.Labels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Labels that are likely meant otherwise than they are written are refused with the setting that decides, and read as it says.
 */
class LabelCheckTest {
  private static final Labels.Kind ONE = Labels.Kind.SINGLE_LABEL;
  private static final Labels.Kind SEVERAL = Labels.Kind.MULTI_LABEL;

  @TempDir
  Path dir;

  private List<String> labels(String name, String text, DataOptions options, Labels.Kind kind) throws IOException {
    Path file = Files.writeString(dir.resolve(name), text);
    return BothWays.read(options, each -> Dataset.labelled(file, each, kind)).rows().stream().map(Example.Labelled::label)
        .toList();
  }

  private List<String> labels(String name, String text) throws IOException {
    return labels(name, text, DataOptions.DETECT, ONE);
  }

  private void assertRefused(String name, String text, Labels.Kind kind, String message) {
    assertEquals(dir.resolve(name) + message,
        assertThrows(DataException.class, () -> labels(name, text, DataOptions.DETECT, kind)).getMessage());
  }

  private static String json(String... labels) {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < labels.length; i++) {
      rows.append("{\"text\": \"row ").append(i).append("\", \"label\": ").append(labels[i]).append("}\n");
    }
    return rows.toString();
  }

  private static String csv(String... labels) {
    StringBuilder rows = new StringBuilder("text,label\n");
    for (int i = 0; i < labels.length; i++) {
      rows.append("row ").append(i).append(',').append(labels[i]).append('\n');
    }
    return rows.toString();
  }

  @Test
  void labelsOfSeveralTypesAreRefusedAndMergedWhenAskedFor() throws IOException {
    assertRefused("r.jsonl", json("1", "\"0\"", "0", "true"),
        ONE, ": the labels (column 'label') are of several types: a text (line "
        + "2), a number (line 1), true or false (line 4); --labels merge takes 1, \"1\" and 1.0 for one class, --labels exact "
        + "each "
        + "spelling for a class of its own");
    assertRefused("r.jsonl", json("1", "0", "0.0"),
        ONE, " line 3: the labels '0' (line 2) and '0.0' differ by the writing of one "
        + "number alone; --labels merge makes them one class, --labels exact keeps them apart");
    String all = json("1", "\"1\"", "1.0", "true", "\"True\"");
    assertEquals(List.of("1", "1", "1", "true", "true"), labels("r.jsonl", all, DataOptions.DETECT.withLabels("merge"), ONE));
    assertEquals(List.of("1", "1", "1.0", "true", "True"), labels("r.jsonl", all, DataOptions.DETECT.withLabels("exact"), ONE));
    assertEquals(List.of("1", "0"), labels("r.jsonl", json("1", "0")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"NA", "nan", "NaN", "None", "null", "NULL", "n/a", "N/A", "<NA>", "#N/A"})
  void signsOfAMissingValueAreNoClassUnlessAskedFor(String sign) throws IOException {
    assertRefused("r.csv", csv("a", "b", sign), ONE, " line 4: the label (column 'label') is '" + sign
        + "', which mostly stands for a "
        + "missing one; leave the row out, or say --labels exact if it is a class");
    assertEquals(List.of("a", sign), labels("r.csv", csv("a", sign), DataOptions.DETECT.withLabels("exact"), ONE));
    assertEquals(List.of("none", "some"), labels("r.csv", csv("none", "some")), "a word like any other");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Up", " UP", "uP ", "\uFF55\uFF50"})
  void spellingsOfOneNameAreRefusedAndMergedWhenAskedFor(String other) throws IOException {
    String rows = csv("up", "down", other);
    assertRefused("r.csv", rows, ONE, " line 4: the labels 'up' (line 2) and '" + other.strip()
        + "' differ by capitals or spaces "
        + "alone; --labels merge makes them one class, --labels exact keeps them apart");
    assertEquals(List.of("up", "down", "up"), labels("r.csv", rows, DataOptions.DETECT.withLabels("merge"), ONE));
    assertEquals(List.of("up", "down", other.strip()), labels("r.csv", rows, DataOptions.DETECT.withLabels("exact"), ONE));
  }

  @ParameterizedTest
  @ValueSource(strings = {"f\u00FCr\u200B", "\uFEFFf\u00FCr", "fu\u0308r", "f\u00AD\u00FCr"})
  void namesThatLookAlikeAreRefusedAndMergedWhenAskedFor(String other) throws IOException {
    String rows = csv("f\u00FCr", "gegen", other);
    assertRefused("r.csv", rows, ONE, " line 4: the labels 'f\u00FCr' (line 2) and '" + other + "' differ by characters that "
        + "cannot be seen or told apart alone; --labels merge makes them one class, --labels exact keeps them apart");
    assertEquals(List.of("f\u00FCr", "gegen", "f\u00FCr"), labels("r.csv", rows, DataOptions.DETECT.withLabels("merge"), ONE));
  }

  @Test
  void numbersWithADecimalCommaAreNoClassesUnlessAskedFor() throws IOException {
    String rows = "text;label\na b;0,0\nc d;1.234,5\ne f;3\n";
    assertRefused("r.csv", rows, ONE, ": the labels (column 'label') are numbers with a decimal comma, such as 0,0 (line 2); "
        + "--problem-type regression learns numbers with a point, --labels exact takes each for a class");
    assertEquals(List.of("0,0", "1.234,5", "3"), labels("r.csv", rows, DataOptions.DETECT.withLabels("exact"), ONE));
  }

  @Test
  void measuredNumbersAreNoClassesUnlessAskedFor() throws IOException {
    String rows = csv("0.0", "0.37", "0.74", "1.11");
    assertRefused("r.csv", rows, ONE, ": the labels (column 'label') are numbers, such as 0.37 (line 3); --problem-type "
        + "regression "
        + "learns numbers, --labels exact takes each for a class");
    assertEquals(List.of("0.0", "0.37", "0.74", "1.11"), labels("r.csv", rows, DataOptions.DETECT, Labels.Kind.REGRESSION));
    assertEquals(List.of("0.0", "0.37", "0.74", "1.11"), labels("r.csv", rows, DataOptions.DETECT.withLabels("exact"), ONE));
    assertEquals(List.of("1.0", "0.0", "1.0"), labels("r.csv", csv("1.0", "0.0", "1.0")));
    String[] many = new String[30];
    for (int i = 0; i < many.length; i++) {
      many[i] = Integer.toString(7 * i);
    }
    assertTrue(assertThrows(DataException.class, () -> labels("r.csv", csv(many))).getMessage()
        .contains("are numbers, 30 different ones in 30 rows; --problem-type regression"));
  }

  @Test
  void listsNeedTheirProblemType() throws IOException {
    assertRefused("r.jsonl", json("1", "[1]"),
        ONE, " line 2: the label (column 'label') is a list or an object; rows with several labels "
        + "need --problem-type multi_label_classification");
    assertEquals(List.of("[\"a\",\"b\"]", "[]"), labels("r.jsonl", json("[\"a\",\"b\"]", "[]"), DataOptions.DETECT, SEVERAL));
    assertEquals(List.of("[\"a\",\"b\"]", "[\"a\"]"),
        labels("r.jsonl", json("[\"A\",\"b\"]", "[\"a\", \"A\"]"), DataOptions.DETECT.withLabels("merge"), SEVERAL));
    assertRefused("r.jsonl", json("[0,1,0]", "[1,0,0]"),
        SEVERAL, " line 1: the label (column 'label') names one label twice, [0,1,0]; a "
        + "list has the names of a row's labels, not a number for each");
    assertRefused("r.csv", csv("\"['a', 'b']\"", "a"), SEVERAL, " line 2: the label (column 'label') is a list that is not JSON, "
        + "['a', 'b']; write [\"a\", \"b\"] or a|b");
    assertRefused("r.csv", csv("a|b", "A"),
        SEVERAL, " line 3: the labels 'a' (line 2) and 'A' differ by capitals or spaces alone; "
        + "--labels merge makes them one class, --labels exact keeps them apart");
    assertRefused("r.csv", csv("a", ""), SEVERAL, " line 3: the label (column 'label') is empty; a row without labels has []");
  }

  private static final String COLUMNS = "id,comment_text,toxic,rude,threat\n1,you are great,0,0,0\n2,you are bad,1,0,0\n"
      + "3,go away now,1,1,0\n4,so nice,0,0,0\n";

  @Test
  void columnsOfZeroAndOneAreLabelsWhenAskedFor() throws IOException {
    assertRefused("r.csv", COLUMNS, ONE, ": the columns toxic, rude, threat hold 0 and 1 alone, as if each were a label; say "
        + "label=toxic|rude|threat in the columns (where a row may have any number of them, with --problem-type "
        + "multi_label_classification), or label=toxic for one of them");
    DataOptions options = DataOptions.DETECT.withColumns("label=toxic|rude|threat");
    assertEquals(List.of("[]", "[\"toxic\"]", "[\"toxic\",\"rude\"]", "[]"), labels("r.csv", COLUMNS, options, SEVERAL));
    DataException e = assertThrows(DataException.class, () -> labels("r.csv", COLUMNS, options, ONE));
    assertTrue(e.getMessage().endsWith("r.csv line 2: 0 of the label's columns hold 1 (); where a row has any number of labels "
        + "say "
        + "--problem-type multi_label_classification"), e.getMessage());
    assertEquals(List.of("b", "a"), labels("o.csv", "text,a,b\nx y,0,1\nz u,1,0\n", DataOptions.DETECT.withColumns("label=a|b"),
        ONE));
    e = assertThrows(DataException.class,
        () -> labels("o.csv", "text,a,b\nx y,0,2\nz u,1,0\n", DataOptions.DETECT.withColumns("label=a|b"), ONE));
    assertTrue(e.getMessage().endsWith("line 2: column 'b' is one of several with labels and holds '2'; such columns hold 0 and "
        + "1"));
    assertEquals(List.of("0", "1", "1", "0"), labels("r.csv", COLUMNS, DataOptions.DETECT.withColumns("label=toxic"), ONE));
  }

  @Test
  void rowsForALanguageModelAreNamedAsSuch() {
    assertRefused("r.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}\n",
        ONE, ": holds rows for a language model "
        + "(messages = column 'messages'), not texts with labels; to learn them say --task generate, to classify say "
        + "text=NAME,label=NAME in the columns");
  }

  @Test
  void otherWordsForTheSettingAreRefused() {
    assertEquals("labels 'any': must be exact or merge",
        assertThrows(DataException.class, () -> DataOptions.DETECT.withLabels("any")).getMessage());
  }
}
