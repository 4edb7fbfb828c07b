package dev.hone.train.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.nn.Labels;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files as people have them: the right rows, or one line that says what it is. */
class FileFormsTest {
  private static final List<Example.Labelled> TWO = List.of(new Example.Labelled("a b c", "x"), new Example.Labelled("d e", "y"));

  @TempDir
  Path dir;

  private Path write(String name, byte[] bytes) {
    try {
      return Files.write(dir.resolve(name), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Dataset<Example.Labelled> labelled(String name, String text) {
    return labelled(name, text, DataOptions.DETECT);
  }

  private Dataset<Example.Labelled> labelled(String name, String text, DataOptions options) {
    Path file = write(name, text.getBytes(StandardCharsets.UTF_8));
    return BothWays.read(options, each -> Dataset.labelled(file, each));
  }

  private void assertFault(String name, String text, String message) {
    assertEquals(dir.resolve(name) + message, assertThrows(DataException.class, () -> labelled(name, text)).getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "{\"text\": [\"a b c\", \"d e\"], \"label\": [\"x\", \"y\"]}",
      "{\n\"text\": [\"a b c\",\n\"d e\"],\n\"label\": [\"x\", \"y\"]}",
      "{\"text\": {\"0\": \"a b c\", \"1\": \"d e\"}, \"label\": {\"0\": \"x\", \"1\": \"y\"}}",
      "{\"0\": {\"text\": \"a b c\", \"label\": \"x\"}, \"1\": {\"text\": \"d e\", \"label\": \"y\"}}",
      "{\"columns\": [\"text\", \"label\"], \"index\": [0, 1], \"data\": [[\"a b c\", \"x\"], [\"d e\", \"y\"]]}",
      "{\"version\": \"1.1\", \"data\": [{\"text\": \"a b c\", \"label\": \"x\"},\n{\"text\": \"d e\", \"label\": \"y\"}]}",
      "{\"text\": \"a b c\",\n \"label\": \"x\"}\n{\"text\": \"d e\",\n \"label\": \"y\"}",
      "{\"text\": \"a b c\", \"label\": \"x\"} {\"text\": \"d e\", \"label\": \"y\"}",
      "[{\"text\": \"a b c\", \"label\": \"x\"},\n{\"text\": \"d e\", \"label\": \"y\"}]"})
  void rowsOfJsonAreTheSameHoweverTheyAreWritten(String text) {
    assertEquals(TWO, labelled("r.json", text).rows());
    assertEquals(TWO, labelled("r.jsonl", text).rows());
  }

  /** Python writes a number that is missing as NaN. */
  @Test
  void numbersWithoutAValueAreNamed() {
    assertFault("l.jsonl", "{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \"b\", \"label\": NaN}",
        " line 2: not a JSON object (NaN is no JSON; write null for a number without a value)");
    assertFault("l.json", "[{\"text\": \"a\",\n\"age\": -Infinity, \"label\": \"x\"}]",
        " line 2: not valid JSON (-Infinity is no JSON; write null for a number without a value)");
  }

  @Test
  void linesOfRowsAreThoseOfTheirFirstCells() {
    assertEquals(3, labelled("r.json", "{\n\"text\": [\"a b c\",\n\"d e\"],\n\"label\": [\"x\", \"y\"]}").line(1));
    Dataset<Example.Labelled> wrapped = labelled("w.json",
        "{\"info\": {\"n\": 1},\n\"rows\": [\n{\"text\": \"a b c\", \"label\": \"x\"},\n\n{\"text\": \"d e\", \"label\": "
        + "\"y\"}]}");
    assertEquals(5, wrapped.line(1));
    assertTrue(wrapped.description().contains("JSON, the list under 'rows'"), wrapped.description());
    assertEquals(4, labelled("p.jsonl", "{\n\"text\": \"a b c\", \"label\": \"x\"\n}\n{\n\"text\": \"d e\", \"label\": "
        + "\"y\"\n}\n")
        .line(1));
    assertTrue(labelled("c.json", "{\"text\": [\"a\", \"b\"], \"label\": [1, 2]}").description()
        .contains("JSON, column by column"));
  }

  @Test
  void oneConversationIsOneRow() {
    Path file = write("one.json", ("{\n\"messages\": [{\"role\": \"user\", \"content\": \"a\"},\n{\"role\": \"assistant\", "
        + "\"content\": \"b\"}]}").getBytes(StandardCharsets.UTF_8));
    assertEquals(2, ((Example.Chat) Dataset.language(file, DataOptions.DETECT).row(0)).messages().size());
    Path columns = write("columns.json",
        ("{\"messages\": [[{\"role\": \"user\", \"content\": \"a\"}], [{\"role\": \"user\", \"content\": "
        + "\"b\"}]]}").getBytes(StandardCharsets.UTF_8));
    assertEquals(2, Dataset.language(columns, DataOptions.DETECT).size());
  }

  @Test
  void shapesThatCannotBeToldAreNamed() {
    assertFault("r.json", "{\"text\": [\"a\", \"b\"], \"label\": [\"x\"]}", ": its keys are read as columns, and 'text' has 2 "
        + "values, "
        + "'label' has 1");
    assertFault("r.json", "{\"train\": [{\"text\": \"a\"}], \"test\": [{\"text\": \"b\"}]}", ": the object holds several lists "
        + "of "
        + "objects, under 'train', 'test'; write the one to read to a file of its own");
    assertFault("r.json", "{\"a\": {\"text\": \"a\"}, \"b\": {\"text\": \"b\"}}", ": is a JSON object of objects, and neither "
        + "its keys nor "
        + "theirs are numbers of rows; write a list of objects, [{...}, {...}], or one object per line");
    assertFault("r.json", "{\"text\": {\"0\": \"a\"}, \"label\": {\"1\": \"a\"}}", ": its keys are read as columns, and 'text' "
        + "and 'label' "
        + "have other numbers of rows");
    assertFault("r.json", "{\"columns\": [\"text\"], \"data\": [[\"a\", \"b\"]]}", ": row 1 under 'data' has 2 values, "
        + "'columns' has 1 names");
    assertFault("r.json", "[{\"text\": \"a\", \"label\": \"x\"}]\n[{\"text\": \"b\", \"label\": \"y\"}]", " line 2: something "
        + "follows the list; "
        + "a JSON file is one list of objects");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "PAR1  |is a Parquet file; write its rows as CSV or JSON lines (in pandas: to_json",
      "ARROW1|is an Arrow (Feather) file; write its rows",
      "SQLite format 3|is an SQLite database; write its rows",
      "%PDF-1.7|is a PDF",
      "BZh91AY|is packed with bzip2; unpack it first",
      "version https://git-lfs.github.com/spec/v1|is a Git LFS pointer, not the file itself; fetch it with: git lfs pull",
      "/annex/objects/SHA256E-s1--0|is a git-annex pointer, not the file itself",
      "<!DOCTYPE html><html>|is a web page (HTML)"})
  void filesOfOtherKindsAreRefusedByName(String begins, String message) throws IOException {
    byte[] bytes = (begins + "\noid sha256:00\nsize 12345\n\u0001").getBytes(StandardCharsets.ISO_8859_1);
    for (String name : List.of("r.csv", "r.parquet", "r.jsonl", "r.txt")) {
      Path file = write(name, bytes);
      for (String format : List.of("", "indexed")) {
        DataException e = assertThrows(DataException.class, () -> Dataset.labelled(file, DataOptions.DETECT.withFormat(format)));
        assertTrue(e.getMessage().startsWith(file + ": " + message), e.getMessage());
      }
      assertThrows(DataException.class, () -> Dataset.language(file, DataOptions.DETECT));
    }
    Path packed = dir.resolve("r.csv.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      out.write(bytes);
    }
    assertTrue(assertThrows(DataException.class, () -> Dataset.labelled(packed, DataOptions.DETECT)).getMessage()
        .contains(message));
  }

  @Test
  void sheetsAndPicklesAreRefusedByName() {
    Path sheet = write("r.xlsx", "PK\u0003\u0004\u0014\u0000[Content_Types].xml".getBytes(StandardCharsets.ISO_8859_1));
    assertTrue(assertThrows(DataException.class, () -> Dataset.labelled(sheet, DataOptions.DETECT)).getMessage()
        .endsWith("r.xlsx: is an Excel (or OpenDocument) file; save the sheet as CSV (UTF-8)"));
    Path zip = write("r.zip", "PK\u0003\u0004\u0014\u0000r.csv".getBytes(StandardCharsets.ISO_8859_1));
    assertTrue(assertThrows(DataException.class, () -> Dataset.labelled(zip, DataOptions.DETECT)).getMessage()
        .contains("is packed with zip; unpack it first"));
    Path old = write("r.xls", new byte[] {(byte) 0xD0, (byte) 0xCF, 0x11, (byte) 0xE0, 0, 0});
    assertTrue(assertThrows(DataException.class, () -> Dataset.labelled(old, DataOptions.DETECT)).getMessage()
        .contains("is an Excel"));
    Path pickle = write("r.pkl", new byte[] {(byte) 0x80, 4, (byte) 0x95});
    assertTrue(assertThrows(DataException.class, () -> Dataset.labelled(pickle, DataOptions.DETECT)).getMessage()
        .contains("pickle"));
  }

  @ParameterizedTest
  @CsvSource({"windows-1252,café zurück,wörter, das Auto fährt", "windows-1251,Он купил велосипед,да,новый красный велосипед",
      "Shift_JIS,これはとてもよいです,はい,それはよくないです", "GB18030,这个东西很好用,是,我非常喜欢它"})
  void otherCharactersAreNamedAndReadWhenAskedFor(String name, String text, String label, String second) {
    Charset charset = Charset.forName(name);
    Path file = write("r.csv", ("text,label\n" + text + "," + label + "\n" + second.strip() + ",b\n").getBytes(charset));
    DataException e = assertThrows(DataException.class, () -> Dataset.labelled(file, DataOptions.DETECT));
    assertTrue(e.getMessage().startsWith(file + " line 2: not UTF-8 (byte 0x"), e.getMessage());
    assertTrue(e.getMessage().contains("it looks like " + name + ": say --encoding " + name + ", or save"), e.getMessage());
    Dataset<Example.Labelled> data = Dataset.labelled(file, DataOptions.DETECT.withEncoding(name));
    assertEquals(new Example.Labelled(text, label), data.row(0));
    DataOptions indexed = DataOptions.DETECT.withEncoding(name).withFormat("indexed");
    if (charset.newEncoder().maxBytesPerChar() == 1) {
      assertEquals(data.rows(), Dataset.labelled(file, indexed).rows());
    } else {
      assertTrue(assertThrows(DataException.class, () -> Dataset.labelled(file, indexed)).getMessage()
          .contains(name + " cannot be read in parts"));
    }
  }

  @Test
  void encodingsThatDoNotFitAreRefused() {
    Path file = write("r.csv", "text,label\ncafé,a\nb,b\n".getBytes(StandardCharsets.UTF_8));
    assertTrue(assertThrows(DataException.class, () -> Dataset.labelled(file, DataOptions.DETECT.withEncoding("windows-1252")))
        .getMessage().endsWith("r.csv: is UTF-8, not windows-1252; leave out --encoding"));
    assertTrue(assertThrows(DataException.class, () -> DataOptions.DETECT.withEncoding("latin-99")).getMessage()
        .startsWith("encoding 'latin-99': is not known; such as UTF-8, windows-1252"));
    Path broken = write("b.csv", new byte[] {'a', ',', 'b', '\n', (byte) 0x81, ',', 'c', '\n'});
    assertTrue(assertThrows(DataException.class, () -> Dataset.labelled(broken, DataOptions.DETECT.withEncoding("windows-1252")))
        .getMessage().endsWith("b.csv line 2: not windows-1252 (byte 0x81); say another --encoding, or save the file as UTF-8"));
  }

  @Test
  void utf16IsReadByItsMark() {
    for (Charset charset : List.of(StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
      Path file = write("r.csv", "\uFEFFtext,label\na b c,x\nd e,y\n".getBytes(charset));
      assertEquals(TWO, Dataset.labelled(file, DataOptions.DETECT).rows());
      assertTrue(assertThrows(DataException.class, () -> Dataset.labelled(file, DataOptions.DETECT.withFormat("indexed")))
          .getMessage().endsWith("UTF-16 cannot be read in parts; save the file as UTF-8"));
    }
  }

  @Test
  void aCopyOfAFileWithOtherCharactersIsInUtf8() throws IOException {
    Path file = write("r.csv", "text,label\ncafé,x\nd e,y\n".getBytes(StandardCharsets.ISO_8859_1));
    SourceRows.labelled(file, DataOptions.DETECT.withEncoding("ISO-8859-1"), Labels.Kind.SINGLE_LABEL)
        .copy(dir.resolve("copy.csv"), row -> row == 0,
        Map.of());
    assertEquals("text,label\ncafé,x\n", Files.readString(dir.resolve("copy.csv")));
    Path columns = write("c.json", "{\"text\": [\"a\", \"b\"], \"label\": [\"x\", \"y\"]}".getBytes(StandardCharsets.UTF_8));
    assertTrue(assertThrows(DataException.class, () -> SourceRows.labelled(columns, DataOptions.DETECT, Labels.Kind.SINGLE_LABEL)
        .copy(dir.resolve("copy.json"), _ -> true, Map.of())).getMessage().contains("do not stand on lines of their own"));
  }

  @Test
  void linesOfFastTextHaveTheirLabelsInFront() {
    String lines = "__label__pos great  thing\n__label__neg awful thing\n\n__label__pos nice one\n";
    for (String name : List.of("ft.txt", "ft.csv", "ft")) {
      Dataset<Example.Labelled> data = labelled(name, lines);
      assertEquals(List.of(new Example.Labelled("great  thing", "pos"), new Example.Labelled("awful thing", "neg"),
          new Example.Labelled("nice one", "pos")), data.rows());
      assertEquals(4, data.line(2));
      assertTrue(data.description().contains("3 rows, fastText lines, text = column 'text'"), data.description());
    }
    Path several = write("several.txt", "__label__a __label__b one\ntwo __label__a three\n".getBytes(StandardCharsets.UTF_8));
    Dataset<Example.Labelled> data =
        BothWays.read(DataOptions.DETECT, each -> Dataset.labelled(several, each, Labels.Kind.MULTI_LABEL));
    assertEquals(List.of("a", "b"), data.row(0).labels());
    assertEquals("two three", data.row(1).text());
    assertFault("ft.txt", "__label__a one\ntwo\n", " line 2: the label (column 'label') is empty");
  }

  @Test
  void headersWithEmptyAndDoubledNames() {
    Dataset<Example.Labelled> data = labelled("r.csv", "v1,v2,,\nham,hello you,,\nspam,win now,,\nham,see you,,\n");
    assertEquals(new Example.Labelled("hello you", "ham"), data.row(0));
    assertEquals(3, data.size());
    data = labelled("r.csv", "mark,words,\nham,hello you,\nspam,win now,\nham,see you,\nham,so long,\n");
    assertEquals(new Example.Labelled("hello you", "ham"), data.row(0));
    data = labelled("r.csv", ",label,text\n0,ham,hello you\n1,spam,win now\n");
    assertEquals(new Example.Labelled("hello you", "ham"), data.row(0));
    assertFault("r.csv", "label,text,text\nham,hello you,a\nspam,win now,b\n", ": two columns are called 'text', number 2 and "
        + "3; say "
        + "which by its number (--columns), such as text=2");
    data = labelled("r.csv", "label,text,text\nham,hello you,a\nspam,win now,b\n", DataOptions.DETECT.withColumns("text=3"));
    assertEquals(new Example.Labelled("a", "ham"), data.row(0));
    Path file = dir.resolve("r.csv");
    assertTrue(assertThrows(DataException.class, () -> Dataset.labelled(file, DataOptions.DETECT.withColumns("text=text")))
        .getMessage().contains("two columns are called 'text'"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sep=;\r\ntext;label\r\na b c;x\r\nd e;y\r\n", "\uFEFFSep=|\ntext|label\na b c|x\nd e|y\n",
      "sep=,\ntext,label\n\"a b c\",x\nd e,y\n", "sep=\t\na b c\tx\nd e\ty\n"})
  void excelsLineThatNamesTheSeparatorIsNoRow(String text) {
    Dataset<Example.Labelled> data = labelled("r.csv", text);
    assertEquals(TWO, data.rows());
    assertEquals(text.contains("text") ? 3 : 2, data.line(0));
  }

  @Test
  void aSeparatorThatExcelNamesCountsAndSurvivesACopy() throws IOException {
    String text = "sep=;\ntext;label\na, b;x, y\nc, d;z, x\n";
    assertEquals(List.of("a, b", "c, d"), labelled("r.csv", text).map(Example.Labelled::text));
    SourceRows rows = SourceRows.labelled(dir.resolve("r.csv"), DataOptions.DETECT, Labels.Kind.SINGLE_LABEL);
    rows.copy(dir.resolve("copy.csv"), row -> row == 1, Map.of());
    assertEquals("sep=;\ntext;label\nc, d;z, x\n", Files.readString(dir.resolve("copy.csv")));
    assertFault("r.csv", "sep=;\ntext;label\na;x\nb\n", " line 4: 1 field, the first row has 2 (read as semicolon separated, "
        + "quotes around fields); enclose texts that hold the separator in quotes, or say the format");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\uFEFF"})
  void aHeaderAmongTheRowsIsNoRow(String mark) {
    assertFault("r.csv", "text,label\na b c,x\nd e,y\n" + mark + "text,label\nf g,x\n", " line 4: this line is the header once "
        + "more, as where files were put together; leave it out, or say noheader in the format if both are rows");
    assertEquals(4, labelled("r.csv", "good film,x\nd e f,y\ngood film,x\nlong story,y\n").size());
  }

  @Test
  void utf16WithoutAMarkIsNamed() {
    String text = "text,label\na b c,x\nd e,y\n";
    for (String name : List.of("UTF-16LE", "UTF-16BE")) {
      Path file = write("r.csv", text.getBytes(Charset.forName(name)));
      assertEquals(file + ": looks like UTF-16 without a mark (every other byte is 0): say --encoding " + name
          + ", or save the file as UTF-8",
          assertThrows(DataException.class, () -> Dataset.labelled(file, DataOptions.DETECT)).getMessage());
      assertEquals(TWO, Dataset.labelled(file, DataOptions.DETECT.withEncoding(name)).rows());
    }
  }
}
