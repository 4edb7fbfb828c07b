package dev.hone.train.cli;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What {@code java -jar} starts: the command line in a second JVM with the options that it needs, which a manifest cannot give.
 * Options of the first JVM and those in {@code HONE_JAVA_OPTS} come last and win.
 */
final class Launcher {
  private Launcher() {}

  /** Runs a command in a JVM of its own and ends the process with its exit code. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    List<String> given = ManagementFactory.getRuntimeMXBean().getInputArguments();
    String jar = System.getProperty("java.class.path");
    String jars = jarsBeside(Path.of(jar));
    if (jars == null) {
      System.err.println("error: " + jar + ": java -jar wants the other jars beside it, as in the zip");
      System.exit(2);
    }
    List<String> command = command(given, System.getenv("HONE_JAVA_OPTS"), jars, arguments);
    Process process = new ProcessBuilder(command).inheritIO().start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process), "hone-launcher-end"));
    System.exit(process.waitFor());
  }

  /**
   * The class path of the folder that a jar lies in; null if there are no other jars of Hone. The manifest does not list them:
   * compilers of other projects look for what a manifest lists, and warn.
   */
  static String jarsBeside(Path jar) throws IOException {
    try (Stream<Path> files = Files.list(jar.toAbsolutePath().getParent())) {
      List<String> jars = files.map(Path::toString).filter(file -> file.endsWith(".jar")).sorted().toList();
      return jars.stream().anyMatch(file -> file.contains("hone-core")) ? String.join(File.pathSeparator, jars) : null;
    }
  }

  /** The second JVM's command line. */
  static List<String> command(List<String> given, String wanted, String classPath, String[] arguments) throws IOException {
    List<String> chosen = new ArrayList<>(given);
    if (wanted != null && !wanted.isBlank()) {
      chosen.addAll(List.of(wanted.strip().split("\\s+")));
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", File.separatorChar == '\\' ? "java.exe" : "java").toString());
    command.addAll(options("jvm.options"));
    if (chosen.stream().noneMatch(option -> option.matches("-XX:\\+Use\\w*GC"))) {
      command.addAll(options("collector.options"));
    }
    if (Runtime.getRuntime().availableProcessors() == 2) {
      command.add("-XX:CICompilerCount=3"); // two for the last compilation rather than one, as in the launcher
    }
    command.addAll(chosen);
    command.addAll(List.of("-cp", classPath, Main.class.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** The options of a file beside this class: one a line, but for comments. */
  private static List<String> options(String name) throws IOException {
    try (InputStream in = Launcher.class.getResourceAsStream(name);
        BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return lines.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
    }
  }

  /** A signal to this process is for the other, which may have a run to save. */
  private static void end(Process process) {
    process.destroy();
    try {
      process.waitFor();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
