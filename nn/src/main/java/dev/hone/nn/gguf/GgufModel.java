package dev.hone.nn.gguf;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.core.io.TensorFileException;
import dev.hone.nn.CausalHead;
import dev.hone.nn.Linear;
import dev.hone.nn.ModelException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * A model as llama.cpp has it: a decoder, or an encoder of the BERT kind for embeddings. Rows of the projections of queries and
 * keys are in another order for {@code llama} alone, where the numbers that turn together are neighbours and not a half apart;
 * norms of Gemma have 1 added; matrices of GPT-2 are turned.
 */
public final class GgufModel {
  private static final int CHUNK = 1 << 20; // numbers compared at a time
  private static final Set<String> SMALL = Set.of("position_embd.weight", "token_types.weight"); // tables in 32 bits

  private final PretrainedModel model;
  private final Map<String, Supplier<Tensor>> changed;
  private final GgufFamily family;
  private final GgufSettings settings;
  private final boolean tied;

  /**
   * A model without adapters, or with adapters merged.
   *
   * @throws ModelException if llama.cpp does not have its family, or would compute something else
   */
  public GgufModel(PretrainedModel model) {
    this(model, Map.of());
  }

  /**
   * A model with changes that are made when they are written.
   *
   * @param changed weights by their names in the model; each is asked for more than once, and let go in between
   * @throws ModelException if llama.cpp does not have its family, or would compute something else
   */
  public GgufModel(PretrainedModel model, Map<String, Supplier<Tensor>> changed) {
    this.model = model;
    this.changed = Map.copyOf(changed);
    family = GgufFamily.ofModel(model.config().modelType());
    if (model.task() != (family.encodes() ? Task.EMBEDDING : Task.CAUSAL_LM)) {
      throw new ModelException("GGUF: a model for " + model.task() + " is not exported; decoders that write text and encoders "
          + "for embeddings are");
    }
    settings = GgufSettings.of(model, family);
    tied = model.head() instanceof CausalHead head && head.tied();
  }

  /** What a user must know of the file. */
  public List<String> warnings() {
    return settings.warnings();
  }

  /** llama.cpp's name of its kind. */
  public String architecture() {
    return family.architecture();
  }

  /**
   * Metadata of the model in the order of llama.cpp's converter, without that of the tokenizer.
   *
   * @param type of the matrices, or null for those of a model that was read from such a file, as they are
   */
  public Map<String, Object> metadata(String name, GgufType type) {
    return settings.metadata(name, type == null ? mostOf().fileType() : type.fileType());
  }

  /** The type that most matrices have. */
  private GgufType mostOf() {
    long[] counts = new long[GgufType.values().length];
    for (Parameter parameter : model.baseParameters().values()) {
      GgufType type = GgufType.of(parameter.value());
      if (parameter.shape().rank() == 2 && type != null) {
        counts[type.ordinal()]++;
      }
    }
    int most = 0;
    for (int i = 1; i < counts.length; i++) {
      most = counts[i] > counts[most] ? i : most;
    }
    return GgufType.values()[most];
  }

  private List<GgufPart> parts() {
    List<GgufPart> parts = new ArrayList<>();
    settings.factors().forEach((name, values) -> parts.add(new GgufPart(name, Tensor.of(values, values.length),
        GgufPart.Change.NONE, 0)));
    Set<String> inputsFirst = new HashSet<>(); // GPT-2's matrices
    model.layers().forEach((path, layer) -> {
      if (layer instanceof Linear linear && !linear.isTransposed()) {
        inputsFirst.add(path + ".weight");
      }
    });
    for (Map.Entry<String, Parameter> parameter : new TreeMap<>(model.baseParameters()).entrySet()) {
      String name = family.inFile(parameter.getKey());
      if (name == null) {
        throw new ModelException("GGUF: " + parameter.getKey() + " has no place in a file of the architecture "
            + family.architecture());
      }
      boolean turned = family.turned() && (name.contains(".attn_q.") || name.contains(".attn_k."));
      GgufPart.Change change = turned ? GgufPart.Change.TURNED
          : family.aroundOne() && GgufFamily.isNorm(name) ? GgufPart.Change.AROUND_ONE
          : inputsFirst.contains(parameter.getKey()) ? GgufPart.Change.TRANSPOSED : GgufPart.Change.NONE;
      parts.add(new GgufPart(name, parameter.getValue().value(), changed.get(parameter.getKey()), change,
          settings.headDim()));
    }
    return parts;
  }

