package dev.hone.train.source;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/**
 * The jar of an artifact where a program has it on its class path, so that no Maven is needed when it runs. It is known by the
 * {@code pom.properties} that Maven puts into jars, else by its name on {@code java.class.path}; it may lie in another jar whose
 * class loader can read it, as those of Spring Boot can.
 */
final class ClassPathJar {
  private ClassPathJar() {}

  /**
   * Where the jar is, if the class path has it in this version.
   *
   * @param loader null for that of this class
   */
  static Optional<URL> find(ModelReference.MavenArtifact artifact, ClassLoader loader) throws IOException {
    ClassLoader asked = loader == null ? ClassPathJar.class.getClassLoader() : loader;
    String name = "META-INF/maven/" + artifact.groupId() + "/" + artifact.artifactId() + "/pom.properties";
    for (URL each : (Iterable<URL>) asked.resources(name)::iterator) {
      URLConnection connection = each.openConnection();
      connection.setUseCaches(false); // else the jar stays open
      Properties properties = new Properties();
      try (InputStream in = connection.getInputStream()) {
        properties.load(in);
      }
      if (artifact.version().equals(properties.getProperty("version")) && connection instanceof JarURLConnection jar) {
        return Optional.of(jar.getJarFileURL());
      }
    }
    return named(artifact, System.getProperty("java.class.path", ""));
  }

  private static Optional<URL> named(ModelReference.MavenArtifact artifact, String classPath) throws IOException {
    String name = artifact.artifactId() + "-" + artifact.version() + ".jar";
    for (String entry : List.of(classPath.split(File.pathSeparator))) {
      try {
        Path file = Path.of(entry);
        if (file.getFileName() != null && file.getFileName().toString().equals(name) && Files.isRegularFile(file)) {
          return Optional.of(file.toUri().toURL());
        }
      } catch (InvalidPathException _) {
        // not a file, then
      }
    }
    return Optional.empty();
  }

  /** Copies it into a directory; returns the file. */
  static Path copy(URL jar, Path directory) throws IOException {
    Path file = directory.resolve("model.jar");
    URLConnection connection = jar.openConnection();
    connection.setUseCaches(false);
    try (InputStream in = connection.getInputStream()) {
      Files.copy(in, file);
    }
    return file;
  }
}
