package dev.hone.core.kernel.cuda;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * The CUDA C of a family of kernels, and what its entries take, read from the source itself: a launch whose arguments do not fit
 * is refused before the GPU reads what is not there.
 *
 * @param family name of the resource
 * @param text the source
 * @param entries parameters of each entry
 */
record KernelSource(String family, String text, Map<String, List<Parameter>> entries) {
  private static final Pattern ENTRY = Pattern.compile(
      "extern\\s+\"C\"\\s+__global__\\s+void\\s+(?:__launch_bounds__\\([^)]*\\)\\s+)?(\\w+)\\s*\\(([^)]*)\\)");
  private static final Pattern COMMENT = Pattern.compile("//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);

  /** How a parameter is passed. */
  enum Kind {
    /** The address of memory of the GPU. */
    POINTER,
    /** The address of floats. */
    FLOATS,
    /** 32 bits. */
    INT,
    /** 64 bits. */
    LONG,
    /** 32 bits. */
    FLOAT,
    /** 64 bits. */
    DOUBLE
  }

  /** One parameter. */
  record Parameter(String name, Kind kind) {}

  /** Reads the source of a family, before which stands what all have in common: kernels include nothing. */
  static KernelSource of(String family) {
    return parse(family, text("prelude") + text(family));
  }

  private static String text(String name) {
    byte[] bytes = resource(name + ".cu");
    if (bytes == null) {
      throw new CudaException("there are no kernels " + name + " in " + KernelSource.class.getPackageName());
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** A resource of this package; null if there is none. */
  static byte[] resource(String name) {
    try (InputStream in = KernelSource.class.getResourceAsStream(name)) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The PTX of a family that the jar has; null if there is none. */
  static byte[] ptx(String family) {
    byte[] packed = resource(family + ".ptx.gz");
    if (packed == null) {
      return null;
    }
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static KernelSource parse(String family, String text) {
    Map<String, List<Parameter>> entries = new LinkedHashMap<>();
    Matcher entry = ENTRY.matcher(COMMENT.matcher(text).replaceAll(" "));
    while (entry.find()) {
      List<Parameter> parameters = new ArrayList<>();
      for (String declaration : entry.group(2).split(",")) {
        if (!declaration.isBlank()) {
          parameters.add(parameter(entry.group(1), declaration.strip()));
        }
      }
      entries.put(entry.group(1), List.copyOf(parameters));
    }
    return new KernelSource(family, text, entries);
  }

  private static Parameter parameter(String entry, String declaration) {
    String name = declaration.replaceAll(".*?(\\w+)$", "$1");
    String type = declaration.substring(0, declaration.length() - name.length()).replaceAll("\\b(const|__restrict__)\\b", "")
        .replaceAll("\\s+", " ").strip();
    if (type.endsWith("*")) {
      return new Parameter(name, type.matches("float ?\\*") ? Kind.FLOATS : Kind.POINTER);
    }
    return new Parameter(name, switch (type) {
      case "int", "unsigned", "unsigned int" -> Kind.INT;
      case "long long", "unsigned long long", "long long int", "u64", "i64" -> Kind.LONG;
      case "float" -> Kind.FLOAT;
      case "double" -> Kind.DOUBLE;
      default -> throw new IllegalArgumentException(entry + ": parameter " + declaration + " is of a type that launches do not "
          + "pass; known: pointers, int, long long, float, double");
    });
  }
}
