/**
 * Files of tensors: safetensors read (mapped, checked, sharded) and written (streamed, atomic).
 *
 * <p>{@link dev.hone.core.io.WeightFiles} opens the weights of a model directory, {@link dev.hone.core.io.Safetensors} one
 * file; both are {@link dev.hone.core.io.TensorSource}s. {@link dev.hone.core.io.SafetensorsWriter} writes, and
 * {@link dev.hone.core.io.AtomicFile} is how every file of a result comes into being. What lengths, offsets and shapes in a
 * file say is checked against the file before any of it is used.
 */
package dev.hone.core.io;
