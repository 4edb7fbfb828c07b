package dev.hone.core.memory;

import java.lang.foreign.MemorySegment;

/**
 * Elements of any type in a memory segment, little-endian and not necessarily aligned: weights as their file has them.
 *
 * @param segment exactly the bytes of the elements
 */
public record SegmentStorage(MemorySegment segment) implements Storage {}
