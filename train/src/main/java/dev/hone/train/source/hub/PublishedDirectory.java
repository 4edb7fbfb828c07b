package dev.hone.train.source.hub;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What of a directory is uploaded: weights in safetensors, settings, tokenizer and card of an adapter or a model. Nothing
 * hidden, no pickles, no rows; and no path of this machine as the name of the base, which nobody else could load.
 */
public final class PublishedDirectory {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Pattern WANTED =
      Pattern.compile(".*\\.(safetensors|json|jinja|txt|model|tiktoken|spm|md)|LICEN[CS]E.*|NOTICE.*");
  private static final Pattern UNWANTED =
      Pattern.compile("(trainer_state|optimizer|scheduler|run|sweep|trial|predictions)\\.json");
  private static final Pattern BASE = Pattern.compile("(?m)^base_model: *\"?([^\"\\n]+?)\"? *$");
  private static final String CARD = "README.md";
  private static final String ADAPTER = "adapter_config.json";
  private static final int DEPTH = 2;

  private final List<Upload.Item> items;
  private final List<String> notes;

  private PublishedDirectory(List<Upload.Item> items, List<String> notes) {
    this.items = items;
    this.notes = notes;
  }

  /**
   * Reads a directory: of an adapter, of a model, or of a run, whose adapter or model is meant.
   *
   * @param base what the base is called on the hub; null if card and adapter say it
   * @throws HubException if it is neither, or names a base that is none on a hub
   */
  public static PublishedDirectory of(Path directory, String base) throws IOException {
    if (base != null && !RepoId.hasForm(base)) {
      throw new HubException("--base-model must be org/name, is '" + base + "'");
    }
    Path chosen = chosen(directory);
    List<String> notes = new ArrayList<>();
    if (!chosen.equals(directory)) {
      notes.add("of " + directory + " goes " + chosen.getFileName());
    }
    List<Path> files = files(chosen, notes);
    if (files.stream().noneMatch(file -> file.toString().endsWith(".safetensors"))) {
      throw new HubException(chosen + ": has no weights in safetensors");
    }
    if (!files.contains(chosen.resolve(CARD))) {
      notes.add("there is no " + CARD + ", so it goes without a card; hone train writes one");
    }
    String known = base(chosen);
    if (known != null && base == null && !RepoId.hasForm(known)) {
      throw new HubException(chosen + ": its base is called '" + known
          + "', which nobody finds on a hub; say what it is called there: "
          + "--base-model org/name");
    }
    List<Upload.Item> items = new ArrayList<>();
    for (Path file : files) {
      String path = chosen.relativize(file).toString().replace('\\', '/');
      boolean names = base != null && known != null && (path.equals(CARD) || path.equals(ADAPTER));
      items.add(names ? Upload.Item.of(path, renamed(Files.readString(file), known, base).getBytes(StandardCharsets.UTF_8))
          : Upload.Item.of(path, file));
    }
    return new PublishedDirectory(items, notes);
  }

  private static String renamed(String text, String known, String base) {
    String escaped = known.replace("\\", "\\\\"); // as JSON has a path of Windows
    return text.replace(known, base).replace(escaped, base);
  }

  private static Path chosen(Path directory) throws HubException {
    if (!Files.isDirectory(directory)) {
      throw new HubException(directory + ": no such directory");
    }
    for (Path each : List.of(directory, directory.resolve("adapter"), directory.resolve("model"))) {
      if (Files.exists(each.resolve(ADAPTER)) || Files.exists(each.resolve("config.json"))) {
        return each;
      }
    }
    throw new HubException(directory
        + ": neither an adapter (adapter_config.json) nor a model (config.json), nor a run with one");
  }

  private static List<Path> files(Path directory, List<String> notes) throws IOException {
    List<Path> wanted = new ArrayList<>();
    List<String> left = new ArrayList<>();
    try (Stream<Path> all = Files.walk(directory, DEPTH)) {
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile).sorted()::iterator) {
        String path = directory.relativize(file).toString().replace('\\', '/');
        String name = file.getFileName().toString();
        boolean hidden = ("/" + path).contains("/.");
        if (!hidden && WANTED.matcher(name).matches() && !UNWANTED.matcher(name).matches()) {
          wanted.add(file);
        } else if (!hidden) {
          left.add(path);
        }
      }
    }
    if (!left.isEmpty()) {
      notes.add("left out: " + String.join(", ", left.stream().limit(8).toList()) + (left.size() > 8 ? ", ..." : ""));
    }
    return wanted;
  }

  /** What adapter or card call the base, or null. */
  private static String base(Path directory) throws IOException {
    Path adapter = directory.resolve(ADAPTER);
    if (Files.exists(adapter)) {
      try {
        JsonNode name = JSON.readTree(Files.readString(adapter)).path("base_model_name_or_path");
        return name.asString(null);
      } catch (JacksonException e) {
        throw new HubException(adapter + ": is not valid JSON: " + e.getOriginalMessage(), e);
      }
    }
    Path card = directory.resolve(CARD);
    Matcher base = BASE.matcher(Files.exists(card) ? Files.readString(card) : "");
    return base.find() ? base.group(1) : null;
  }

  /** What is sent. */
  public List<Upload.Item> items() {
    return List.copyOf(items);
  }

  /** What the user should know. */
  public List<String> notes() {
    return List.copyOf(notes);
  }

  /** The files, with their sizes. */
  public List<String> lines() throws IOException {
    List<String> lines = new ArrayList<>();
    for (Upload.Item item : items) {
      lines.add(String.format(Locale.ROOT, "%8s  %s", Hub.size(item.size()), item.path()));
    }
    return lines;
  }
}
