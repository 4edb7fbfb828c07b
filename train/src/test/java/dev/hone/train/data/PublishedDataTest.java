package dev.hone.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that people really have: the UCI sentences (where they lie beside the checkout) and the reviews of the demo. */
class PublishedDataTest {
  private static final Path SHARED = Path.of(System.getProperty("hone.shared", "../../shared"));

  @ParameterizedTest
  @ValueSource(strings = {"amazon.tsv", "imdb.tsv"})
  void uciSentencesAreExactlyThousandRows(String name) {
    Path file = SHARED.resolve("data/sentiment").resolve(name);
    assumeTrue(Files.exists(file), "no UCI sentences at " + file);
    Dataset<Example.Labelled> data = Dataset.labelled(file, DataOptions.DETECT);
    assertEquals(name + ": 1000 rows, tab separated, no header, text = column 1, label = column 2; 2 labels: 0 500, 1 500",
        data.description());
    assertEquals(0, data.skipped());
    assertEquals(1000, data.line(999));
    assertEquals(List.of("0", "1"), LabelSet.of(data).names());
    if (name.startsWith("imdb")) {
      assertEquals(2, data.rows().stream().flatMapToInt(row -> row.text().chars()).filter(c -> c == 0x85).count());
      assertEquals(6, data.rows().stream().filter(row -> row.text().startsWith("\"")).count());
      assertTrue(data.rows().stream().allMatch(row -> row.text().endsWith("  ")));
    }
  }

  @Test
  void demoReviewsAreVariedAndBalanced(@TempDir Path dir) throws IOException {
    Dataset<Example.Labelled> train = demo(dir, "reviews-train.csv");
    Dataset<Example.Labelled> test = demo(dir, "reviews-test.csv");
    assertEquals("reviews-train.csv: 540 rows, comma separated, header, text = column 'text', label = column 'label'; "
        + "3 labels: negative 181, neutral 178, positive 181", train.description());
    assertEquals("reviews-test.csv: 155 rows, comma separated, header, text = column 'text', label = column 'label'; "
        + "3 labels: negative 51, neutral 53, positive 51", test.description());
    Set<String> texts = new HashSet<>();
    train.rows().forEach(row -> assertTrue(texts.add(row.text().toLowerCase(java.util.Locale.ROOT)), row.text()));
    test.rows().forEach(row -> assertTrue(texts.add(row.text().toLowerCase(java.util.Locale.ROOT)), row.text()));
    int[] ids = LabelSet.of(train).ids(test);
    assertArrayEquals(new long[] {51, 53, 51}, new long[] {count(ids, 0), count(ids, 1), count(ids, 2)});
  }

  private static long count(int[] ids, int id) {
    return java.util.Arrays.stream(ids).filter(i -> i == id).count();
  }

  private static Dataset<Example.Labelled> demo(Path dir, String name) throws IOException {
    Path file = dir.resolve(name);
    try (InputStream in = Dataset.class.getResourceAsStream("/dev/hone/train/demo/" + name)) {
      Files.copy(in, file);
    }
    return Dataset.labelled(file, DataOptions.DETECT);
  }
}
