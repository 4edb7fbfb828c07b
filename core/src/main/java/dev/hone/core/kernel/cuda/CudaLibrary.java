package dev.hone.core.kernel.cuda;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** NVIDIA's libraries that may be on a machine, and where they are looked for. */
enum CudaLibrary {
  /** The driver: without it there is no GPU. */
  DRIVER("the NVIDIA driver", "hone.cuda.driver", List.of("libcuda.so.1", "libcuda.so"), List.of("nvcuda.dll"), List.of()),
  /** The compiler of kernels. Its builtins must be loaded before it, which it looks for by their bare name. */
  NVRTC("NVRTC", "hone.cuda.nvrtc", List.of("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"),
      List.of("nvrtc64_130_0.dll", "nvrtc64_120_0.dll"), List.of("cu13/lib", "cuda_nvrtc/lib")),
  /** Matrix products. */
  CUBLAS_LT("cublasLt", "hone.cuda.cublaslt", List.of("libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"),
      List.of("cublasLt64_13.dll", "cublasLt64_12.dll"), List.of("cu13/lib", "cublas/lib"));

  private static final Pattern VERSION = Pattern.compile("(?:\\.so\\.|64_)(\\d+)");
  private static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");
  private static final List<String> FOLDERS = List.of("/usr/local/cuda/lib64", "/usr/local/cuda/targets/x86_64-linux/lib",
      "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib/wsl/lib", "/usr/local/nvidia/lib64");

  private final String title;
  private final String property;
  private final List<String> linux;
  private final List<String> windows;
  private final List<String> wheels;

  CudaLibrary(String title, String property, List<String> linux, List<String> windows, List<String> wheels) {
    this.title = title;
    this.property = property;
    this.linux = linux;
    this.windows = windows;
    this.wheels = wheels;
  }

  /** What it is called in messages. */
  String title() {
    return title;
  }

  /** The system property that names its file. */
  String property() {
    return property;
  }

  /**
   * Names and paths to try, in their order: the one of the property alone where it is set, else bare names, which the system
   * looks up, and files that exist.
   *
   * @param newest of CUDA's major versions that the driver knows: libraries of later ones do not work with it
   */
  List<String> candidates(int newest) {
    String chosen = System.getProperty(property);
    if (chosen != null) {
      return List.of(chosen);
    }
    List<String> names = (WINDOWS ? windows : linux).stream().filter(name -> major(name) <= newest).toList();
    List<String> candidates = new ArrayList<>(names);
    for (Path folder : folders(System.getenv())) {
      for (String name : names) {
        if (Files.isRegularFile(folder.resolve(name))) {
          candidates.add(folder.resolve(name).toString());
        }
      }
    }
    return candidates;
  }

  /** The major version in the name of a file such as libnvrtc.so.13 or nvrtc64_130_0.dll; 0 if it has none. */
  private static int major(String name) {
    Matcher number = VERSION.matcher(name);
    int version = number.find() ? Integer.parseInt(number.group(1)) : 0;
    return version < 100 ? version : version / 10;
  }

  /** The folders that are looked into besides those of the system. */
  List<Path> folders(Map<String, String> environment) {
    List<Path> folders = new ArrayList<>();
    for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
      String home = environment.get(variable);
      if (home != null && !home.isBlank()) {
        folders.add(Path.of(home, WINDOWS ? "bin" : "lib64"));
        folders.add(Path.of(home, WINDOWS ? "bin/x64" : "lib"));
      }
    }
    if (!WINDOWS) {
      FOLDERS.forEach(folder -> folders.add(Path.of(folder)));
    }
    if (!wheels.isEmpty()) {
      pythons(environment).forEach(prefix -> addWheels(prefix, folders));
    }
    return folders;
  }

  /** Where there may be a Python: the environment that is active, each python3 on the PATH, and the packages of the user. */
  private static Set<Path> pythons(Map<String, String> environment) {
    Set<Path> prefixes = new LinkedHashSet<>();
    for (String variable : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
      String prefix = environment.get(variable);
      if (prefix != null && !prefix.isBlank()) {
        prefixes.add(Path.of(prefix));
      }
    }
    for (String folder : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
      if (!folder.isBlank() && Files.exists(Path.of(folder, "python3"))) {
        prefixes.add(Path.of(folder).toAbsolutePath().getParent());
      }
    }
    prefixes.add(Path.of(System.getProperty("user.home"), ".local"));
    prefixes.remove(null);
    return prefixes;
  }

  /** The folders of NVIDIA's Python packages that are there under a prefix. */
  private void addWheels(Path prefix, List<Path> folders) {
    try (DirectoryStream<Path> versions = Files.newDirectoryStream(prefix.resolve("lib"), "python3*")) {
      for (Path version : versions) {
        for (String packages : List.of("site-packages", "dist-packages")) { // the second is Debian's
          wheels.stream().map(wheel -> version.resolve(packages).resolve("nvidia").resolve(wheel)).filter(Files::isDirectory)
              .forEach(folders::add);
        }
      }
    } catch (IOException e) {
      return; // no Python there
    }
  }

  /**
   * Whether anything says that there may be a driver, found without a restricted call: who has no GPU is not to read warnings of
   * the JVM about native access.
   */
  static boolean driverLikely() {
    if (System.getProperty(DRIVER.property) != null) {
      return true;
    }
    if (WINDOWS) {
      String root = System.getenv("SystemRoot");
      return root != null && Files.isRegularFile(Path.of(root, "System32", "nvcuda.dll"));
    }
    for (String sign : List.of("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/proc/driver/nvidia/version")) {
      if (Files.exists(Path.of(sign))) {
        return true;
      }
    }
    return false;
  }
}
