package dev.hone.train.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatasetTest {
  private static final List<Example.Labelled> TWO = List.of(new Example.Labelled("Fine, thanks", "good"),
      new Example.Labelled("No \"way\"", "bad"));

  @TempDir Path dir;

  @Test
  void csvWithHeaderSaysWhatWasRead() {
    Dataset<Example.Labelled> data = labelled("r.csv", "text,label\n\"Fine, thanks\",good\n\"No \"\"way\"\"\",bad\n");
    assertEquals(TWO, data.rows());
    assertEquals("r.csv: 2 rows, comma separated, header, text = column 'text', label = column 'label'; "
        + "2 labels: bad 1, good 1", data.description());
    assertEquals(2, data.line(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {",", ";", "\t", "|"})
  void separatorIsFound(String separator) {
    String text = "stars,review\n1,never again\n5,a joy\n1,oh no\n5,good - really\n".replace(",", separator);
    Dataset<Example.Labelled> data = labelled("r.csv", text);
    assertEquals(List.of("1", "5", "1", "5"), data.rows().stream().map(Example.Labelled::label).toList());
    assertEquals("never again", data.row(0).text());
  }

  @ParameterizedTest
  @CsvSource({"0,1", "1,0"})
  void columnsWithoutHeaderAreToldByContentInEitherOrder(int text, int label) {
    StringBuilder file = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      String[] cells = new String[2];
      cells[text] = "a sentence with number " + i + ".";
      cells[label] = i % 2 == 0 ? "up" : "down";
      file.append(String.join("\t", cells)).append('\n');
    }
    Dataset<Example.Labelled> data = labelled("rows.tsv", file.toString());
    assertEquals(8, data.size());
    assertEquals(new Example.Labelled("a sentence with number 0.", "up"), data.row(0));
    assertTrue(data.description().contains("tab separated, no header, text = column " + (text + 1) + ", label = column "
        + (label + 1)), data.description());
  }

  @Test
  void headerWithUnusualNamesIsFoundAboveRepeatedValues() {
    Dataset<Example.Labelled> data = labelled("r.csv", "what was said,verdict\nThis is good.,yes\nThis is bad.,no\n"
        + "That is good.,yes\nThat is bad.,no\n");
    assertEquals(4, data.size());
    assertTrue(data.description().contains("label = column 'verdict'"), data.description());
  }

  @Test
  void firstRowOfAHeaderlessFileIsNotLost() {
    Dataset<Example.Labelled> data = labelled("r.csv", "nice,yes\nawful,no\ngreat,yes\nhorrid,no\nfine,yes\n");
    assertEquals(5, data.size());
    assertEquals("nice", data.row(0).text());
  }

  @Test
  void byteOrderMarkIsNotPartOfTheFirstName() {
    assertEquals(TWO, labelled("r.csv", "\uFEFFtext,label\n\"Fine, thanks\",good\n\"No \"\"way\"\"\",bad\n").rows());
  }

  @Test
  void quotedLineEndsStayInTheTextAndLinesAreCounted() {
    Dataset<Example.Labelled> data = labelled("r.csv", "text,label\r\n\"one\r\ntwo\nthree\",a\r\n\r\nfour,b\r\n");
    assertEquals("one\r\ntwo\nthree", data.row(0).text());
    assertEquals(2, data.line(0));
    assertEquals(6, data.line(1));
    assertEquals("b", data.row(1).label());
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u0085", "\u2028", "\u2029", "\u000B", "\u000C", "\u001C"})
  void onlyLineFeedsEndRows(String oddity) {
    String text = "be" + oddity + "fore";
    assertEquals(text, labelled("r.tsv", text + "\t1\nother\t0\n").row(0).text());
    assertEquals(text, labelled("r.csv", "text,label\n" + text + ",1\n\"other\",0\n").row(0).text());
    assertEquals(text, labelled("r.jsonl", "{\"text\":\"" + text.replace("\u000B", "\\u000B").replace("\u000C", "\\u000C")
        .replace("\u001C", "\\u001C") + "\",\"label\":1}\n{\"text\":\"other\",\"label\":0}\n").row(0).text());
  }

  @Test
  void strayQuotesInTabSeparatedRowsAreText() {
    Dataset<Example.Labelled> data =
        labelled("r.tsv", "\"Half open\t1\nmiddle \" one\t0\nends with\"\t1\n\"whole\" or part\t0\n");
    assertEquals(List.of("\"Half open", "middle \" one", "ends with\"", "\"whole\" or part"),
        data.rows().stream().map(Example.Labelled::text).toList());
  }

  @Test
  void quotedTabSeparatedRowsAreUnquoted() {
    Dataset<Example.Labelled> data = labelled("r.tsv", "text\tlabel\n\"a\tb\"\tx\n\"say \"\"no\"\"\"\ty\n");
    assertEquals("a\tb", data.row(0).text());
    assertEquals("say \"no\"", data.row(1).text());
    assertTrue(data.description().contains("tab separated, header, quoted"), data.description());
  }

  @Test
  void jsonLinesAndJsonGiveTheSameRows() {
    String first = "{\"id\": 7, \"text\": \"Fine, thanks\", \"label\": \"good\"}";
    String second = "{\"label\": \"bad\", \"text\": \"No \\\"way\\\"\"}";
    assertEquals(TWO, labelled("r.jsonl", first + "\n\n" + second + "\n").rows());
    assertEquals(TWO, labelled("r.json", "[\n" + first + ",\n" + second + "]\n").rows());
    assertEquals(TWO, labelled("lines-after-all.json", first + "\n" + second).rows());
    assertEquals(3, labelled("r.json", "[\n" + first + ",\n" + second + "]\n").line(1));
  }

  @Test
  void numbersAndTruthValuesAreLabels() {
    Dataset<Example.Labelled> data = labelled("r.jsonl", "{\"text\":\"a\",\"label\":1}\n{\"text\":\"b\",\"label\":2}\n");
    assertEquals(List.of("1", "2"), data.rows().stream().map(Example.Labelled::label).toList());
    data = labelled("r.jsonl", "{\"text\":\"a\",\"label\":false}\n{\"text\":\"b\",\"label\":true}\n");
    assertEquals(List.of("false", "true"), data.rows().stream().map(Example.Labelled::label).toList());
  }

  @Test
  void gzipIsUnpackedWhateverTheName() throws IOException {
    Path file = dir.resolve("packed.csv.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write("text,label\n\"Fine, thanks\",good\n\"No \"\"way\"\"\",bad\n".getBytes(StandardCharsets.UTF_8));
    }
    assertEquals(TWO, Dataset.labelled(file, DataOptions.DETECT).rows());
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 9));
    assertTrue(assertThrows(DataException.class, () -> Dataset.labelled(file, DataOptions.DETECT)).getMessage()
        .contains("damaged gzip file"));
  }

  @Test
  void optionsOverrideWhatIsDetected() {
    String file = "text,label,topic\nlabel,a,b\nmore,c,d\n";
    Dataset<Example.Labelled> named = labelled("r.csv", file, new DataOptions("", "text=topic, label=text"));
    assertEquals(new Example.Labelled("b", "label"), named.row(0));
    Dataset<Example.Labelled> numbered = labelled("r.csv", file, new DataOptions("csv,noheader", "text=3,label=1"));
    assertEquals(new Example.Labelled("topic", "text"), numbered.row(0));
    Dataset<Example.Labelled> plain = labelled("r.txt", "\"a\";1\n\"b\";2\n",
        new DataOptions("semicolon,noquotes,noheader", "text=1,label=2"));
    assertEquals("\"a\"", plain.row(0).text());
  }

  @Test
  void textsNeedNoLabel() {
    Path file = write("p.csv", "text,label\nfirst,x\nsecond,y\n");
    assertEquals(List.of(new Example.Text("first"), new Example.Text("second")),
        Dataset.texts(file, DataOptions.DETECT).rows());
    Path lines = write("p.txt", "One, two.\nThree, four, five.\nSix.\nSeven, eight.\nNine\n");
    Dataset<Example.Text> texts = Dataset.texts(lines, DataOptions.DETECT);
    assertEquals(5, texts.size());
    assertEquals("Three, four, five.", texts.row(1).text());
    assertEquals("p.txt: 5 rows, one column, no header, text = column 1", texts.description());
  }

  @Test
  void fewEmptyTextsAreCountedAndSkipped() {
    StringBuilder file = new StringBuilder("text,label\n,a\n");
    for (int i = 1; i < 20; i++) {
      file.append("row ").append(i).append(i % 2 == 0 ? ",a\n" : ",b\n");
    }
    Dataset<Example.Labelled> data = labelled("r.csv", file.toString());
    assertEquals(19, data.size());
    assertEquals(1, data.skipped());
    assertEquals(3, data.line(0));
    assertTrue(data.description().startsWith("r.csv: 19 rows (1 with empty text skipped)"), data.description());
    assertFault("r.csv", file + "  ,b\n", " line 2: 2 of 21 rows have an empty text (column 'text'), this is the first; "
        + "more than 5 % is taken for a fault");
  }

  @Test
  void faultsNameFileLineAndRule() {
    assertFault("r.csv", "", ": the file is empty");
    assertFault("r.csv", "\n \n", ": the file is empty");
    assertFault("r.csv", "\"\"\n", ": has no rows");
    assertFault("r.csv", "text,label\n", ": has a header and no rows");
    assertFault("r.csv", "text,label\na,x\nb,y,z\n", " line 3: 3 fields, the first row has 2 (read as comma separated, "
        + "quotes around fields); enclose texts that hold the separator in quotes, or say the format");
    assertFault("r.csv", "text,label\na,x\nb,\n", " line 3: the label (column 'label') is empty");
    assertFault("r.jsonl", "{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"a\"}\n", " line 2: the label (column 'label') is "
        + "empty");
    assertFault("r.jsonl", "{\"text\":\"a\",\"label\":\"x\"}\n[1]\n", " line 2: every row must be a JSON object, this one is "
        + "array");
    assertFault("r.jsonl", "{\"text\":[\"a\"],\"label\":\"x\"}\n", " line 1: column 'text' holds a list or an object, not text; "
        + "columns found: text, label");
    assertFault("r.json", "{\"rows\":\n[]}", ": has no rows");
    assertFault("r.json", "\"rows\"", " line 1: a JSON file must be one list of objects, [{...}, {...}], or objects");
    assertFault("r.csv", "a,b,c\nq w e,1,yes\nr t z,2,no\nu i o,1,yes\np q r,2,no\n",
        ": cannot tell the label, column 'b' and column 'c' both look like one; say label=b in the columns");
    assertFault("r.csv", "words\nonly one\nmore of it\n", ": cannot tell which column is the label; the file has no header; "
        + "columns found: 1; say which: text=NAME,label=NAME");
  }

  @Test
  void damagedJsonNamesTheLine() {
    assertTrue(fault("r.jsonl", "{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\n").getMessage().contains("r.jsonl line 2: "));
    DataException cut = fault("r.json", "[{\"text\":\"a\",\"label\":\"x\"},\n{\"text\":\"b\"\n");
    assertTrue(cut.getMessage().contains("not valid JSON"), cut.getMessage());
    assertTrue(cut.line() >= 2);
    assertTrue(fault("r.json", "[{\"text\":\"a\",\"label\":\"x\"}").getMessage().contains("not valid JSON"));
  }

  @Test
  void unclosedQuoteNamesTheRowWhereItBegins() {
    DataException fault = fault("r.csv", "text,label\n\"a\",x\n\"never closed,y\nc,d\n\"e, f\",g\n");
    assertEquals(3, fault.line());
    assertTrue(fault.getMessage().contains("is not closed where it should be"), fault.getMessage());
  }

  @Test
  void aCharacterBehindAClosingQuoteIsNamedWhereMostRowsAreQuoted() {
    assertFault("r.csv", "\"text\",\"label\"\n\"a\",\"x\"\n\"good\" b,\"y\"\n\"c\",\"x\"\n",
        " line 3: a quoted field of this row is "
        + "not closed where it should be (Unexpected character ('b' (code 98)): Expected column separator character (',' (code "
        + "44)) or end-of-line); double the quotes inside it, or say noquotes in the format");
    Dataset<Example.Labelled> few = labelled("r.csv", "text,label\n\"Heroes\" by Bowie,x\nplain,y\n\"whole\",x\n");
    assertEquals(List.of("\"Heroes\" by Bowie", "plain", "\"whole\""), few.rows().stream().map(Example.Labelled::text).toList());
  }

  @Test
  void blanksBehindAClosingQuoteAreNotText() {
    Dataset<Example.Labelled> data = labelled("r.csv", "text,label\n\"a, b\"  ,x\n\"c\" ,y \n\"d\",\"x\" \n\"e \",y\n");
    assertEquals(List.of("a, b", "c", "d", "e "), data.rows().stream().map(Example.Labelled::text).toList());
    assertEquals(List.of("x", "y", "x", "y"), data.rows().stream().map(Example.Labelled::label).toList());
  }

  @Test
  void columnsThatAreNotThereAreAnsweredWithThoseThatAre() {
    Path file = write("r.csv", "text,label\na,x\nb,y\n");
    DataException fault = assertThrows(DataException.class,
        () -> Dataset.labelled(file, new DataOptions("", "text=review")));
    assertEquals(file + ": no column 'review' (for text); columns found: text, label", fault.getMessage());
    assertEquals(file.toString(), fault.source());
    assertEquals(0, fault.line());
  }

  @Test
  void bytesThatAreNotUtf8NameTheirLine() throws IOException {
    Path file = dir.resolve("latin.csv");
    Files.write(file, "text,label\ngood,a\ncafé,b\n".getBytes(StandardCharsets.ISO_8859_1));
    DataException fault = assertThrows(DataException.class, () -> Dataset.labelled(file, DataOptions.DETECT));
    assertEquals(file + " line 3: not UTF-8 (byte 0xE9); it looks like windows-1252: say --encoding windows-1252, or save the "
        + "file as UTF-8", fault.getMessage());
  }

  @Test
  void missingFilesAndDirectoriesAreNamed() {
    Path missing = dir.resolve("none.csv");
    assertEquals(missing + ": no such file",
        assertThrows(DataException.class, () -> Dataset.labelled(missing, DataOptions.DETECT)).getMessage());
    assertEquals(dir + ": is a directory, not a file",
        assertThrows(DataException.class, () -> Dataset.labelled(dir, DataOptions.DETECT)).getMessage());
  }

  @Test
  void unknownWordsInOptionsAreNamed() {
    assertTrue(assertThrows(DataException.class, () -> new DataOptions("cvs", "")).getMessage()
        .startsWith("format 'cvs': 'cvs' is not known; known words: csv tsv"));
    assertEquals("columns 'review': 'review' does not say what a column is for; write text=NAME,label=NAME; "
        + "parts are: text label prompt completion messages tools system instruction input output "
        + "chosen rejected margin anchor positive negative score",
        assertThrows(DataException.class, () -> new DataOptions("", "review")).getMessage());
  }

  private Path write(String name, String content) {
    try {
      return Files.writeString(dir.resolve(name), content);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private Dataset<Example.Labelled> labelled(String name, String content) {
    return labelled(name, content, DataOptions.DETECT);
  }

  private Dataset<Example.Labelled> labelled(String name, String content, DataOptions options) {
    Path file = write(name, content);
    return BothWays.read(options, each -> Dataset.labelled(file, each));
  }

  private DataException fault(String name, String content) {
    Path file = write(name, content);
    return assertThrows(DataException.class, () -> BothWays.read(DataOptions.DETECT, each -> Dataset.labelled(file, each)));
  }

  private void assertFault(String name, String content, String message) {
    assertEquals(dir.resolve(name) + message, fault(name, content).getMessage());
  }

  @Test
  void furtherColumnsGoWithTheirRows() throws IOException {
    Path file = Files.writeString(dir.resolve("more.csv"), "text,label,shop\ngood,up,north\n,up,nowhere\nbad,down,\n"
        + "fine,up,south\n".repeat(40));
    for (String format : List.of("", "indexed")) {
      Dataset<Example.Labelled> data = Dataset.labelled(file, DataOptions.DETECT.withFormat(format)
          .withMore(List.of("shop", "1")));
      assertEquals(List.of("north", "", "south"), data.column("shop").subList(0, 3));
      assertEquals(List.of("good", "bad"), data.column("1").subList(0, 2));
      assertEquals(List.of("south", "north"), data.select(new int[] {5, 0}).column("shop"));
      assertTrue(assertThrows(DataException.class, () -> data.column("town")).getMessage()
          .contains("column 'town' was not read"));
    }
    assertTrue(assertThrows(DataException.class, () -> Dataset.labelled(file, DataOptions.DETECT.withMore(List.of("town"))))
        .getMessage().contains("no column 'town'; columns found: text, label, shop"));
  }
}
