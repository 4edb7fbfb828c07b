package dev.hone.nn.onnx;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A protobuf message to be written: fields in the order in which they were added. Its length stands before a message inside
 * another one, so that everything is known before the first byte is written; large contents are made only then.
 */
final class ProtobufWriter {
  /** Takes bytes in their order. */
  interface Sink {
    void write(ByteBuffer bytes) throws IOException;
  }

  /** Contents that are made when they are written. */
  interface Content {
    /** How many bytes. */
    long size();

    void write(Sink out) throws IOException;
  }

  private record Part(byte[] head, Content content, ProtobufWriter message) {
    long size() {
      return head.length + (content != null ? content.size() : message != null ? message.size() : 0);
    }
  }

  private final List<Part> parts = new ArrayList<>();
  private final ByteArrayOutputStream pending = new ByteArrayOutputStream();

  /** Adds a number. */
  ProtobufWriter number(int field, long value) {
    varint((long) field << 3 | Protobuf.VARINT);
    varint(value);
    return this;
  }

  /** Adds a number of 32 bits. */
  ProtobufWriter real(int field, float value) {
    varint((long) field << 3 | Protobuf.FOUR_BYTES);
    pending.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array());
    return this;
  }

  /** Adds a text. */
  ProtobufWriter text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds bytes. */
  ProtobufWriter bytes(int field, byte[] value) {
    varint((long) field << 3 | Protobuf.BYTES);
    varint(value.length);
    pending.writeBytes(value);
    return this;
  }

  /** Adds a message, which must be complete. */
  ProtobufWriter message(int field, ProtobufWriter value) {
    varint((long) field << 3 | Protobuf.BYTES);
    varint(value.size());
    add(null, value);
    return this;
  }

  /** Adds bytes that are made later. */
  ProtobufWriter content(int field, Content value) {
    varint((long) field << 3 | Protobuf.BYTES);
    varint(value.size());
    add(value, null);
    return this;
  }

  private void add(Content content, ProtobufWriter message) {
    parts.add(new Part(pending.toByteArray(), content, message));
    pending.reset();
  }

  private void varint(long value) {
    long rest = value;
    for (; (rest & ~0x7FL) != 0; rest >>>= 7) {
      pending.write((int) (rest & 0x7F | 0x80));
    }
    pending.write((int) rest);
  }

  /** How many bytes it has. */
  long size() {
    return parts.stream().mapToLong(Part::size).sum() + pending.size();
  }

  /** Writes it. */
  void write(Sink out) throws IOException {
    for (Part part : parts) {
      out.write(ByteBuffer.wrap(part.head));
      if (part.content != null) {
        part.content.write(out);
      } else if (part.message != null) {
        part.message.write(out);
      }
    }
    out.write(ByteBuffer.wrap(pending.toByteArray()));
  }
}
