package dev.hone.train.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows as they stand, and copies of some of them, character by character. */
class SourceRowsTest {
  @TempDir
  Path directory;

  private SourceRows read(String name, String text) throws IOException {
    return SourceRows.detected(Files.writeString(directory.resolve(name), text), DataOptions.DETECT,
        dev.hone.nn.Labels.Kind.SINGLE_LABEL);
  }

  private String without(SourceRows rows, int row) throws IOException {
    Path copy = directory.resolve("copy");
    rows.copy(copy, r -> r != row, Map.of());
    return Files.readString(copy);
  }

  @Test
  void whatRowsAreForIsToldByTheirColumns() throws IOException {
    assertTrue(read("a.csv", "text,label\na b,x\nc d,y\n").isLabelled());
    assertTrue(read("a.txt", "works well\t1\nfell apart\t0\nfine\t1\nbad\t0\n").isLabelled());
    assertFalse(read("b.jsonl", "{\"prompt\": \"a\", \"completion\": \"b\"}\n").isLabelled());
    assertFalse(read("c.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\"}\n").isLabelled());
    assertTrue(read("d.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}\n").isChat());
    assertTrue(read("e.txt", "Once upon a time\nthere was a king.\n").isDocument());
  }

  @Test
  void rowsThatADataSetRefusesAreThere() throws IOException {
    SourceRows rows = read("a.csv", "text,label\n,x\nc d,\ne f,y\n");
    assertEquals(3, rows.size());
    assertTrue(rows.isEmpty(0));
    assertFalse(rows.isEmpty(1));
    assertTrue(rows.lacksLabel(1));
    assertEquals(new Example.Labelled("e f", "y"), rows.row(2));
    SourceRows chats = read("d.jsonl", "{\"messages\": [{\"content\": \"a\"}]}\n");
    assertThrows(DataException.class, () -> chats.row(0));
  }

  @Test
  void delimitedRowsKeepHeaderQuotesAndBlankLines() throws IOException {
    SourceRows rows = read("a.csv", "text,label\r\n\"two\nlines,"
        + " \"\"quoted\"\"\",x\r\n\r\nplain,y\r\n\"three\n\nlines\",x\r\nlast,y");
    assertEquals(2, rows.number(0));
    assertEquals(5, rows.number(1));
    assertEquals(6, rows.number(2));
    assertEquals("line", rows.unit());
    assertEquals("text,label\r\nplain,y\r\n\"three\n\nlines\",x\r\nlast,y", without(rows, 0));
    assertEquals("text,label\r\n\"two\nlines, \"\"quoted\"\"\",x\r\n\r\nplain,y\r\nlast,y", without(rows, 2));
  }

  @Test
  void jsonRowsKeepTheirSpelling() throws IOException {
    SourceRows lines = read("a.jsonl", "{\"text\": \"caf\\u00e9\", \"n\": 1.00}\n\n{\"text\": \"b\"}\n");
    assertEquals("{\"text\": \"caf\\u00e9\", \"n\": 1.00}\n\n", without(lines, 1));
    SourceRows array = read("b.json", "[{\"text\": \"caf\\u00e9 ü\", \"n\": 1.00}, {\"text\": \"b\"}, {\"text\": \"c\","
        + " \"m\": [1, {}]}]");
    assertEquals("row", array.unit());
    assertEquals(3, array.number(2));
    assertEquals("[\n{\"text\": \"caf\\u00e9 ü\", \"n\": 1.00},\n{\"text\": \"c\", \"m\": [1, {}]}\n]\n", without(array, 1));
  }

  @Test
  void aCopyCanBeCompressedMendedAndIsRefusedIfEmpty() throws IOException {
    SourceRows rows = read("a.jsonl", "{\"text\": \"<s>a\"}\n{\"text\": \"b\"}\n");
    Path packed = directory.resolve("copy.jsonl.gz");
    rows.copy(packed, _ -> true, Map.of(0, "<s>"));
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(Files.readAllBytes(packed)))) {
      assertEquals("{\"text\": \"a\"}\n{\"text\": \"b\"}\n", new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
    Path none = directory.resolve("none.jsonl");
    DataException e = assertThrows(DataException.class, () -> rows.copy(none, _ -> false, Map.of()));
    assertTrue(e.getMessage().endsWith("no row would be left"), e.getMessage());
    assertFalse(Files.exists(none));
  }
}