  /**
   * Adds all tensors to a file: vectors in 32 bits, and matrices too whose rows are no whole number of blocks, in 16.
   *
   * @param type of the matrices: of 4 and 5 bits the mixture that llama.cpp calls M; null keeps what a file of llama.cpp had
   */
  public void tensors(GgufWriter file, GgufType type) {
    for (GgufPart part : parts()) {
      GgufType own = typeOf(part, type);
      file.tensor(part.name(), part.shape(), own, part.numbers(own));
    }
  }

  private GgufType typeOf(GgufPart part, GgufType wanted) {
    if (part.tensor().shape().rank() == 1 || SMALL.contains(part.name())) {
      return GgufType.F32;
    }
    GgufType stored = GgufType.of(part.tensor());
    if (wanted == null && stored != null) {
      return stored;
    }
    GgufType own = wanted == null ? GgufType.Q8_0 : ofMixture(part.name(), wanted);
    int columns = part.shape()[1];
    if (columns % own.block() != 0) {
      own = switch (own) {
        case Q4_K -> GgufType.Q5_0;
        case Q5_K -> GgufType.Q5_1;
        case Q6_K -> GgufType.Q8_0;
        default -> own;
      };
    }
    return columns % own.block() == 0 ? own : GgufType.F16;
  }

  /** More bits for what matters more: head (of encoders the table), in some layers values and what ends the feed-forward part. */
  private GgufType ofMixture(String name, GgufType wanted) {
    boolean head = name.equals(tied || family.encodes() ? "token_embd.weight" : "output.weight");
    if (head && wanted.isQuantized() && wanted != GgufType.Q8_0) {
      return GgufType.Q6_K;
    }
    if (wanted != GgufType.Q4_K && wanted != GgufType.Q5_K || !name.startsWith("blk.")) {
      return wanted;
    }
    if (name.endsWith(".attn_qkv.weight")) {
      return wanted == GgufType.Q4_K ? GgufType.Q5_K : GgufType.Q6_K;
    }
    int layer = Integer.parseInt(name.split("\\.")[1]);
    int layers = model.config().layers();
    boolean more = layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
    return more && (name.endsWith(".attn_v.weight") || name.endsWith(".ffn_down.weight")) ? GgufType.Q6_K : wanted;
  }

  /** Metadata of a LoRA for this model; {@code alpha} / rank is what llama.cpp multiplies the product of each pair by. */
  public Map<String, Object> loraMetadata(String name, float alpha) {
    return new LinkedHashMap<>(Map.of("general.architecture", family.architecture(), "general.type", "adapter", "adapter.type",
        "lora", "general.name", name, "adapter.lora.alpha", alpha, "general.quantization_version", 2));
  }

