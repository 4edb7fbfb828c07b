package dev.hone.nn.onnx;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.TensorFileException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A TensorProto: little-endian elements, row-major, at any byte offset of the file.
 *
 * @param name its name, empty for the value of a constant
 * @param tensor the elements, null if they are stored in a way that is not read
 * @param problem why {@code tensor} is null
 */
record OnnxTensor(String name, Tensor tensor, String problem) {
  private static final int MAX_AXES = 64;
  private static final int DIMS = 1;
  private static final int DATA_TYPE = 2;
  private static final int FLOAT_DATA = 4;
  private static final int NAME = 8;
  private static final int RAW_DATA = 9;
  private static final int EXTERNAL_DATA = 13;
  private static final int DATA_LOCATION = 14;
  private static final int FLOAT = 1;
  private static final int EXTERNAL = 1;

  static OnnxTensor read(Path file, MemorySegment message) throws TensorFileException {
    Protobuf proto = new Protobuf(file, "TensorProto", message);
    List<Long> dims = new ArrayList<>();
    String name = "";
    long type = 0;
    MemorySegment data = null;
    boolean external = false;
    Map<String, String> place = new HashMap<>();
    while (proto.next()) {
      switch (proto.field()) {
        case DIMS -> {
          dims.addAll(proto.numbers(MAX_AXES));
          if (dims.size() > MAX_AXES) {
            throw proto.error("a tensor has more than " + MAX_AXES + " axes");
          }
        }
        case DATA_TYPE -> type = proto.number();
        case NAME -> name = proto.text();
        case RAW_DATA -> data = proto.bytes();
        case FLOAT_DATA -> {
          if (proto.wire() == Protobuf.BYTES && data == null) {
            data = proto.bytes(); // packed: the same bytes as raw data
          }
        }
        case EXTERNAL_DATA -> entry(new Protobuf(file, "StringStringEntryProto", proto.bytes()), place);
        case DATA_LOCATION -> external = proto.number() == EXTERNAL;
        default -> { } // names, comments and the other ways to store integers
      }
    }
    return make(file, name, shape(proto, name, dims), type, external ? elsewhere(file, proto, name, place) : data);
  }

  private static void entry(Protobuf proto, Map<String, String> place) throws TensorFileException {
    String key = "";
    String value = "";
    while (proto.next()) {
      switch (proto.field()) {
        case 1 -> key = proto.text();
        case 2 -> value = proto.text();
        default -> { }
      }
    }
    if (place.size() > MAX_AXES) {
      throw proto.error("a tensor has more than " + MAX_AXES + " entries of external data");
    }
    place.put(key, value);
  }

  /** The elements in a file beside this one. */
  private static MemorySegment elsewhere(Path file, Protobuf proto, String name, Map<String, String> place)
      throws TensorFileException {
    String location = place.getOrDefault("location", "");
    Path data = file.resolveSibling(location);
    if (location.isEmpty() || data.getNameCount() != file.getNameCount() || location.equals("..") || location.equals(".")) {
      throw proto.error("tensor " + TensorFileException.quote(name) + " lies in " + TensorFileException.quote(location)
          + "; only files beside this one are read");
    }
    try (FileChannel channel = FileChannel.open(data, StandardOpenOption.READ)) {
      long offset = Long.parseLong(place.getOrDefault("offset", "0"));
      long length = Long.parseLong(place.getOrDefault("length", Long.toString(channel.size() - offset)));
      if (offset < 0 || length < 0 || offset > channel.size() - length) {
        throw proto.error("tensor " + TensorFileException.quote(name) + " has " + length + " bytes from " + offset + " on in "
            + location + ", which has only " + channel.size());
      }
      return channel.map(FileChannel.MapMode.READ_ONLY, offset, length, Arena.ofAuto());
    } catch (NumberFormatException e) {
      throw proto.error("tensor " + TensorFileException.quote(name) + " has external data at " + place, e);
    } catch (TensorFileException e) {
      throw e;
    } catch (IOException e) {
      throw proto.error("tensor " + TensorFileException.quote(name) + " lies in " + location + ", which cannot be read", e);
    }
  }

  private static Shape shape(Protobuf proto, String name, List<Long> dims) throws TensorFileException {
    int[] sizes = new int[dims.size()];
    for (int i = 0; i < sizes.length; i++) {
      long size = dims.get(i);
      if (size < 0 || size > Integer.MAX_VALUE) {
        throw proto.error("tensor " + TensorFileException.quote(name) + " has the shape " + dims
            + "; sizes must be from 0 to 2^31 - 1");
      }
      sizes[i] = (int) size;
    }
    try {
      return Shape.of(sizes);
    } catch (IllegalArgumentException e) {
      throw proto.error("tensor " + TensorFileException.quote(name) + " has the shape " + dims
          + ", which is more than 2^63 elements", e);
    }
  }

  private static OnnxTensor make(Path file, String name, Shape shape, long type, MemorySegment data)
      throws TensorFileException {
    DType dtype = dtype(type);
    if (dtype == null) {
      return new OnnxTensor(name, null, "its ONNX data type " + type + " is not read");
    }
    if (data == null && shape.size() != 0) {
      return new OnnxTensor(name, null, "its " + dtype + " elements are not stored as raw_data, which is all that is read");
    }
    long bytes = data == null ? 0 : data.byteSize();
    // division, since the product may overflow
    if (bytes % dtype.bytes() != 0 || bytes / dtype.bytes() != shape.size()) {
      throw new TensorFileException(file + ": tensor " + TensorFileException.quote(name) + ": " + bytes + " bytes of data, but "
          + dtype + " " + shape + " has " + shape.size() + " elements of " + dtype.bytes());
    }
    return new OnnxTensor(name, Tensor.of(data == null ? MemorySegment.NULL : data, dtype, shape), null);
  }

  /** The type of a TensorProto.DataType, null if there is none here. */
  private static DType dtype(long type) {
    return switch (Math.clamp(type, -1, 1000)) {
      case FLOAT -> DType.F32;
      case 2 -> DType.U8;
      case 3 -> DType.I8;
      case 5 -> DType.I16;
      case 6 -> DType.I32;
      case 7 -> DType.I64;
      case 9 -> DType.BOOL;
      case 10 -> DType.F16;
      case 11 -> DType.F64;
      case 16 -> DType.BF16;
      default -> null;
    };
  }

  /** Whether these are floating point numbers that can be read. */
  boolean isFloat() {
    return tensor != null && tensor.dtype().isFloat();
  }
}
