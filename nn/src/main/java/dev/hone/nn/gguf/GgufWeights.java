package dev.hone.nn.gguf;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.MissingTensorException;
import dev.hone.core.io.TensorFileException;
import dev.hone.core.io.TensorSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a file of llama.cpp by the names of Hugging Face, as they are stored: codes stay codes, over the mapped file.
 * Only rows of queries and keys of {@code llama} are copied into another order, norms of Gemma are lessened by 1, and matrices of
 * GPT-2 that are no codes are turned.
 */
public final class GgufWeights implements TensorSource {
  /** What the file is called in a model directory. */
  public static final String FILE = "model.gguf";

  private final GgufFile file;
  private final GgufFamily family;
  private final int headDim;
  private final Map<String, GgufFile.Entry> entries = new LinkedHashMap<>();

  private GgufWeights(GgufFile file) throws TensorFileException {
    this.file = file;
    this.family = GgufConfig.family(file);
    this.headDim = GgufConfig.headDim(file);
    List<String> others = new ArrayList<>();
    for (GgufFile.Entry entry : file.tensors().values()) {
      String name = family.inModel(entry.name());
      if (name != null) {
        entries.put(name, entry);
      } else if (!GgufConfig.FACTORS.contains(entry.name())) {
        others.add(entry.name());
      }
    }
    if (!others.isEmpty()) {
      throw new TensorFileException(file.path() + ": tensors without a place in a model of the architecture "
          + family.architecture() + ": " + others.subList(0, Math.min(5, others.size())));
    }
  }

  /**
   * Opens a file.
   *
   * @param arena whose end unmaps it
   * @throws TensorFileException if it is none of this format, or has tensors that its architecture does not
   */
  public static GgufWeights open(Path file, Arena arena) throws IOException {
    return new GgufWeights(GgufFile.open(file, arena));
  }

  private GgufFile.Entry entry(String name) {
    GgufFile.Entry entry = entries.get(name);
    if (entry == null) {
      throw new MissingTensorException(origin(), name, names());
    }
    return entry;
  }

  /** GPT-2's matrices are stored [in, out] by Hugging Face; codes stay in rows of [out, in], as quantised ones are everywhere. */
  private boolean isTurned(GgufFile.Entry entry) {
    return family.architecture().equals("gpt2") && entry.shape().length == 2 && entry.name().startsWith("blk.")
        && !entry.type().isQuantized();
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(entries.keySet());
  }

  @Override
  public Shape shape(String name) {
    GgufFile.Entry entry = entry(name);
    return isTurned(entry) ? Shape.of(entry.shape()[1], entry.shape()[0]) : Shape.of(entry.shape());
  }

  @Override
  public DType dtype(String name) {
    return tensor(name).dtype();
  }

  @Override
  public Tensor tensor(String name) {
    GgufFile.Entry entry = entry(name);
    MemorySegment bytes = file.bytes(entry);
    int[] shape = entry.shape();
    if (family.turned() && (entry.name().contains(".attn_q.") || entry.name().contains(".attn_k."))) {
      return entry.type().tensor(GgufPart.turnedRows(bytes, shape[0], headDim, false), shape);
    }
    Tensor stored = entry.type().tensor(bytes, shape);
    if (family.aroundOne() && GgufFamily.isNorm(entry.name())) {
      float[] values = stored.toFloatArray();
      for (int i = 0; i < values.length; i++) {
        values[i] -= 1;
      }
      return Tensor.of(values, shape);
    }
    if (!isTurned(entry)) {
      return stored;
    }
    float[] values = new float[shape[0] * shape[1]];
    new GgufPart(name, stored, GgufPart.Change.TRANSPOSED, 0).numbers(GgufType.F32).read(0, values.length, values);
    byte[] turned = entry.type().encoded(values, values.length); // exactly what they were
    MemorySegment room = Arena.ofAuto().allocate(turned.length, Long.BYTES);
    MemorySegment.copy(turned, 0, room, ValueLayout.JAVA_BYTE, 0, turned.length);
    return entry.type().tensor(room, shape[1], shape[0]);
  }

  @Override
  public Map<String, String> metadata() {
    return Map.of();
  }

  @Override
  public String origin() {
    return file.path().toString();
  }
}
