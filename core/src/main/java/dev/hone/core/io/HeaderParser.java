package dev.hone.core.io;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import java.nio.file.Path;
import java.util.Arrays;
import tools.jackson.core.JsonToken;

/** Reads the JSON of a safetensors header: form, names, types, numbers. What the numbers mean is checked by the header. */
final class HeaderParser {
  private static final int MAX_AXES = 64;

  private final Path file;
  private final byte[] utf8;

  HeaderParser(Path file, byte[] utf8) {
    this.file = file;
    this.utf8 = utf8;
  }

  SafetensorsHeader parse(long dataStart) throws TensorFileException {
    if (utf8[0] != '{') {
      throw new TensorFileException(file + ": not a safetensors file: the header must start with '{'");
    }
    SafetensorsHeader header = SafetensorsHeader.of(dataStart);
    boolean metadataSeen = false;
    try (StrictJson json = new StrictJson(file, "header", utf8)) {
      json.expect(JsonToken.START_OBJECT, "it must be an object");
      for (String name = json.nextName("names"); name != null; name = json.nextName("names")) {
        if (name.equals(SafetensorsHeader.METADATA)) {
          json.require(!metadataSeen, "__metadata__ must stand there only once");
          metadataSeen = true;
          metadata(json, header);
        } else if (header.entries().put(name, entry(json, name)) != null) {
          throw SafetensorsHeader.error(file, name, "listed twice; names must be unique");
        }
      }
      json.expectEnd();
    }
    return header;
  }

  private void metadata(StrictJson json, SafetensorsHeader header) throws TensorFileException {
    json.expect(JsonToken.START_OBJECT, "__metadata__ must be an object of strings");
    for (String key = json.nextName("__metadata__"); key != null; key = json.nextName("__metadata__")) {
      String value = json.nextString("__metadata__ must hold strings only");
      json.require(header.metadata().put(key, value) == null, "__metadata__ must not list a key twice");
    }
  }

  private SafetensorsHeader.Entry entry(StrictJson json, String name) throws TensorFileException {
    String tensor = "tensor " + TensorFileException.quote(name);
    json.expect(JsonToken.START_OBJECT, tensor + " must be an object of dtype, shape and data_offsets");
    DType dtype = null;
    long[] dims = null;
    long[] offsets = null;
    for (String key = json.nextName(tensor); key != null; key = json.nextName(tensor)) {
      switch (key) {
        case "dtype" -> {
          json.require(dtype == null, tensor + " has two dtypes");
          dtype = dtype(name, json.nextString(tensor + ": dtype must be a string"));
        }
        case "shape" -> {
          json.require(dims == null, tensor + " has two shapes");
          dims = numbers(json, tensor + ": shape", MAX_AXES);
        }
        case "data_offsets" -> {
          json.require(offsets == null, tensor + " has two data_offsets");
          offsets = numbers(json, tensor + ": data_offsets", 2);
        }
        default -> throw SafetensorsHeader.error(file, name, "unknown key " + TensorFileException.quote(key)
            + "; the format has dtype, shape and data_offsets");
      }
    }
    json.require(dtype != null && dims != null && offsets != null && offsets.length == 2,
        tensor + " must have a dtype, a shape and two data_offsets");
    return new SafetensorsHeader.Entry(dtype, shape(name, dims), offsets[0], offsets[1]);
  }

  private DType dtype(String name, String text) throws TensorFileException {
    for (DType type : DType.values()) {
      if (type.name().equals(text) && !type.isQuantized()) {
        return type;
      }
    }
    throw SafetensorsHeader.error(file, name, "dtype " + TensorFileException.quote(text) + " is not supported; supported: "
        + String.join(", ", Arrays.stream(DType.values()).filter(type -> !type.isQuantized()).map(DType::name).toList()));
  }

  private static long[] numbers(StrictJson json, String place, int most) throws TensorFileException {
    json.expect(JsonToken.START_ARRAY, place + " must be an array");
    long[] numbers = new long[most];
    int count = 0;
    while (json.next() != JsonToken.END_ARRAY) {
      json.require(count < most, place + " has more than " + most + " numbers");
      numbers[count++] = json.wholeNumber(place);
    }
    return Arrays.copyOf(numbers, count);
  }

  private Shape shape(String name, long[] dims) throws TensorFileException {
    int[] sizes = new int[dims.length];
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] < 0 || dims[i] > Integer.MAX_VALUE) {
        throw SafetensorsHeader.error(file, name, "shape " + Arrays.toString(dims) + ": sizes must be from 0 to 2^31 - 1");
      }
      sizes[i] = (int) dims[i];
    }
    try {
      return Shape.of(sizes);
    } catch (IllegalArgumentException e) {
      throw SafetensorsHeader.error(file, name, "shape " + Arrays.toString(dims) + " has more than 2^63 elements", e);
    }
  }
}
