package dev.hone.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Small tokenizers of our own, which between them use every kind of stage, against stored answers of the reference. */
@Tag("tokenizers")
class OwnTokenizersTest {
  private static final int TOKENIZERS = 18;

  @TestFactory
  Stream<DynamicTest> everyStoredAnswerIsReproduced() throws IOException, URISyntaxException {
    return ReferenceCheck.ofEvery(root());
  }

  @Test
  void noneIsMissing() throws IOException, URISyntaxException {
    List<Path> directories = ReferenceCases.directories(root());
    assertEquals(TOKENIZERS, directories.size(), directories::toString);
  }

  static Path root() throws URISyntaxException {
    return Path.of(OwnTokenizersTest.class.getResource("/tokenizers").toURI());
  }
}
