package dev.hone.core.memory;

/** Elements in fewer bits, outside the heap. */
public record QuantizedStorage(Codes codes) implements Storage {}
