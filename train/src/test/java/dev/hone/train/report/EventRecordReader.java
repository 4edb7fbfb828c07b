package dev.hone.train.report;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads event files by the rules of their format; shares nothing with what writes them. */
public final class EventRecordReader {
  /** A number; or a record of another kind, whose tag says which. */
  public record Point(long step, String tag, float value) {}

  private EventRecordReader() {}

  /** All records of a file. */
  public static List<Point> read(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<Point> points = new ArrayList<>();
    while (bytes.hasRemaining()) {
      byte[] length = new byte[8];
      bytes.get(length);
      int lengthSum = bytes.getInt();
      byte[] data = new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
      bytes.get(data);
      if (lengthSum != masked(length) || bytes.getInt() != masked(data)) {
        throw new IOException("checksum");
      }
      event(ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN), points);
    }
    return points;
  }

  private static void event(ByteBuffer in, List<Point> points) throws IOException {
    long step = 0;
    double wall = 0;
    List<Point> found = new ArrayList<>();
    while (in.hasRemaining()) {
      int key = (int) varint(in);
      switch (key) {
        case 1 << 3 | 1 -> wall = in.getDouble();
        case 2 << 3 -> step = varint(in);
        case 3 << 3 | 2 -> found.add(new Point(0, new String(bytes(in), StandardCharsets.UTF_8), 0));
        case 5 << 3 | 2 -> summary(ByteBuffer.wrap(bytes(in)).order(ByteOrder.LITTLE_ENDIAN), found);
        case 7 << 3 | 2 -> {
          byte[] log = bytes(in);
          found.add(new Point(0, "session " + log[0] + " " + log[1], 0));
        }
        default -> throw new IOException("field " + (key >> 3));
      }
    }
    if (Math.abs(wall - System.currentTimeMillis() / 1000.0) > 3600) {
      throw new IOException("wall time " + wall);
    }
    for (Point point : found) {
      points.add(new Point(step, point.tag, point.value));
    }
  }

  private static void summary(ByteBuffer in, List<Point> found) throws IOException {
    while (in.hasRemaining()) {
      if (varint(in) != (1 << 3 | 2)) {
        throw new IOException("summary");
      }
      ByteBuffer value = ByteBuffer.wrap(bytes(in)).order(ByteOrder.LITTLE_ENDIAN);
      String tag = null;
      float number = Float.NaN;
      while (value.hasRemaining()) {
        switch ((int) varint(value)) {
          case 1 << 3 | 2 -> tag = new String(bytes(value), StandardCharsets.UTF_8);
          case 2 << 3 | 5 -> number = value.getFloat();
          default -> throw new IOException("value");
        }
      }
      found.add(new Point(0, tag, number));
    }
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0;; shift += 7) {
      byte b = in.get();
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
  }

  private static byte[] bytes(ByteBuffer in) {
    byte[] bytes = new byte[(int) varint(in)];
    in.get(bytes);
    return bytes;
  }

  /** CRC-32C bit by bit (reversed polynomial 0x82F63B78), rotated right by 15 and moved by 0xA282EAD8. */
  private static int masked(byte[] data) {
    int crc = ~0;
    for (byte b : data) {
      crc ^= b & 0xFF;
      for (int i = 0; i < 8; i++) {
        crc = crc >>> 1 ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
      }
    }
    crc = ~crc;
    return (crc >>> 15 | crc << 17) + 0xA282EAD8;
  }
}
