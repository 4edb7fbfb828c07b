package dev.hone.train.task;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Tells whether what a frozen model said and was kept is still what it would say. */
public final class WeightsHash {
  private WeightsHash() {}

  /**
   * A hash of the weights and configurations in a model's directory and an adapter's.
   *
   * @param adapter null for none
   */
  public static String of(Path model, Path adapter) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has it
    }
    byte[] buffer = new byte[1 << 20];
    for (Path directory : adapter == null ? List.of(model) : List.of(model, adapter)) {
      List<Path> files;
      try (Stream<Path> entries = Files.list(directory)) {
        files = entries.filter(path -> path.toString().endsWith(".safetensors") || path.toString().endsWith("config.json"))
            .sorted().toList();
      }
      for (Path path : files) {
        try (InputStream in = Files.newInputStream(path)) {
          for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            digest.update(buffer, 0, n);
          }
        }
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
