package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * The emulated CUDA driver, which runs the kernels' own sources on the CPU: a library in the place of {@code libcuda.so.1}, NVRTC
 * and cublasLt, built by g++ when a test first asks for it. {@code src/test/cuda/device.h} says what it checks.
 */
public final class EmulatedDriver {
  private static final List<String> BUILD = List.of("g++", "-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror", "-Wno-parentheses",
      "-fPIC", "-fvisibility=hidden", "-U_FORTIFY_SOURCE");
  private static Path library;

  private EmulatedDriver() {}

  /** The library; a test that asks for it is skipped where there is no g++. */
  public static synchronized Path library() {
    assumeTrue(found("g++"), "g++ is not on the PATH: the emulated CUDA driver cannot be built");
    if (library == null) {
      library = build("emulated.so", sources(""), List.of("-shared", "-DEMULATED_ROOT=\"" + root() + "\""), List.of("-ldl"));
    }
    return library;
  }

  /** A program of {@code src/test/cuda/check}, linked to the library. */
  static Path program(String name) {
    Path driver = library();
    return build(name, List.of(root().resolve("check").resolve(name + ".cpp")), List.of(), List.of(driver.toString(),
        "-Wl,-rpath," + driver.getParent()));
  }

  /** The sources' folder, seen from the folder of any module. */
  static Path root() {
    return Path.of("..", "core", "src", "test", "cuda").toAbsolutePath().normalize();
  }

  /** Whether there is such a program. */
  static boolean found(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":")).anyMatch(folder -> !folder.isEmpty()
        && Files.isExecutable(Path.of(folder, program)));
  }

  private static List<Path> sources(String folder) {
    try (Stream<Path> files = Files.list(root().resolve(folder))) {
      return files.filter(file -> file.toString().endsWith(".cpp")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Builds what is not there yet under a name that says what it was made of. */
  private static Path build(String name, List<Path> sources, List<String> options, List<String> libraries) {
    try {
      Path folder = Path.of(System.getProperty("java.io.tmpdir"), "hone-emulated-cuda-" + System.getProperty("user.name"));
      Files.createDirectories(folder);
      Path target = folder.resolve(hash(sources, options, libraries) + "-" + name);
      if (Files.exists(target)) {
        return target;
      }
      Path beside = Files.createTempFile(folder, "new", name);
      List<String> command = new ArrayList<>(BUILD);
      command.addAll(options);
      List<String> objects = sources.parallelStream().map(source -> object(folder, source, options)).toList();
      command.addAll(objects);
      command.addAll(libraries);
      command.addAll(List.of("-o", beside.toString()));
      run(command);
      for (String object : objects) {
        Files.delete(Path.of(object));
      }
      Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return target;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Compiles one source, beside others. */
  private static String object(Path folder, Path source, List<String> options) {
    try {
      String object = Files.createTempFile(folder, "new", ".o").toString();
      List<String> command = new ArrayList<>(BUILD);
      command.addAll(options);
      command.addAll(List.of("-c", source.toString(), "-o", object));
      run(command);
      return object;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a command to its end; what it prints. Fails with that if it fails. */
  static String run(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new AssertionError(String.join(" ", command) + " ended with " + process.exitValue() + ":\n" + output);
      }
      return output;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static String hash(List<Path> sources, List<String> options, List<String> libraries) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      List<Path> all = new ArrayList<>(sources);
      for (String header : List.of("device.h", "driver.h", "emulator.h")) {
        all.add(root().resolve(header));
      }
      for (Path source : all) {
        digest.update(Files.readAllBytes(source));
      }
      digest.update((BUILD.toString() + options + libraries).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest.digest(), 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
