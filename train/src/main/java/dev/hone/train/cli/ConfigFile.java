package dev.hone.train.cli;

import dev.hone.core.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** A configuration file: one mapping from keys to values, in YAML, which JSON is a part of. */
final class ConfigFile {
  private static final YAMLMapper YAML = YAMLMapper.builder().build();

  private ConfigFile() {}

  static Map<String, Object> read(Path file) {
    try {
      Map<String, Object> values = YAML.readValue(Files.readString(file), new TypeReference<LinkedHashMap<String, Object>>() {});
      if (values == null) {
        throw new UserError(file + ": the file is empty");
      }
      return values;
    } catch (NoSuchFileException e) {
      throw new UserError(file + ": no such file", e);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read (" + e.getMessage() + ")", e);
    } catch (JacksonException e) {
      throw new UserError(file + ": not a mapping from keys to values in YAML or JSON: " + e.getOriginalMessage()
          .lines().findFirst().orElse("") + " (line " + Math.max(1, e.getLocation().getLineNr()) + ")", e);
    }
  }

  /** Writes a file that {@link #read} gives back. */
  static void write(Path file, Map<String, String> values) throws IOException {
    AtomicFile.writeString(file, YAML.writeValueAsString(values));
  }
}
