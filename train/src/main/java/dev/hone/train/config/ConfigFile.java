package dev.hone.train.config;

import dev.hone.core.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.type.TypeReference;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** A configuration file: one mapping from keys to values, in YAML, which JSON is a part of. */
public final class ConfigFile {
  private static final YAMLMapper YAML = YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
  private static final Pattern DOUBLED =
      Pattern.compile("(?i)duplicate (?:field|key|object property)[^\\w'\"]+[\"']?([^\"'\n]+)[\"']?");

  private ConfigFile() {}

  public static Map<String, Object> read(Path file) {
    try {
      Map<String, Object> values = YAML.readValue(Files.readString(file), new TypeReference<LinkedHashMap<String, Object>>() {});
      if (values == null) {
        throw new UserError(file + ": the file is empty");
      }
      values.values().removeIf(ConfigFile::isNull);
      return values;
    } catch (NoSuchFileException e) {
      throw new UserError(file + ": no such file", e);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read (" + e.getMessage() + ")", e);
    } catch (JacksonException e) {
      Matcher doubled = DOUBLED.matcher(String.valueOf(e.getMessage()));
      if (doubled.find()) {
        throw new UserError(file + ": the key '" + doubled.group(1) + "' is there twice (line "
            + line(e) + "); which of the two counts is not for a reader to guess", e);
      }
      throw new UserError(file + ": not a mapping from keys to values in YAML or JSON: " + e.getOriginalMessage()
          .lines().findFirst().orElse("") + " (line " + line(e) + ")", e);
    }
  }

  private static int line(JacksonException e) {
    return e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr()); // limits of nesting name no place
  }

  /** Whether a value is one of YAML's ways to write nothing, of which the reader knows only one: what is not given. */
  private static boolean isNull(Object value) {
    return value == null || value instanceof String text && List.of("~", "null", "Null", "NULL").contains(text);
  }

  /** Writes a file that {@link #read} gives back. */
  public static void write(Path file, Map<String, String> values) throws IOException {
    AtomicFile.writeString(file, YAML.writeValueAsString(values));
  }
}
