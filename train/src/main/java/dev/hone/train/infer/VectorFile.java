package dev.hone.train.infer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;

/**
 * A file of vectors in float32, which is written beside and takes its name when it is closed: numpy's ({@code .npy}), or
 * nothing but the
 * numbers, little-endian, row after row ({@code .f32}).
 */
public final class VectorFile implements AutoCloseable {
  private static final int HEADER = 128; // numpy wants a multiple of 64

  /** What a file of vectors may be. */
  public enum Format {
    /** numpy's array format, version 1.0. */
    NUMPY(".npy"),
    /** The numbers alone. */
    FLOATS(".f32"),
    /** An object a line. */
    JSON_LINES(".jsonl");

    private final String ending;

    Format(String ending) {
      this.ending = ending;
    }

    /**
     * The format that a file's name says.
     *
     * @throws IllegalArgumentException naming those that there are
     */
    public static Format of(Path file) {
      String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
      for (Format format : values()) {
        if (name.endsWith(format.ending)) {
          return format;
        }
      }
      throw new IllegalArgumentException(file + ": a file of vectors ends with .npy (numpy), .f32 (float32, row after row) or "
          + ".jsonl");
    }
  }

  private final Path file;
  private final Path beside;
  private final FileChannel channel;
  private final boolean numpy;
  private final int width;
  private long rows;

  private VectorFile(Path file, int width) throws IOException {
    this.file = file;
    this.width = width;
    this.numpy = Format.of(file) == Format.NUMPY;
    this.beside = file.resolveSibling(file.getFileName() + ".part");
    if (file.toAbsolutePath().getParent() != null) {
      Files.createDirectories(file.toAbsolutePath().getParent());
    }
    this.channel = FileChannel.open(beside, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.WRITE);
    channel.position(numpy ? HEADER : 0);
  }

  /**
   * Begins a file.
   *
   * @param width numbers of a vector
   */
  public static VectorFile create(Path file, int width) throws IOException {
    return new VectorFile(file, width);
  }

  /** Adds vectors. */
  public void write(List<float[]> vectors) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(vectors.size(), width * Float.BYTES)).order(
        ByteOrder.LITTLE_ENDIAN);
    for (float[] vector : vectors) {
      if (vector.length != width) {
        throw new IllegalArgumentException(file + ": a vector of " + vector.length + " numbers, the file has " + width);
      }
      bytes.asFloatBuffer().put(vector);
      bytes.position(bytes.position() + width * Float.BYTES);
    }
    writeFully(bytes.flip());
    rows += vectors.size();
  }

  private void writeFully(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Writes the header, if there is one, and gives the file its name. */
  @Override
  public void close() throws IOException {
    try (channel) {
      if (numpy) {
        String said = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + rows + ", " + width + "), }";
        ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
        header.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}).putShort((short) (HEADER - 10));
        header.put(said.getBytes(StandardCharsets.US_ASCII));
        while (header.position() < HEADER - 1) {
          header.put((byte) ' ');
        }
        header.put((byte) '\n').flip();
        channel.position(0);
        writeFully(header);
      }
    }
    Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING);
  }
}
