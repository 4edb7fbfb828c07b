package dev.hone.train.task.distil;

import dev.hone.core.io.AtomicFile;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** What a teacher said of rows, kept in a file that is read again if the same teacher is asked the same. */
final class TeacherFile {
  private static final int MAGIC = 0x484F4E31;

  private TeacherFile() {}

  /** Puts what the teacher said into the target of a row. */
  interface Taught {
    Target of(int row, float[] said);
  }

  /** The numbers of a target that ends with what the teacher said. */
  static float[] joined(float[] own, float[] said) {
    float[] all = Arrays.copyOf(own, own.length + said.length);
    System.arraycopy(said, 0, all, own.length, said.length);
    return all;
  }

  /**
   * Rows whose targets end with what the teacher says of them.
   *
   * @param file null for none
   * @param question names the teacher and what it is asked of a row
   * @param teacher says it, row by row
   * @param taught the target of a row
   */
  static TrainingSet of(TrainingSet set, Path file, String question, Supplier<float[][]> teacher, Taught taught)
      throws IOException {
    byte[] key = (question + " " + set.fingerprint(null)).getBytes(StandardCharsets.US_ASCII);
    float[][] said = file == null ? null : read(file, key, set.size());
    if (said == null) {
      said = teacher.get();
      if (file != null) {
        write(file, key, said);
      }
    }
    List<Target> targets = new ArrayList<>();
    for (int i = 0; i < said.length; i++) {
      targets.add(taught.of(i, said[i]));
    }
    return new TrainingSet(set.tokens(), null, targets);
  }

  private static float[][] read(Path file, byte[] key, int rows) throws IOException {
    if (!Files.isRegularFile(file)) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
    if (bytes.remaining() < 8 || bytes.getInt() != MAGIC || bytes.getInt() != key.length || bytes.remaining() < key.length) {
      return null;
    }
    byte[] found = new byte[key.length];
    bytes.get(found);
    if (!Arrays.equals(found, key)) {
      return null;
    }
    float[][] said = new float[rows][];
    for (int i = 0; i < rows; i++) {
      said[i] = new float[bytes.getInt()];
      bytes.asFloatBuffer().get(said[i]);
      bytes.position(bytes.position() + said[i].length * Float.BYTES);
    }
    return said;
  }

  private static void write(Path file, byte[] key, float[][] said) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    try (AtomicFile out = AtomicFile.create(file)) {
      out.write(ByteBuffer.allocate(8 + key.length).putInt(MAGIC).putInt(key.length).put(key).flip());
      for (float[] row : said) {
        ByteBuffer bytes = ByteBuffer.allocate((row.length + 1) * Float.BYTES).putInt(row.length);
        bytes.asFloatBuffer().put(row);
        out.write(bytes.rewind());
      }
      out.commit();
    }
  }
}
