package dev.hone.train.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MavenClientTest {
  private static final ModelReference.MavenArtifact ARTIFACT = new ModelReference.MavenArtifact("org.example", "tiny", "1.0");

  @TempDir
  Path root;

  private Path target;

  @BeforeEach
  void needsAShell() throws IOException {
    assumeTrue(File.separatorChar == '/', "the stand-in for mvn is a shell script");
    target = Files.createDirectory(root.resolve("target"));
  }

  /** A stand-in for Maven, found behind a directory that does not exist and one that has none. */
  private MavenClient maven(String script) throws IOException {
    Path bin = Files.createDirectories(root.resolve("bin"));
    Path command = Files.writeString(bin.resolve("mvn"), "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(command, PosixFilePermissions.fromString("rwx------"));
    return new MavenClient(root.resolve("none") + ":" + target + "::" + bin);
  }

  private String error(String line) throws IOException {
    MavenClient maven = maven("cat <<'END'\n" + line + "\n[ERROR] To see the full stack trace, use -e\nEND\nexit 1");
    String message = assertThrows(ModelReferenceException.class, () -> maven.fetch(ARTIFACT, target)).getMessage();
    assertEquals(1, message.lines().count(), message);
    assertTrue(message.startsWith("maven:org.example:tiny:1.0: "), message);
    return message.substring("maven:org.example:tiny:1.0: ".length());
  }

  @Test
  void mavenIsAskedForTheArtifactAloneOutsideOfAnyProject() throws IOException {
    MavenClient maven = maven("printf '%s\\n' \"$@\" > '" + root + "/arguments'; pwd > '" + root + "/place'; touch '" + target
        + "/tiny-1.0.jar'");
    assertEquals(target.resolve("tiny-1.0.jar"), maven.fetch(ARTIFACT, target));
    assertEquals("""
        --batch-mode
        --quiet
        --no-transfer-progress
        org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy
        -Dartifact=org.example:tiny:1.0
        -DoutputDirectory=%s
        """.formatted(target.toAbsolutePath()), Files.readString(root.resolve("arguments")));
    assertEquals(target.toRealPath(), Path.of(Files.readString(root.resolve("place")).strip()).toRealPath());
  }

  @Test
  void withoutMavenTheMessageSaysSo() {
    String message = assertThrows(ModelReferenceException.class,
        () -> new MavenClient(root.toString()).fetch(ARTIFACT, target)).getMessage();
    assertEquals("maven:org.example:tiny:1.0: fetching it needs Maven, but no mvn is on the PATH; install Maven, or name a model "
        + "directory", message);
    assertEquals(message, assertThrows(ModelReferenceException.class,
        () -> new MavenClient(null).fetch(ARTIFACT, target)).getMessage());
  }

  @Test
  void theKindOfFailureIsTold() throws IOException {
    String goal = "\u001B[0m[ERROR] Failed to execute goal org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy "
        + "(default-cli) on "
        + "project standalone-pom: ";
    assertEquals("no repository that Maven knows has it; check the coordinates (Unable to find/resolve artifact. Could not find "
        + "artifact org.example:tiny:jar:1.0 in central)",
        error(goal + "Unable to find/resolve artifact. Could not find artifact org.example:tiny:jar:1.0 in central -> [Help 1]"));
    assertEquals("Maven is in offline mode and does not have it (Unable to find/resolve artifact. Cannot access central in "
        + "offline mode and the artifact org.example:tiny:jar:1.0 has not been downloaded from it before.)",
        error(goal + "Unable to find/resolve artifact. Cannot access central in offline mode and the artifact "
            + "org.example:tiny:jar:1.0 has not been downloaded from it before. -> [Help 1]"));
    assertEquals("Maven could not reach its repositories (Could not transfer artifact a:b:jar:1: Unknown host x)",
        error("[ERROR] Could not transfer artifact a:b:jar:1: Unknown host x -> [Help 1]"));
    assertEquals("Maven failed with exit code 1 (Error executing Maven.)", error("[ERROR] Error executing Maven."));
  }

  @Test
  void anotherFailureShowsTheLastLine() throws IOException {
    MavenClient maven = maven("echo first; echo 'The JAVA_HOME variable is not defined correctly'; echo; exit 3");
    assertEquals("maven:org.example:tiny:1.0: Maven failed with exit code 3 (The JAVA_HOME variable is not defined correctly)",
        assertThrows(ModelReferenceException.class, () -> maven.fetch(ARTIFACT, target)).getMessage());
    MavenClient silent = maven("exit 4");
    assertEquals("maven:org.example:tiny:1.0: Maven failed with exit code 4",
        assertThrows(ModelReferenceException.class, () -> silent.fetch(ARTIFACT, target)).getMessage());
    MavenClient empty = maven("exit 0");
    assertEquals("maven:org.example:tiny:1.0: Maven ended without an error, but left 0 jars instead of one in " + target,
        assertThrows(ModelReferenceException.class, () -> empty.fetch(ARTIFACT, target)).getMessage());
  }
}
