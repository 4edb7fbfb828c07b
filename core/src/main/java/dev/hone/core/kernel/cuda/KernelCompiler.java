package dev.hone.core.kernel.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Makes images of kernels that a driver loads: machine code by NVRTC, kept on disk under a hash of all that it depends on; else
 * the PTX of the jar, which the driver compiles itself (and keeps, too).
 */
final class KernelCompiler {
  private final Nvrtc nvrtc; // null: there is none, or the driver is older than what it writes
  private final Path cache;
  private final String way;

  /**
   * A compiler for a driver.
   *
   * @param nvrtc null if there is none
   * @param driverVersion such as 13000
   */
  KernelCompiler(Nvrtc nvrtc, int driverVersion) {
    boolean fits = nvrtc != null && nvrtc.version() / 1000 <= driverVersion / 1000;
    this.nvrtc = fits ? nvrtc : null;
    cache = cache();
    way = fits ? "compiled by NVRTC " + version(nvrtc.version()) + ", kept in " + cache
        : "PTX of the jar, compiled by the driver (" + (nvrtc == null ? "NVRTC is not there" : "NVRTC " + version(nvrtc.version())
        + " writes for a newer driver") + ")";
  }

  /** A version as people write it: 13.0 for 13000. */
  static String version(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  private static Path cache() {
    String chosen = System.getProperty("hone.cuda.cache");
    if (chosen != null) {
      return Path.of(chosen);
    }
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path root = xdg != null && !xdg.isBlank() ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".cache");
    return root.resolve("hone").resolve("cuda");
  }

  /** How images are made, for the report. */
  String way() {
    return way;
  }

  /** The image of a family of kernels for an architecture such as {@code sm_90}. */
  byte[] image(KernelSource source, String architecture) {
    byte[] image = nvrtc == null ? null : compiled(source, architecture);
    if (image == null) {
      image = KernelSource.ptx(source.family());
    }
    if (image == null) {
      throw new CudaException("the kernels " + source.family() + " cannot be compiled for " + architecture + ": "
          + (nvrtc == null ? "NVRTC is not there (" + CudaLibrary.NVRTC.property() + " names its file)"
              : "NVRTC " + version(nvrtc.version()) + " does not know the architecture") + ", and there is no PTX of them");
    }
    return image;
  }

  private byte[] compiled(KernelSource source, String architecture) {
    List<String> options = List.of("--gpu-architecture=" + architecture, "--std=c++17");
    Path file = cache.resolve(hash(source.text(), options) + ".cubin");
    try {
      if (Files.isRegularFile(file)) {
        return Files.readAllBytes(file);
      }
    } catch (IOException e) {
      return nvrtc.compile(source.family() + ".cu", source.text(), options);
    }
    byte[] image = nvrtc.compile(source.family() + ".cu", source.text(), options);
    if (image != null) {
      keep(file, image);
    }
    return image;
  }

  private String hash(String text, List<String> options) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update((nvrtc.version() + nvrtc.path() + options + text).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest.digest(), 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** Written beside and renamed: another JVM reads all of it or none. */
  private static void keep(Path file, byte[] image) {
    try {
      Files.createDirectories(file.getParent());
      Path beside = Files.createTempFile(file.getParent(), "new", ".cubin");
      Files.write(beside, image);
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      System.getLogger("dev.hone").log(System.Logger.Level.DEBUG, "compiled kernels are not kept: " + e);
    }
  }
}
