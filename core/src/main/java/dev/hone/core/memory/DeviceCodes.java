package dev.hone.core.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Quantised elements in the memory of a device, as the bytes they are on the host.
 *
 * @param form how the parts make numbers
 * @param parts the bytes of {@link Codes#parts()}, in their order
 * @param sizes of the parts, in bytes
 * @param bytes of all parts
 */
public record DeviceCodes(Codes.Form form, List<DeviceBuffer> parts, List<Long> sizes, long bytes) implements Storage {
  /** A copy of quantised numbers. */
  public static DeviceCodes of(Codes codes, DeviceMemory memory) {
    List<DeviceBuffer> parts = new ArrayList<>();
    List<Long> sizes = new ArrayList<>();
    for (MemorySegment part : codes.parts()) {
      DeviceBuffer buffer = memory.allocate(part.byteSize());
      buffer.write(0, part);
      parts.add(buffer);
      sizes.add(part.byteSize());
    }
    return new DeviceCodes(codes.form(), List.copyOf(parts), List.copyOf(sizes), codes.bytes());
  }

  /** A copy of the numbers on the host. */
  public Codes onHost() {
    List<MemorySegment> copies = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      MemorySegment copy = Arena.ofAuto().allocate(Math.max(1, sizes.get(i)), 64).asSlice(0, sizes.get(i));
      parts.get(i).read(0, copy);
      copies.add(copy);
    }
    return form.over(copies);
  }
}
