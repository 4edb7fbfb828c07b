package dev.hone.core.quant;

import dev.hone.core.parallel.Workers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Numbers in the blocks of a {@link GgmlFormat}, usually over a mapped file: bytes that llama.cpp reads are never copied. */
public final class GgmlBlocks extends Quantized {
  private static final int GRAIN = 1 << 14; // numbers that a thread encodes at a time

  private final GgmlFormat format;

  /**
   * Over bytes that a file holds.
   *
   * @param bytes whole blocks, one after another
   */
  public GgmlBlocks(GgmlFormat format, MemorySegment bytes) {
    super(format.type(), bytes.byteSize() / format.bytes() * format.block(), format.block(), bytes);
    if (bytes.byteSize() % format.bytes() != 0) {
      throw new IllegalArgumentException("GgmlBlocks: " + bytes.byteSize() + " bytes are no whole number of blocks of "
          + format.bytes() + " bytes");
    }
    this.format = format;
  }

  /** Quantises numbers, whole blocks of them. */
  public static GgmlBlocks quantize(GgmlFormat format, float[] values) {
    int blocks = values.length / format.block();
    if (blocks * format.block() != values.length) {
      throw new IllegalArgumentException("GgmlBlocks: " + values.length + " numbers are no whole number of blocks of "
          + format.block());
    }
    byte[] bytes = new byte[Math.multiplyExact(blocks, format.bytes())];
    Workers.ranges(blocks, Math.max(1, GRAIN / format.block()), (from, to) -> {
      for (int i = from; i < to; i++) {
        finite(largest(values, i * format.block(), format.block()), format.type());
        format.encode(values, i * format.block(), bytes, i * format.bytes());
      }
    });
    MemorySegment room = room(bytes.length);
    MemorySegment.copy(bytes, 0, room, ValueLayout.JAVA_BYTE, 0, bytes.length);
    return new GgmlBlocks(format, room);
  }

  /** How a block is laid out. */
  public GgmlFormat format() {
    return format;
  }

  @Override
  public List<MemorySegment> parts() {
    return List.of(codes());
  }

  @Override
  public Form form() {
    GgmlFormat same = format;
    return parts -> new GgmlBlocks(same, parts.getFirst());
  }

  @Override
  public long bytes() {
    return codes().byteSize();
  }

  @Override
  public void scales(long block, int count, float[] target, int at) {
    throw new IllegalStateException("blocks of " + format + " have no scales apart from their codes; read them");
  }

  @Override
  public void read(long element, int count, float[] target, int at) {
    int size = format.block();
    byte[] bytes = new byte[format.bytes()];
    float[] part = null;
    for (int done = 0; done < count; ) {
      long block = (element + done) / size;
      int skipped = (int) ((element + done) % size);
      int taken = Math.min(size - skipped, count - done);
      MemorySegment.copy(codes(), ValueLayout.JAVA_BYTE, block * bytes.length, bytes, 0, bytes.length);
      if (taken == size) {
        format.decode(bytes, 0, target, at + done);
      } else {
        part = part == null ? new float[size] : part;
        format.decode(bytes, 0, part, 0);
        System.arraycopy(part, skipped, target, at + done, taken);
      }
      done += taken;
    }
  }
}
