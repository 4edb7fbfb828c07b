package dev.hone.tokenizer.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Published tokenizers as their own libraries have them. {@code -Dhone.test.tokenizers=DIR} names a directory; each directory in
 * it holds a tokenizer and {@code expected.json}, a list of texts with the ids that the library gives them without special
 * tokens.
 */
@Tag("tokenizers")
class LibraryIdsTest {
  private static final String DIRECTORY = System.getProperty("hone.test.tokenizers");

  @Test
  void theDirectoryIsThere() {
    assumeTrue(DIRECTORY != null, "no directory with answers of other libraries; -Dhone.test.tokenizers=DIR names one");
  }

  @TestFactory
  Stream<DynamicTest> idsAreThoseOfTheLibraryTheFileBelongsTo() throws IOException {
    if (DIRECTORY == null) {
      return Stream.empty();
    }
    List<Path> directories;
    try (Stream<Path> all = Files.list(Path.of(DIRECTORY))) {
      directories = all.filter(d -> Files.exists(d.resolve("expected.json"))).sorted().toList();
    }
    return directories.stream().map(d -> DynamicTest.dynamicTest(d.getFileName().toString(), () -> check(d)));
  }

  private static void check(Path directory) throws IOException {
    Tokenizer tokenizer = Tokenizer.load(directory);
    for (JsonNode row : new JsonMapper().readTree(directory.resolve("expected.json").toFile())) {
      String text = row.get("text").stringValue();
      int[] ids = row.get("ids").valueStream().mapToInt(JsonNode::intValue).toArray();
      assertArrayEquals(ids, tokenizer.encode(text, EncodeOptions.PLAIN).ids(), () -> text);
    }
  }
}
