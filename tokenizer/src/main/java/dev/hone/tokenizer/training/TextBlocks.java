package dev.hone.tokenizer.training;

import dev.hone.tokenizer.definition.TokenizerException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * Files in blocks that end with a line; a line longer than a block is cut at a character. Any number of threads take blocks in
 * turn.
 */
final class TextBlocks implements AutoCloseable {
  private static final int BLOCK = 1 << 20;

  private final Iterator<Path> files;
  private final long total;
  private final TrainingListener listener;
  private Path file;
  private InputStream in;
  private byte[] rest = new byte[0];
  private long position;
  private long done;

  TextBlocks(List<Path> files, TrainingListener listener) throws IOException {
    long size = 0;
    for (Path path : files) {
      size += Files.size(path);
    }
    this.files = files.iterator();
    this.total = size;
    this.listener = listener;
  }

  /** The next block, or null if all are taken. */
  String next() throws IOException {
    byte[] block;
    Path from;
    long at;
    synchronized (this) {
      block = read();
      if (block == null) {
        return null;
      }
      from = file;
      at = position;
      position += block.length;
      done += block.length;
      listener.progress(TrainingListener.Phase.READING, done, total);
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(block)).toString();
    } catch (CharacterCodingException e) {
      throw new TokenizerException(from + ": not UTF-8 somewhere in bytes " + at + " to " + (at + block.length)
          + "; convert the file to UTF-8", e);
    }
  }

  private byte[] read() throws IOException {
    while (true) {
      if (in == null) {
        if (!files.hasNext()) {
          return null;
        }
        file = files.next();
        in = Files.newInputStream(file);
        rest = new byte[0];
        position = 0;
      }
      byte[] block = Arrays.copyOf(rest, BLOCK);
      int n = rest.length + in.readNBytes(block, rest.length, BLOCK - rest.length);
      if (n < BLOCK) {
        close();
        if (n == 0) {
          continue;
        }
        return Arrays.copyOf(block, n);
      }
      int cut = lastLine(block);
      rest = Arrays.copyOfRange(block, cut, BLOCK);
      return Arrays.copyOf(block, cut);
    }
  }

  private static int lastLine(byte[] block) {
    for (int i = block.length; i > 0; i--) {
      if (block[i - 1] == '\n') {
        return i;
      }
    }
    int cut = block.length;
    // Bytes 10xxxxxx continue a character; text has at most three in a row.
    for (int k = 0; k < 4 && (block[cut - 1] & 0xC0) == 0x80; k++) {
      cut--;
    }
    return Math.max(1, cut - 1);
  }

  @Override
  public synchronized void close() throws IOException {
    if (in != null) {
      in.close();
    }
    in = null;
    rest = new byte[0];
  }
}
