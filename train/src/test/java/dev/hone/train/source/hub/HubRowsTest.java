package dev.hone.train.source.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HubRowsTest {
  private static final RepoId ROWS = RepoId.parse(RepoId.Kind.DATASET, "org/rows");

  @TempDir
  Path root;

  private final FakeHub server;

  HubRowsTest() throws IOException {
    server = new FakeHub();
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private Hub.Rows rows(String files, String path) throws IOException {
    Map<String, byte[]> contents = Arrays.stream(files.split(" ")).collect(Collectors.toMap(Function.identity(),
        name -> name.getBytes(StandardCharsets.UTF_8)));
    server.put("datasets/org/rows", "main", contents);
    return new Hub(new HubSettings(HubSettings.Site.HUGGING_FACE, URI.create(server.address()), null, root, false, true,
        Duration.ofSeconds(20), null), _ -> { }, FileTransfer.Cut.USUAL, _ -> Long.MAX_VALUE).rows(ROWS, path, _ -> { });
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "rows.csv README.md .gitattributes dataset_infos.json | '' | rows.csv | rows.csv",
      "data/train.jsonl data/test.jsonl data/other.jsonl x.parquet | '' | data | data/test.jsonl data/train.jsonl",
      "train.csv valid.csv notes/a.txt | '' | '' | train.csv valid.csv",
      "a.csv b.csv.gz | b.csv.gz | b.csv.gz | b.csv.gz",
      "en/train.csv de/train.csv | de | de | de/train.csv",
      "en/train.csv de/train.csv | de/train.csv | de/train.csv | de/train.csv"})
  void theFilesThatAreMeantAreFetchedAndNoOthers(String files, String path, String place, String fetched) throws IOException {
    Hub.Rows rows = rows(files, path);
    Path snapshot = root.resolve("datasets--org--rows/snapshots/" + rows.commit());
    assertEquals(snapshot.resolve(place), rows.place());
    assertEquals(place, rows.path());
    try (Stream<Path> all = Files.walk(snapshot)) {
      assertEquals(fetched, all.filter(Files::isRegularFile).map(file -> snapshot.relativize(file).toString()).sorted()
          .collect(Collectors.joining(" ")));
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "data/train-00000-of-00001.parquet README.md | '' | its rows are Parquet files (data/train-00000-of-00001.parquet), "
          + "which are not read; "
          + "convert them: python -c \"from datasets import load_dataset; load_dataset('org/rows', "
          + "split='train').to_json('train.jsonl')\", "
          + "then --data train.jsonl",
      "a.csv b.parquet | b.parquet | its rows are Parquet files (b.parquet)",
      "a.csv b.csv | '' | several files could be meant: a.csv, b.csv; name one: --data org/rows:a.csv",
      "en/train.csv de/train.csv | '' | several files could be meant: de/train.csv, en/train.csv; name one: --data org/rows:de",
      "a.csv | c.csv | has no c.csv; it has a.csv",
      "pictures.zip README.md | '' | has no rows as CSV or JSON; it has README.md, pictures.zip"})
  void whatCannotBeReadOrIsNotClearIsRefused(String files, String path, String words) {
    String message = assertThrows(HubException.class, () -> rows(files, path)).getMessage();
    assertTrue(message.startsWith("org/rows: " + words), message);
  }

  @Test
  void aDataSetThatIsNotThereIsOneSentence() throws IOException {
    Hub hub = new Hub(new HubSettings(HubSettings.Site.HUGGING_FACE, URI.create(server.address()), null, root, false, true,
        Duration.ofSeconds(20), null), _ -> { }, FileTransfer.Cut.USUAL, _ -> Long.MAX_VALUE);
    assertEquals("org/rows: no such data set on " + hub.host()
        + "; check the spelling, or if it is private set HF_TOKEN to a token that "
        + "may read it", assertThrows(HubException.class, () -> hub.rows(ROWS, "", _ -> { })).getMessage());
  }
}
