package dev.hone.nn.load;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.TensorSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What a model of one narrow layer has in place of a directory's sizes, and weights of the type that the directory has. */
final class Miniature {
  private static final int HIDDEN = 64; // sums as long as those that take the ways of large products
  private static final int HEADS = 4;
  private static final int FEED_FORWARD = 96;
  private static final int VOCABULARY = 96;
  private static final int POSITIONS = 512;

  /** Sizes by the names that families have for them. */
  private static final Map<String, Integer> SIZES = sizes();
  /** What is not as long, or names tokens or labels that are not there. */
  private static final Set<String> LEFT_OUT = Set.of("layer_types", "id2label", "label2id", "num_labels", "pad_token_id",
      "bos_token_id", "eos_token_id", "quantization_config");

  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Miniature() {}

  private static Map<String, Integer> sizes() {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    put(sizes, HIDDEN, "hidden_size", "n_embd", "d_model", "dim", "embedding_size", "word_embed_proj_dim");
    put(sizes, HEADS, "num_attention_heads", "n_head", "n_heads", "num_heads");
    put(sizes, HEADS / 2, "num_key_value_heads", "num_kv_heads");
    put(sizes, HIDDEN / HEADS, "head_dim");
    put(sizes, FEED_FORWARD, "intermediate_size", "n_inner", "ffn_dim", "hidden_dim", "ffn_hidden_size");
    put(sizes, 1, "num_hidden_layers", "n_layer", "n_layers", "num_layers");
    put(sizes, POSITIONS, "max_position_embeddings", "n_positions");
    put(sizes, VOCABULARY, "vocab_size");
    return sizes;
  }

  private static void put(Map<String, Integer> sizes, int size, String... keys) {
    for (String key : keys) {
      sizes.put(key, size);
    }
  }

  /** A configuration of the same family and the same switches. Sizes that are smaller already stay. */
  static ObjectNode config(ObjectNode tree) {
    ObjectNode small = tree.deepCopy();
    small.remove(LEFT_OUT);
    SIZES.forEach((key, size) -> {
      JsonNode node = small.path(key);
      if (node.isInt() && node.intValue() > size) {
        small.put(key, size);
      }
    });
    if (small.path("text_config") instanceof ObjectNode text) {
      small.set("text_config", config(text));
    }
    return small;
  }

  /** The type that a configuration says the weights have. */
  static DType storedType(ObjectNode tree) {
    String name = tree.path("dtype").asString(tree.path("torch_dtype").asString(""));
    return Stream.of(DType.BF16, DType.F16).filter(type -> type.torchName().equals(name)).findFirst().orElse(DType.F32);
  }

  /** Tensors outside the heap in the type of a file, as those of a mapped file are; of other types than floats as they are. */
  static TensorSource stored(TensorSource values, DType type) {
    return type == DType.F32 || type == DType.BF16 || type == DType.F16 ? new Stored(values, type) : values;
  }

  private record Stored(TensorSource values, DType type) implements TensorSource {
    @Override
    public Set<String> names() {
      return values.names();
    }

    @Override
    public Shape shape(String name) {
      return values.shape(name);
    }

    @Override
    public DType dtype(String name) {
      return type;
    }

    @Override
    public Tensor tensor(String name) {
      float[] numbers = values.tensor(name).toFloatArray();
      MemorySegment segment = Arena.ofAuto().allocate((long) numbers.length * type.bytes(), 64);
      for (int i = 0; i < numbers.length; i++) {
        switch (type) {
          case BF16 -> segment.set(I16, 2L * i, (short) (Float.floatToRawIntBits(numbers[i]) >>> 16));
          case F16 -> segment.set(I16, 2L * i, Float.floatToFloat16(numbers[i]));
          default -> segment.set(F32, 4L * i, numbers[i]);
        }
      }
      return Tensor.of(segment, type, shape(name));
    }

    @Override
    public Map<String, String> metadata() {
      return Map.of();
    }

    @Override
    public String origin() {
      return values.origin();
    }
  }
}