  /**
   * Adds the pair of a layer to a file.
   *
   * @param path of the layer
   * @param a [r, in]; of a table [r, V]
   * @param b [out, r]; of a table [C, r]
   * @param factor what B is multiplied by
   * @throws ModelException if llama.cpp has no such layer, or none of its own
   */
  public void lora(GgufWriter file, String path, Tensor a, Tensor b, float factor) {
    String name = family.inFile(path + ".weight");
    boolean table = "token_embd.weight".equals(name);
    boolean shared = tied && (table || "output.weight".equals(name)) || "position_embd.weight".equals(name);
    if (name == null || shared) {
      throw new ModelException("GGUF: llama.cpp takes no adapter of " + path + (name == null ? ""
          : tied ? ", which is the head and the table of tokens in one" : "") + "; merge it into the model");
    }
    float[] up = b.toFloatArray();
    for (int i = 0; i < up.length && factor != 1; i++) {
      up[i] *= factor;
    }
    boolean turned = family.turned() && (name.contains(".attn_q.") || name.contains(".attn_k."));
    GgufPart left = new GgufPart(name + ".lora_a", a, table ? GgufPart.Change.TRANSPOSED : GgufPart.Change.NONE, 0);
    GgufPart right = new GgufPart(name + ".lora_b", Tensor.of(up, b.dim(0), b.dim(1)),
        turned ? GgufPart.Change.TURNED : GgufPart.Change.NONE, settings.headDim());
    file.tensor(left.name(), left.shape(), GgufType.F32, left.numbers(GgufType.F32));
    file.tensor(right.name(), right.shape(), GgufType.F32, right.numbers(GgufType.F32));
  }

  /**
   * Reads a file again and compares every tensor, bit for bit, with what the model's numbers become in its type.
   *
   * @return the largest difference from the model, as a share of the largest magnitude of its block
   * @throws TensorFileException if a tensor is missing, has another shape, differs, or was rounded by more than its type may
   */
  public double check(Path file) throws IOException {
    GgufFile read = GgufFile.open(file);
    List<GgufPart> parts = parts();
    double largest = 0;
    for (GgufPart part : parts) {
      GgufFile.Entry entry = read.tensors().get(part.name());
      if (entry == null || !Arrays.equals(entry.shape(), part.shape())) {
        throw new TensorFileException(file + ": read again, it lacks " + part.name());
      }
      GgufWriter.Numbers numbers = part.numbers(entry.type());
      Tensor found = read.tensor(part.name());
      float[] wanted = new float[(int) Math.min(CHUNK, found.size())];
      float[] values = new float[wanted.length];
      for (long from = 0; from < found.size(); from += CHUNK) {
        int count = (int) Math.min(CHUNK, found.size() - from);
        numbers.read(from, count, wanted);
        found.read(from, count, values, 0);
        largest = Math.max(largest, difference(file, entry, from, count, wanted, values));
        long bytes = entry.type().bytes(from);
        byte[] own = numbers.stored() == null ? entry.type().encoded(wanted, count) : null;
        if (own != null && !Arrays.equals(own, GgufType.bytes(read.bytes(entry).asSlice(bytes, own.length)))) {
          throw new TensorFileException(file + ": read again, " + part.name() + " differs from what was written, between "
              + from + " and " + (from + count));
        }
      }
      numbers.done();
      read.bytes(entry).unload();
    }
    if (read.tensors().size() != parts.size()) {
      throw new TensorFileException(file + ": read again, it has " + read.tensors().size() + " tensors, the model "
          + parts.size());
    }
    return largest;
  }

  private static double difference(Path file, GgufFile.Entry entry, long first, int count, float[] wanted, float[] found)
      throws TensorFileException {
    int block = entry.type().block();
    double largest = 0;
    for (int from = 0; from < count; from += block) {
      double most = 0;
      double difference = 0;
      for (int i = from; i < Math.min(count, from + block); i++) {
        most = Math.max(most, Math.abs(wanted[i]));
        difference = Math.max(difference, Math.abs((double) wanted[i] - found[i]));
      }
      if (!(difference <= most * entry.type().error() + 1e-7)) { // the rest: numbers too small for 16 bits
        throw new TensorFileException(file + ": read again, " + entry.name() + " differs at " + (first + from) + " by "
            + difference + " from the model, more than " + entry.type() + " rounds");
      }
      largest = Math.max(largest, most == 0 ? 0 : difference / most);
    }
    return largest;
  }
}
