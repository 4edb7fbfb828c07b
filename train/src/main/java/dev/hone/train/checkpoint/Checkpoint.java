package dev.hone.train.checkpoint;

import dev.hone.core.HostArray;
import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.core.io.TensorFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The state of a run between two steps. On disk it is a safetensors file; the state's JSON and a SHA-256 of JSON, names and
 * elements stand in its metadata.
 *
 * @param tensors by name; after reading they are mapped from the file
 * @param state all that is no tensor
 */
public record Checkpoint(Map<String, Tensor> tensors, ObjectNode state) {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String STATE = "hone_state";
  private static final String HASH = "hone_sha256";
  private static final int CHUNK = 1 << 14;

  /** Writes the file, whole or not at all. */
  void write(Path file) throws IOException {
    String json = JSON.writeValueAsString(state);
    SafetensorsWriter writer = new SafetensorsWriter().metadata(STATE, json).metadata(HASH, hash(json, tensors));
    tensors.forEach(writer::add);
    writer.write(file);
  }

  /**
   * Reads a file and checks its hash.
   *
   * @throws IOException if it is damaged or no checkpoint
   */
  public static Checkpoint read(Path file) throws IOException {
    Safetensors source = Safetensors.open(file);
    String json = source.metadata().get(STATE);
    String hash = source.metadata().get(HASH);
    if (json == null || hash == null) {
      throw new TensorFileException(file + ": not a checkpoint of a run");
    }
    Map<String, Tensor> tensors = new TreeMap<>();
    source.names().forEach(name -> tensors.put(name, source.tensor(name)));
    if (!hash.equals(hash(json, tensors))) {
      throw new TensorFileException(file + ": damaged, its content does not have the hash that it was written with");
    }
    try {
      return new Checkpoint(tensors, (ObjectNode) JSON.readTree(json));
    } catch (JacksonException | ClassCastException e) {
      throw new TensorFileException(file + ": its state is not a JSON object", e);
    }
  }

  private static String hash(String json, Map<String, Tensor> tensors) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has it
    }
    digest.update(json.getBytes(StandardCharsets.UTF_8));
    new TreeMap<>(tensors).forEach((name, tensor) -> {
      digest.update((name + tensor.dtype() + tensor.shape()).getBytes(StandardCharsets.UTF_8));
      update(digest, tensor);
    });
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The elements as they lie in a file, little-endian. */
  private static void update(MessageDigest digest, Tensor tensor) {
    if (tensor.isReadOnly()) {
      long bytes = tensor.bytes();
      for (long from = 0; from < bytes; from += 1 << 30) {
        digest.update(tensor.segment().asSlice(from, Math.min(1 << 30, bytes - from)).asByteBuffer());
      }
      return;
    }
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int length = tensor.shape().length();
    try (HostArray numbers = tensor.onHost(HostArray.Access.READ)) {
      for (int from = 0; from < length; from += CHUNK) {
        int n = Math.min(CHUNK, length - from);
        buffer.clear();
        buffer.asFloatBuffer().put(numbers.array(), numbers.offset() + from, n);
        digest.update(buffer.limit(n * Float.BYTES));
      }
    }
  }
}
