package dev.hone.core.memory;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** Numbers that are stored as codes: what a tensor that stands for them asks of them. */
public interface Codes {
  /** Number of elements. */
  long size();

  /** Bytes of all parts. */
  long bytes();

  /** All bytes: the codes and what their scales are made of. */
  List<MemorySegment> parts();

  /** Makes numbers like these over other bytes; holds none itself. */
  Form form();

  /** What {@code count} elements from {@code element} on stand for. */
  void read(long element, int count, float[] target, int at);

  /** What these numbers consist of, apart from the bytes: how others make numbers of such bytes that lie elsewhere. */
  interface Form {
    /** The numbers over parts like those of {@link Codes#parts()}. */
    Codes over(List<MemorySegment> parts);
  }
}
