/** Vectors for Spring AI: from this JVM, and from the file that {@code hone export onnx} writes. */
package dev.hone.example;
