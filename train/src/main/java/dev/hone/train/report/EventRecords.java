package dev.hone.train.report;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * What an event file of TensorBoard is made of. A record (TensorFlow's {@code record_writer}) is
 * {@code u64 length, u32 crc(length), bytes, u32 crc(bytes)}, little-endian; the bytes are a protocol buffer message
 * {@code Event}: wall_time = 1 (double), step = 2 (int64), file_version = 3 (string), summary = 5, session_log = 7. A
 * {@code Summary} holds values (1) with tag = 1 (string) and simple_value = 2 (float); a {@code SessionLog} a status = 1.
 */
final class EventRecords {
  private static final int VARINT = 0; // wire types
  private static final int EIGHT_BYTES = 1;
  private static final int BYTES = 2;
  private static final int FOUR_BYTES = 5;
  private static final int SESSION_START = 1;

  private EventRecords() {}

  /** The first record of every file. */
  static byte[] version(double wallTime) {
    return record(text(event(wallTime, 0), 3, "brain.Event:2"));
  }

  /** Says that the run goes on with this step: a reader drops what it has of it and of later ones. */
  static byte[] start(double wallTime, long step) {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    key(log, 1, VARINT);
    varint(log, SESSION_START);
    return record(bytes(event(wallTime, step), 7, log.toByteArray()));
  }

  /** Numbers at a step, by tag. */
  static byte[] scalars(double wallTime, long step, Map<String, Double> values) {
    ByteArrayOutputStream summary = new ByteArrayOutputStream();
    values.forEach((tag, number) -> {
      ByteArrayOutputStream value = text(new ByteArrayOutputStream(), 1, tag);
      key(value, 2, FOUR_BYTES);
      fixed(value, Integer.toUnsignedLong(Float.floatToIntBits(number.floatValue())), 4);
      bytes(summary, 1, value.toByteArray());
    });
    return record(bytes(event(wallTime, step), 5, summary.toByteArray()));
  }

  private static ByteArrayOutputStream event(double wallTime, long step) {
    ByteArrayOutputStream event = new ByteArrayOutputStream();
    key(event, 1, EIGHT_BYTES);
    fixed(event, Double.doubleToLongBits(wallTime), 8);
    if (step != 0) {
      key(event, 2, VARINT);
      varint(event, step);
    }
    return event;
  }

  private static ByteArrayOutputStream text(ByteArrayOutputStream out, int field, String value) {
    return bytes(out, field, value.getBytes(StandardCharsets.UTF_8));
  }

  private static ByteArrayOutputStream bytes(ByteArrayOutputStream out, int field, byte[] value) {
    key(out, field, BYTES);
    varint(out, value.length);
    out.writeBytes(value);
    return out;
  }

  private static void key(ByteArrayOutputStream out, int field, int wireType) {
    varint(out, field << 3 | wireType);
  }

  private static void varint(ByteArrayOutputStream out, long value) {
    long left = value;
    while ((left & ~0x7FL) != 0) {
      out.write((int) (left & 0x7F | 0x80));
      left >>>= 7;
    }
    out.write((int) left);
  }

  private static void fixed(ByteArrayOutputStream out, long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      out.write((int) (value >>> 8 * i));
    }
  }

  private static byte[] record(ByteArrayOutputStream message) {
    byte[] data = message.toByteArray();
    ByteBuffer record = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(data.length);
    record.putInt(masked(record.array(), 0, 8));
    record.put(data);
    record.putInt(masked(data, 0, data.length));
    return record.array();
  }

  /** CRC-32C, turned and moved, so that the checksum of a text with checksums is not weak. */
  private static int masked(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xA282EAD8;
  }
}
