package dev.hone.core.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes safetensors files of any content, right or wrong. */
final class TestFiles {
  private TestFiles() {}

  /** A file of this header and {@code dataBytes} bytes of data. */
  static Path safetensors(Path file, String header, int dataBytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return raw(file, json.length, json, dataBytes);
  }

  /** A file that claims {@code length} bytes of header. */
  static Path raw(Path file, long length, byte[] header, int dataBytes) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(length).put(header);
    return Files.write(file, bytes.array());
  }
}
