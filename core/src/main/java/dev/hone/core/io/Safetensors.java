package dev.hone.core.io;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/**
 * One safetensors file, mapped read-only. Opening reads the header and checks all of it; elements come from the disk when a
 * kernel first reads them, so opening a model of any size takes milliseconds.
 *
 * <p>Implementation note: the mapping belongs to the garbage collector ({@link Arena#ofAuto()}), which unmaps it once no tensor
 * is left. A file that is replaced by renaming, as {@link AtomicFile} does, stays as it was for those who have it mapped.
 */
public final class Safetensors implements TensorSource {
  private final Path file;
  private final SafetensorsHeader header;
  private final MemorySegment data;

  private Safetensors(Path file, SafetensorsHeader header, MemorySegment data) {
    this.file = file;
    this.header = header;
    this.data = data;
  }

  /**
   * Opens a file.
   *
   * @throws TensorFileException if it does not exist or breaks a rule of the format
   */
  public static Safetensors open(Path file) throws IOException {
    return open(file, Arena.ofAuto());
  }

  /**
   * Opens a file in an arena, whose end unmaps it: tensors used afterwards throw.
   *
   * @throws TensorFileException if it does not exist or breaks a rule of the format
   */
  public static Safetensors open(Path file, Arena arena) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new TensorFileException(file + (Files.exists(file) ? ": not a file" : ": no such file"));
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment all = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      SafetensorsHeader header = SafetensorsHeader.read(file, all);
      return new Safetensors(file, header, all.asSlice(header.dataStart()));
    } catch (ClosedByInterruptException e) {
      throw new TensorFileException(file + ": the thread was interrupted while it opened the file", e);
    }
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(header.entries().keySet());
  }

  @Override
  public Shape shape(String name) {
    return entry(name).shape();
  }

  @Override
  public DType dtype(String name) {
    return entry(name).dtype();
  }

  @Override
  public Tensor tensor(String name) {
    SafetensorsHeader.Entry entry = entry(name);
    return Tensor.of(data.asSlice(entry.begin(), entry.end() - entry.begin()), entry.dtype(), entry.shape());
  }

  @Override
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(header.metadata());
  }

  @Override
  public String origin() {
    return file.toString();
  }

  private SafetensorsHeader.Entry entry(String name) {
    SafetensorsHeader.Entry entry = header.entries().get(name);
    if (entry == null) {
      throw new MissingTensorException(origin(), name, names());
    }
    return entry;
  }
}
