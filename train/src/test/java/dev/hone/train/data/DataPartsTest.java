package dev.hone.train.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataPartsTest {
  @TempDir
  Path directory;

  private Path file(String name) throws IOException {
    return Files.writeString(directory.resolve(name), "text,label\na,b\n");
  }

  @Test
  void aDirectoryHasItsTrainingAndItsHeldOutFile() throws IOException {
    Path train = file("train.csv");
    Path test = file("test.csv");
    assertEquals(new DataParts(Map.of(train, 1.0), null, test), DataParts.parse(directory.toString()));
    Path valid = file("Validation.csv.gz");
    assertEquals(new DataParts(Map.of(train, 1.0), valid, test), DataParts.parse(directory.toString()));
    file("train.jsonl");
    assertTrue(assertThrows(DataException.class, () -> DataParts.parse(directory.toString())).getMessage()
        .endsWith("both train.csv and train.jsonl could be meant; name the file"));
  }

  @Test
  void aDirectoryWithoutTrainingRowsIsAnError() throws IOException {
    file("test.csv");
    assertTrue(assertThrows(DataException.class, () -> DataParts.parse(directory.toString())).getMessage()
        .endsWith("the directory has no file train.csv, train.jsonl or the like"));
  }

  @Test
  void aMixtureHasWeights() {
    DataParts parts = DataParts.parse("a.jsonl=2, b.jsonl=0.5");
    assertEquals(List.of(2.0, 0.5), List.copyOf(parts.files().values()));
    assertEquals(List.of(Path.of("a.jsonl"), Path.of("b.jsonl")), List.copyOf(parts.files().keySet()));
    assertNull(parts.heldOut());
    assertThrows(DataException.class, () -> DataParts.parse("a.jsonl=-1,b.jsonl=1"));
    assertTrue(assertThrows(DataException.class, () -> DataParts.parse("a.jsonl=x")).getMessage().contains("'x' is no number"));
  }

  @Test
  void rowsOccurAsOftenAsTheirWeightSays() {
    Dataset<Example.Text> data = Dataset.of("rows", IntStream.range(0, 10).mapToObj(i -> new Example.Text("t" + i)).toList());
    Dataset<Example.Text> weighted = data.weighted(2.3, 1);
    assertEquals(23, weighted.size());
    Map<String, Long> counts = weighted.rows().stream().collect(Collectors.groupingBy(Example.Text::text, Collectors.counting()));
    assertEquals(10, counts.size());
    assertEquals(3, counts.values().stream().filter(n -> n == 3).count());
    assertEquals(weighted.rows(), data.weighted(2.3, 1).rows());
    Dataset<Example.Text> both = Dataset.together(List.of(data, weighted));
    assertEquals(33, both.size());
    assertEquals(1, both.line(0));
  }
}
