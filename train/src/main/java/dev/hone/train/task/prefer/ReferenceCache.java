package dev.hone.train.task.prefer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * What a reference makes of rows, in a file: its first line names the reference by a hash of its weights, every other line a row
 * by a hash of its tokens, with two log-probabilities. A file of another reference is replaced; a last line that was not finished
 * is passed over.
 */
final class ReferenceCache {
  private static final String HEAD = "hone reference ";
  private static final int KEY = 16; // bytes of a row's hash

  private final Path file;
  private final Map<String, float[]> known = new HashMap<>();

  private ReferenceCache(Path file) {
    this.file = file;
  }

  /**
   * Opens or makes a file.
   *
   * @param reference a hash of the model
   */
  static ReferenceCache open(Path file, String reference) {
    ReferenceCache cache = new ReferenceCache(file);
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      if (!Files.isRegularFile(file) || !cache.read(reference)) {
        cache.known.clear();
        Files.writeString(file, HEAD + reference + "\n");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return cache;
  }

  /** Takes up what the file has; false if that is of another reference, or no such file at all. */
  private boolean read(String reference) throws IOException {
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    String[] lines = text.split("\n", -1);
    if (!lines[0].equals(HEAD + reference)) {
      return false;
    }
    int whole = lines[0].length() + 1;
    for (int i = 1; i < lines.length - 1; i++) { // the last is empty, or was cut
      String[] parts = lines[i].split(" ");
      try {
        known.putIfAbsent(parts[0], new float[] {Float.parseFloat(parts[1]), Float.parseFloat(parts[2])});
      } catch (NumberFormatException | ArrayIndexOutOfBoundsException _) {
        return false;
      }
      whole += lines[i].length() + 1;
    }
    if (whole != text.length()) {
      Files.writeString(file, text.substring(0, whole), StandardCharsets.ISO_8859_1);
    }
    return true;
  }

  boolean hasAll(List<PreferenceRow> rows) {
    return rows.stream().allMatch(row -> known.containsKey(key(row)));
  }

  /** Remembers rows that have a reference, where they were not known before, and writes them down. */
  void add(List<PreferenceRow> rows) {
    StringBuilder lines = new StringBuilder();
    for (PreferenceRow row : rows) {
      String key = key(row);
      if (known.putIfAbsent(key, new float[] {row.firstReference(), row.secondReference()}) == null) {
        lines.append(key).append(' ').append(row.firstReference()).append(' ').append(row.secondReference()).append('\n');
      }
    }
    try {
      Files.writeString(file, lines, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException("write " + file + ": " + e.getMessage(), e);
    }
  }

  PreferenceRow known(PreferenceRow row) {
    float[] values = known.get(key(row));
    return row.withReference(values[0], values[1]);
  }

  private static String key(PreferenceRow row) {
    MessageDigest digest = sha256();
    ByteBuffer bytes = ByteBuffer.allocate((row.first().length + row.second().length + 3) * Integer.BYTES);
    bytes.putInt(row.first().length).putInt(row.firstAnswer()).putInt(row.secondAnswer());
    for (int token : row.first()) {
      bytes.putInt(token);
    }
    for (int token : row.second()) {
      bytes.putInt(token);
    }
    return HexFormat.of().formatHex(digest.digest(bytes.array()), 0, KEY);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has it
    }
  }
}
