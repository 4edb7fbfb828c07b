package dev.hone.core.kernel.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Makes images of kernels that a driver loads: machine code by NVRTC, kept on disk under a hash of all that it depends on; else
 * the PTX of the jar, which the driver compiles itself (and keeps, too).
 */
final class KernelCompiler {
  private static final int DIGEST = 32; // bytes of a SHA-256

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

  /** How many images there are of a family, at most. */
  int images() {
    return nvrtc == null ? 1 : 2;
  }

  /**
   * An image of a family of kernels for an architecture such as {@code sm_90}.
   *
   * @param refused how many the driver has refused before: after machine code there is PTX
   */
  byte[] image(KernelSource source, String architecture, int refused) {
    byte[] image = nvrtc == null || refused > 0 ? null : compiled(source, architecture);
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

  /** What NVRTC is told for an architecture; else it keeps denormals, and divides and takes roots exactly. */
  static List<String> options(String architecture) {
    return List.of("--gpu-architecture=" + architecture, "--std=c++17");
  }

  private byte[] compiled(KernelSource source, String architecture) {
    List<String> options = options(architecture);
    Path file = cache.resolve(hash(source.text(), options) + ".cubin");
    byte[] kept = kept(file);
    if (kept != null) {
      return kept;
    }
    byte[] image = nvrtc.compile(source.family() + ".cu", source.text(), options);
    if (image != null) {
      keep(file, image);
    }
    return image;
  }

  private String hash(String text, List<String> options) {
    return HexFormat.of().formatHex(digest((nvrtc.version() + nvrtc.path() + options + text).getBytes(StandardCharsets.UTF_8)), 0,
        16);
  }

  private static byte[] digest(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** What is kept in a file behind its digest; null if not all is there: a driver would read past the end of half an image. */
  private static byte[] kept(Path file) {
    try {
      byte[] all = Files.readAllBytes(file);
      byte[] image = Arrays.copyOfRange(all, Math.min(DIGEST, all.length), all.length);
      return Arrays.equals(digest(image), Arrays.copyOf(all, DIGEST)) ? image : null;
    } catch (IOException e) {
      return null;
    }
  }

  /** Written beside and renamed: another JVM reads all of it or none. */
  private static void keep(Path file, byte[] image) {
    try {
      Files.createDirectories(file.getParent());
      Path beside = Files.createTempFile(file.getParent(), "new", ".cubin");
      byte[] all = Arrays.copyOf(digest(image), DIGEST + image.length);
      System.arraycopy(image, 0, all, DIGEST, image.length);
      Files.write(beside, all);
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      System.getLogger("dev.hone").log(System.Logger.Level.DEBUG, "compiled kernels are not kept: " + e);
    }
  }
}
