package dev.hone.core.memory;

/** The memory of a tensor and of all views of it. */
public sealed interface Storage permits OwnedStorage, SegmentStorage, QuantizedStorage, DeviceCodes {}
