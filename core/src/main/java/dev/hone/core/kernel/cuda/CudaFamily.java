package dev.hone.core.kernel.cuda;

import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.cuda.KernelLauncher.Grid;
import java.lang.foreign.MemorySegment;

/** What the families of kernels have in common: they check operands as the CPU's do, and launch. */
abstract class CudaFamily {
  /** Threads of a block where each treats an element or two. */
  static final int BLOCK = 256;

  private final String family;
  private final GpuMemory memory;

  CudaFamily(String family, GpuMemory memory) {
    this.family = family;
    this.memory = memory;
  }

  final GpuMemory memory() {
    return memory;
  }

  /** Launches an entry of this family's source. */
  final void launch(String entry, Grid grid, Object... arguments) {
    memory.launcher().launch(family, "hone_" + entry, grid, arguments);
  }

  /** Memory for so many bytes; closed, it is given back to what is launched later. */
  final Room room(long bytes) {
    return new Room((GpuBuffer) memory.allocate(bytes));
  }

  /** Numbers of the host for a kernel. */
  final Room ints(int... values) {
    Room room = room((long) values.length * Integer.BYTES);
    room.buffer.write(0, MemorySegment.ofArray(values));
    return room;
  }

  /** Numbers of the host for a kernel. */
  final Room longs(long... values) {
    Room room = room((long) values.length * Long.BYTES);
    room.buffer.write(0, MemorySegment.ofArray(values));
    return room;
  }

  /** Numbers of the host for a kernel. */
  final Room floats(float... values) {
    Room room = room((long) values.length * Float.BYTES);
    room.buffer.write(0, MemorySegment.ofArray(values));
    return room;
  }

  /** Numbers of the host for a kernel. */
  final Room doubles(double... values) {
    Room room = room((long) values.length * Double.BYTES);
    room.buffer.write(0, MemorySegment.ofArray(values));
    return room;
  }

  /** Where the first column of the first row is. */
  final GpuAddress at(String what, Columns columns) {
    return new GpuAddress(GpuAddress.floats(memory.gpu(), what, columns.tensor()).value() + (long) columns.from() * Float.BYTES);
  }

  /** Memory of one call. */
  record Room(GpuBuffer buffer) implements AutoCloseable {
    @Override
    public void close() {
      buffer.free();
    }
  }
}
