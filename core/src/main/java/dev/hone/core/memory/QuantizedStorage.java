package dev.hone.core.memory;

import dev.hone.core.quant.Quantized;

/** Elements in fewer bits, outside the heap. */
public record QuantizedStorage(Quantized quantized) implements Storage {}
