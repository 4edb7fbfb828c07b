package dev.hone.core.io;

import dev.hone.core.DType;
import dev.hone.core.io.SafetensorsWriter.Item;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/** Makes the header of a safetensors file, byte for byte as the Python library does. */
final class HeaderWriter {
  /** Escapes as the reference implementation writes them. */
  private static final JsonFactory FACTORY = JsonFactory.builder()
      .disable(JsonWriteFeature.ESCAPE_FORWARD_SLASHES)
      .disable(JsonWriteFeature.WRITE_HEX_UPPER_CASE)
      .build();
  private static final int ALIGNMENT = 8;
  /** Widest elements first, so that every tensor is aligned to its elements; this order is the reference implementation's. */
  private static final List<DType> DTYPE_ORDER = List.of(DType.I64, DType.F64, DType.F32, DType.I32, DType.BF16, DType.F16,
      DType.I16, DType.I8, DType.U8, DType.BOOL);

  private HeaderWriter() {}

  /** The order in the file: by type, then by the bytes of the name. */
  static Item[] ordered(Collection<Item> items) {
    Item[] ordered = items.toArray(Item[]::new);
    Arrays.sort(ordered, Comparator.comparingInt((Item item) -> DTYPE_ORDER.indexOf(item.dtype()))
        .thenComparing(item -> item.name().getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
    return ordered;
  }

  /** The JSON, padded with spaces so that the data starts at a multiple of 8. */
  static byte[] header(Item[] items, Map<String, String> metadata) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeName(SafetensorsHeader.METADATA).writeStartObject();
        metadata.forEach((key, value) -> json.writeName(key).writeString(value));
        json.writeEndObject();
      }
      long begin = 0;
      for (Item item : items) {
        long end = Math.addExact(begin, item.bytes());
        json.writeName(item.name()).writeStartObject();
        json.writeName("dtype").writeString(item.dtype().name());
        int[] dims = item.shape().toArray();
        json.writeName("shape").writeArray(dims, 0, dims.length);
        json.writeName("data_offsets").writeArray(new long[] {begin, end}, 0, 2);
        json.writeEndObject();
        begin = end;
      }
      json.writeEndObject();
    }
    byte[] utf8 = encode(text.toString());
    byte[] padded = Arrays.copyOf(utf8, (utf8.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    Arrays.fill(padded, utf8.length, padded.length, (byte) ' ');
    return padded;
  }

  /** Encodes strictly: a name with half a surrogate pair must not turn into one with a question mark. */
  private static byte[] encode(String text) {
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      return Arrays.copyOf(bytes.array(), bytes.limit());
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("write safetensors: a name or a metadata string is not valid Unicode", e);
    }
  }
}
