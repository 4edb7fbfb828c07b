package dev.hone.core.io;

import dev.hone.core.io.SafetensorsWriter.Item;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.Separators;

/**
 * The weight files of a model directory, written as one change as far as the file system allows: all shards are complete on
 * the disk under temporary names before the first one is renamed, the index comes last, and files of an earlier
 * model that would contradict it go after that.
 */
final class ModelDirectory {
  private static final Pattern SHARD = Pattern.compile("model-\\d{5}-of-\\d{5}\\.safetensors");

  private final Path directory;

  ModelDirectory(Path directory) {
    this.directory = directory;
  }

  /** Writes some tensors into a file. */
  interface FileWriter {
    void write(AtomicFile file, Collection<Item> items) throws IOException;
  }

  void write(Collection<Item> items, long maxShardBytes, FileWriter writer) throws IOException {
    List<List<Item>> shards = split(items, maxShardBytes);
    List<AtomicFile> files = new ArrayList<>();
    Set<String> names = new HashSet<>();
    try {
      for (int i = 0; i < shards.size(); i++) {
        String name = name(i, shards.size());
        names.add(name);
        AtomicFile file = AtomicFile.create(directory.resolve(name));
        files.add(file);
        writer.write(file, shards.get(i));
        file.finish();
      }
      for (AtomicFile file : files) {
        file.publish();
      }
    } finally {
      for (AtomicFile file : files) {
        file.close();
      }
    }
    if (shards.size() > 1) {
      AtomicFile.writeString(directory.resolve(WeightFiles.INDEX), index(shards));
    }
    removeOthers(names);
  }

  /** Fills shards in the given order. A tensor above the bound is alone in its shard, the one under way goes on after it. */
  private static List<List<Item>> split(Collection<Item> items, long maxShardBytes) {
    List<List<Item>> shards = new ArrayList<>();
    List<Item> current = new ArrayList<>();
    long bytes = 0;
    for (Item item : items) {
      if (item.bytes() > maxShardBytes) {
        shards.add(List.of(item));
        continue;
      }
      if (bytes + item.bytes() > maxShardBytes) {
        shards.add(current);
        current = new ArrayList<>();
        bytes = 0;
      }
      current.add(item);
      bytes += item.bytes();
    }
    if (!current.isEmpty() || shards.isEmpty()) {
      shards.add(current);
    }
    return shards;
  }

  private static String name(int index, int count) {
    return count == 1 ? WeightFiles.SINGLE
        : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", index + 1, count);
  }

  private static String index(List<List<Item>> shards) {
    Map<String, String> weightMap = new TreeMap<>();
    long bytes = 0;
    long elements = 0;
    for (int i = 0; i < shards.size(); i++) {
      for (Item item : shards.get(i)) {
        weightMap.put(item.name(), name(i, shards.size()));
        bytes += item.bytes();
        elements += item.shape().size();
      }
    }
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(new Indented(), text)) {
      json.writeStartObject();
      json.writeName("metadata").writeStartObject();
      json.writeName("total_parameters").writeNumber(elements);
      json.writeName("total_size").writeNumber(bytes);
      json.writeEndObject();
      json.writeName("weight_map").writeStartObject();
      weightMap.forEach((name, file) -> json.writeName(name).writeString(file));
      json.writeEndObject();
      json.writeEndObject();
    }
    return text + "\n";
  }

  /** Two spaces a level and a space after the colon, as transformers writes its files. */
  private static final class Indented extends ObjectWriteContext.Base {
    @Override
    public PrettyPrinter getPrettyPrinter() {
      Separators separators = Separators.createDefaultInstance().withObjectNameValueSpacing(Separators.Spacing.AFTER);
      return new DefaultPrettyPrinter(separators).withObjectIndenter(new DefaultIndenter("  ", "\n"));
    }
  }

  /** What an earlier model left would be read in place of, or beside, what was just written. */
  private void removeOthers(Set<String> written) throws IOException {
    if (written.contains(WeightFiles.SINGLE)) {
      Files.deleteIfExists(directory.resolve(WeightFiles.INDEX));
    } else {
      Files.deleteIfExists(directory.resolve(WeightFiles.SINGLE));
    }
    List<Path> stale;
    try (Stream<Path> files = Files.list(directory)) {
      stale = files.filter(file -> SHARD.matcher(file.getFileName().toString()).matches())
          .filter(file -> !written.contains(file.getFileName().toString())).toList();
    }
    for (Path file : stale) {
      Files.deleteIfExists(file);
    }
  }
}
