package dev.hone.nn.onnx;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.TensorFileException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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
        case DATA_LOCATION -> external = proto.number() == EXTERNAL;
        default -> { } // names, comments and the other ways to store integers
      }
    }
    return make(file, name, shape(proto, name, dims), type, external ? null : data, external);
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

  private static OnnxTensor make(Path file, String name, Shape shape, long type, MemorySegment data, boolean external)
      throws TensorFileException {
    DType dtype = dtype(type);
    if (external) {
      return new OnnxTensor(name, null, "its elements are in another file (external data), which is not read");
    }
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
