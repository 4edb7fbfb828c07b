package dev.hone.nn.onnx;

import dev.hone.core.io.TensorFileException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The fields of one protobuf message, one after the other. A field is a varint key = number · 8 + wire type, then its value;
 * a message inside another is a field of bytes. Every length is checked against the message it is in.
 */
final class Protobuf {
  /** Wire types: how a value is laid out. */
  static final int VARINT = 0;
  static final int EIGHT_BYTES = 1;
  static final int BYTES = 2;
  static final int FOUR_BYTES = 5;
  private static final int LONGEST_TEXT = 10_000;

  private final Path file;
  private final String message;
  private final MemorySegment segment;
  private long at;
  private int field;
  private int wire;
  private long number;
  private MemorySegment bytes;

  /**
   * A message.
   *
   * @param message its type, for error texts
   */
  Protobuf(Path file, String message, MemorySegment segment) {
    this.file = file;
    this.message = message;
    this.segment = segment;
  }

  /** Reads the next field; false at the end of the message. */
  boolean next() throws TensorFileException {
    if (at == segment.byteSize()) {
      return false;
    }
    long key = readVarint();
    field = (int) (key >>> 3);
    wire = (int) (key & 7);
    if (key >>> 3 < 1 || key >>> 3 >= 1 << 29) {
      throw error("field number " + Long.toUnsignedString(key >>> 3) + " is not one");
    }
    switch (wire) {
      case VARINT -> number = readVarint();
      case EIGHT_BYTES -> bytes = take(8);
      case BYTES -> bytes = take(readVarint());
      case FOUR_BYTES -> bytes = take(4);
      default -> throw error("field " + field + " has the wire type " + wire + ", which ONNX does not use");
    }
    return true;
  }

  /** Number of the current field. */
  int field() {
    return field;
  }

  /** Wire type of the current field. */
  int wire() {
    return wire;
  }

  /** The value of the current field, which must be a varint. */
  long number() throws TensorFileException {
    require(VARINT);
    return number;
  }

  /** The value of the current field, which must be a float of 32 bits. */
  float real() throws TensorFileException {
    require(FOUR_BYTES);
    return bytes.get(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
  }

  /** The value of the current field, which must be bytes. */
  MemorySegment bytes() throws TensorFileException {
    require(BYTES);
    return bytes;
  }

  /** The value of the current field, which must be a short text. */
  String text() throws TensorFileException {
    long length = bytes().byteSize();
    if (length > LONGEST_TEXT) {
      throw error("field " + field + " is a text of " + length + " bytes; at most " + LONGEST_TEXT + " are read");
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toArray(ValueLayout.JAVA_BYTE))).toString();
    } catch (CharacterCodingException e) {
      throw error("field " + field + " is not valid UTF-8", e);
    }
  }

  /** The value of the current field as a list: one number, or several packed into bytes, at most {@code most}. */
  List<Long> numbers(int most) throws TensorFileException {
    if (wire == VARINT) {
      return List.of(number);
    }
    Protobuf packed = new Protobuf(file, message, bytes());
    List<Long> numbers = new ArrayList<>();
    while (packed.at < packed.segment.byteSize()) {
      if (numbers.size() == most) {
        throw error("field " + field + " has more than " + most + " numbers");
      }
      numbers.add(packed.readVarint());
    }
    return numbers;
  }

  /** An error in this message. */
  TensorFileException error(String what) {
    return error(what, null);
  }

  /** An error in this message, and what led to it. */
  TensorFileException error(String what, Throwable cause) {
    return new TensorFileException(file + ": not a valid ONNX file: in a " + message + ", " + what, cause);
  }

  private void require(int expected) throws TensorFileException {
    if (wire != expected) {
      throw error("field " + field + " has the wire type " + wire + " instead of " + expected);
    }
  }

  private MemorySegment take(long length) throws TensorFileException {
    long left = segment.byteSize() - at;
    if (length < 0 || length > left) {
      throw error("field " + field + " has " + Long.toUnsignedString(length) + " bytes, but only " + left + " are left");
    }
    MemorySegment taken = segment.asSlice(at, length);
    at += length;
    return taken;
  }

  private long readVarint() throws TensorFileException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at == segment.byteSize()) {
        throw error("the bytes end within a number");
      }
      byte b = segment.get(ValueLayout.JAVA_BYTE, at++);
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw error("a number has more than 10 bytes");
  }
}
