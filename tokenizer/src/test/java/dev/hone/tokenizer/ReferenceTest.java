package dev.hone.tokenizer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Real tokenizers against stored answers of the reference. The vocabularies belong to others and are not
 * in the repository; {@code -Dhone.tokenizers=DIR} names the directory that has them.
 */
@Tag("tokenizers")
class ReferenceTest {
  private static final Path ROOT = Path.of(System.getProperty("hone.tokenizers",
      Path.of("..", "..", "shared", "reference", "tokenizers").toString()));

  @TestFactory
  Stream<DynamicTest> everyStoredAnswerIsReproduced() throws IOException {
    assumeTrue(Files.isDirectory(ROOT), "no reference tokenizers at " + ROOT.toAbsolutePath().normalize());
    return ReferenceCheck.ofEvery(ROOT);
  }
}
