package dev.hone.core.io;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JsonToken;

/**
 * A model in several safetensors files, with an index that says which file has which tensor. All shards are opened, and the
 * index is checked against them, at once: their headers are small, and a missing shard is better known before than amid work.
 */
final class ShardedSafetensors implements TensorSource {
  private final Path index;
  private final Map<String, Safetensors> shardOf;
  private final Map<String, String> metadata;

  private ShardedSafetensors(Path index, Map<String, Safetensors> shardOf, Map<String, String> metadata) {
    this.index = index;
    this.shardOf = shardOf;
    this.metadata = metadata;
  }

  static ShardedSafetensors open(Path index, Arena arena) throws IOException {
    Map<String, Safetensors> shards = new HashMap<>();
    Map<String, Safetensors> shardOf = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    for (Map.Entry<String, String> located : weightMap(index).entrySet()) {
      String tensor = located.getKey();
      String file = located.getValue();
      Safetensors shard = shards.get(file);
      if (shard == null) {
        Path path = index.resolveSibling(checkedName(index, tensor, file));
        if (!Files.exists(path)) {
          throw SafetensorsHeader.error(index, tensor, "its shard " + file + " does not exist beside the index");
        }
        shard = Safetensors.open(path, arena);
        shards.put(file, shard);
        metadata.putAll(shard.metadata());
      }
      if (!shard.contains(tensor)) {
        throw SafetensorsHeader.error(index, tensor, "its shard " + file + " does not have it");
      }
      shardOf.put(tensor, shard);
    }
    return new ShardedSafetensors(index, shardOf, metadata);
  }

  private static Map<String, String> weightMap(Path index) throws IOException {
    if (Files.size(index) > SafetensorsHeader.LONGEST) {
      throw new TensorFileException(index + ": " + Files.size(index) + " bytes; an index may have " + SafetensorsHeader.LONGEST);
    }
    Map<String, String> map = null;
    try (StrictJson json = new StrictJson(index, "index", Files.readAllBytes(index))) {
      json.expect(JsonToken.START_OBJECT, "it must be an object");
      for (String key = json.nextName("keys"); key != null; key = json.nextName("keys")) {
        if (!key.equals("weight_map")) {
          json.skipValue();
          continue;
        }
        json.require(map == null, "weight_map must stand there only once");
        map = new LinkedHashMap<>();
        json.expect(JsonToken.START_OBJECT, "weight_map must be an object of file names");
        for (String name = json.nextName("weight_map"); name != null; name = json.nextName("weight_map")) {
          if (map.put(name, json.nextString("weight_map must hold file names only")) != null) {
            throw SafetensorsHeader.error(index, name, "listed twice in weight_map");
          }
        }
      }
      json.expectEnd();
      json.require(map != null, "weight_map is missing");
    }
    return map;
  }

  /** A shard lies beside its index: anything but a plain file name could read files that are no part of the model. */
  private static String checkedName(Path index, String tensor, String file) throws TensorFileException {
    boolean plain = !file.isEmpty() && file.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ');
    if (!plain || !file.endsWith(".safetensors")) {
      throw SafetensorsHeader.error(index, tensor, "weight_map points to " + TensorFileException.quote(file)
          + "; it must be the plain name of a .safetensors file in the same directory");
    }
    return file;
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(shardOf.keySet());
  }

  @Override
  public Shape shape(String name) {
    return shard(name).shape(name);
  }

  @Override
  public DType dtype(String name) {
    return shard(name).dtype(name);
  }

  @Override
  public Tensor tensor(String name) {
    return shard(name).tensor(name);
  }

  @Override
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  @Override
  public String origin() {
    return index.toString();
  }

  private Safetensors shard(String name) {
    Safetensors shard = shardOf.get(name);
    if (shard == null) {
      throw new MissingTensorException(origin(), name, names());
    }
    return shard;
  }
}
