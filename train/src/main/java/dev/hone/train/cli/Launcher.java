package dev.hone.train.cli;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code java -jar} starts: the command line in a second JVM with the options that it needs, which a manifest cannot give.
 * Options of the first JVM and those in {@code HONE_JAVA_OPTS} come last and win.
 */
final class Launcher {
  private Launcher() {}

  /** Runs a command in a JVM of its own and ends the process with its exit code. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    List<String> given = ManagementFactory.getRuntimeMXBean().getInputArguments();
    List<String> command = command(given, System.getenv("HONE_JAVA_OPTS"), System.getProperty("java.class.path"), arguments);
    Process process = new ProcessBuilder(command).inheritIO().start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process), "hone-launcher-end"));
    System.exit(process.waitFor());
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
