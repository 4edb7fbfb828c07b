package dev.hone.train.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.io.WeightFiles;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model's jar that a program has on its class path is used as it is, without any Maven. */
class ClassPathJarTest {
  private static final ModelReference.MavenArtifact ARTIFACT = new ModelReference.MavenArtifact("org.example", "tiny", "1.0");

  @TempDir
  Path root;

  private final ClassLoader before = Thread.currentThread().getContextClassLoader();
  private final String classPath = System.getProperty("java.class.path");
  private final List<String> progress = new ArrayList<>();

  @AfterEach
  void putBack() {
    Thread.currentThread().setContextClassLoader(before);
    System.setProperty("java.class.path", classPath);
  }

  private Path jar(String name, String version) throws IOException {
    Path jar = new TinyJar().write(root.resolve(name));
    try (FileSystem zip = FileSystems.newFileSystem(jar)) {
      Path entry = zip.getPath("META-INF/maven/org.example/tiny/pom.properties");
      Files.createDirectories(entry.getParent());
      Files.writeString(entry, "groupId=org.example\nartifactId=tiny\nversion=" + version + "\n");
    }
    return jar;
  }

  private Path resolve() throws IOException {
    return new ModelCache(root.resolve("cache"), (artifact, directory) -> {
      throw new ModelReferenceException(artifact + ": Maven was asked");
    }).directory(ARTIFACT, progress::add);
  }

  @Test
  void aJarOfTheClassPathIsKnownByItsPomPropertiesWhateverItsName() throws IOException {
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar("renamed.jar", "1.0").toUri().toURL()})) {
      Thread.currentThread().setContextClassLoader(loader);
      Path model = resolve();
      assertEquals(39, WeightFiles.open(model).names().size());
      assertEquals(List.of("Taking org.example:tiny:1.0 from the class path", "Converting it to " + model), progress);
      assertEquals(model, resolve());
      assertEquals(2, progress.size());
    }
  }

  @Test
  void aJarWithoutPomPropertiesIsKnownByItsName() throws IOException {
    Path jar = new TinyJar().write(root.resolve("tiny-1.0.jar"));
    System.setProperty("java.class.path", jar.toString());
    assertEquals(39, WeightFiles.open(resolve()).names().size());
  }

  @Test
  void anotherVersionIsNotTaken() throws IOException {
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar("tiny-2.0.jar", "2.0").toUri().toURL()})) {
      Thread.currentThread().setContextClassLoader(loader);
      String said = assertThrows(ModelReferenceException.class, this::resolve).getMessage();
      assertTrue(said.contains("Maven was asked"), said);
    }
  }
}
