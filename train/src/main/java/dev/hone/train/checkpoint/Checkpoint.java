package dev.hone.train.checkpoint;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.core.io.TensorBytes;
import dev.hone.core.io.TensorFileException;
import dev.hone.train.distributed.Ranks;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
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

  /**
   * Rank 0's checkpoint for all processes of a run.
   *
   * @param own read from a file there, or null if there is none; not looked at elsewhere
   */
  public static Checkpoint handOut(Ranks ranks, Checkpoint own) {
    ObjectNode about = JSON.createObjectNode();
    if (own != null) {
      about.set("state", own.state);
      ObjectNode shapes = about.putObject("tensors");
      own.tensors.forEach((name, tensor) -> {
        ArrayNode dims = shapes.putObject(name).put("dtype", tensor.dtype().name()).putArray("shape");
        Arrays.stream(tensor.shape().toArray()).forEach(dims::add);
      });
    }
    ObjectNode found = (ObjectNode) JSON.readTree(ranks.broadcast(JSON.writeValueAsString(about)));
    if (!found.has("state")) {
      return null;
    }
    Map<String, Tensor> tensors = new TreeMap<>();
    Map<String, JsonNode> entries = new TreeMap<>(); // one order for all
    found.get("tensors").forEachEntry(entries::put);
    entries.forEach((name, entry) -> {
      if (ranks.leads()) {
        ranks.broadcast(own.tensors.get(name).segment());
      } else {
        DType dtype = DType.valueOf(entry.path("dtype").asString());
        Shape shape = Shape.of(entry.path("shape").valueStream().mapToInt(JsonNode::asInt).toArray());
        long size = dtype.bytes() * shape.size();
        MemorySegment bytes = Arena.ofAuto().allocate(Math.max(1, size), 64).asSlice(0, size);
        ranks.broadcast(bytes);
        tensors.put(name, Tensor.of(bytes, dtype, shape));
      }
    });
    return ranks.leads() ? own : new Checkpoint(tensors, (ObjectNode) found.get("state"));
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
      TensorBytes.each(tensor, digest::update);
    });
    return HexFormat.of().formatHex(digest.digest());
  }
}
