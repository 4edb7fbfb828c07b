package dev.hone.train.monitor;

import dev.hone.core.io.AtomicFile;
import dev.hone.lora.AdapterFiles;
import dev.hone.train.config.UserError;
import dev.hone.train.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Versions of an adapter in a directory, and names that point to them: {@code versions/3/} has the adapter's files, perhaps
 * {@code reference.json}, and {@code version.json}; {@code aliases.json} says which version each name means, now and before.
 * A version never changes; a name moves in one step, so that whoever reads meets the old or the new one.
 *
 * {@snippet :
 * Registry registry = Registry.open(Path.of("registry"));
 * int version = registry.add(Path.of("out/adapter"), Path.of("out/reference.json"), "first");
 * registry.point(Registry.CHAMPION, version);
 * registry.rollback(Registry.CHAMPION); // back to the one before
 * }
 */
public final class Registry {
  /** The name of the version that answers. */
  public static final String CHAMPION = "champion";
  /** The name of the version that was trained last and did not become champion. */
  public static final String CHALLENGER = "challenger";

  private static final String ALIASES = "aliases.json";
  private static final String FACTS = "version.json";
  private static final String MAKING = "making"; // a version that is not whole yet

  private final Path directory;

  private Registry(Path directory) {
    this.directory = directory;
  }

  /** A registry; its directory is made if it is not there. */
  public static Registry open(Path directory) throws IOException {
    Files.createDirectories(directory.resolve("versions"));
    return new Registry(directory);
  }

  /**
   * A registry that is there.
   *
   * @throws UserError if it is not
   */
  public static Registry existing(Path directory) {
    if (!Files.isDirectory(directory.resolve("versions"))) {
      throw new UserError(directory + ": there is no registry here (hone registry add makes one)");
    }
    return new Registry(directory);
  }

  /** The numbers of all versions, ascending. */
  public List<Integer> versions() throws IOException {
    List<Integer> numbers = new ArrayList<>();
    try (Stream<Path> all = Files.list(directory.resolve("versions"))) {
      all.map(path -> path.getFileName().toString()).filter(name -> name.matches("[1-9][0-9]{0,8}"))
          .forEach(name -> numbers.add(Integer.parseInt(name)));
    }
    numbers.sort(Comparator.naturalOrder());
    return numbers;
  }

  /** The adapter of a version. */
  public Path directory(int version) {
    return directory.resolve("versions").resolve(Integer.toString(version));
  }

  /** What a server calls a version, in its log and as an adapter: {@code v3}. */
  public static String adapter(int version) {
    return "v" + version;
  }

  /** The reference of a version; null if it has none. */
  public Path reference(int version) {
    Path file = directory(version).resolve(MonitorReference.NAME);
    return Files.isRegularFile(file) ? file : null;
  }

  /** What was said of a version when it was added. */
  public String note(int version) throws IOException {
    return LogLines.JSON.readTree(Files.readString(directory(version).resolve(FACTS))).path("note").asString("");
  }

  /**
   * Adds a version by copying an adapter.
   *
   * @param adapter its directory
   * @param reference its {@code reference.json}, or null
   * @param note why it was made, and how good it is
   * @return its number
   * @throws UserError if there is no adapter
   */
  public int add(Path adapter, Path reference, String note) throws IOException {
    if (!AdapterFiles.isAdapter(adapter)) {
      throw new UserError(adapter + ": there is no adapter to add to the registry");
    }
    try (DirectoryLock _ = DirectoryLock.take(directory)) {
      List<Integer> versions = versions();
      int number = versions.isEmpty() ? 1 : versions.getLast() + 1;
      Path making = empty(directory.resolve("versions").resolve(MAKING));
      try (Stream<Path> files = Files.list(adapter)) {
        for (Path each : (Iterable<Path>) files::iterator) {
          if (Files.isRegularFile(each)) {
            Files.copy(each, making.resolve(each.getFileName()));
          }
        }
      }
      if (reference != null) {
        Files.copy(reference, making.resolve(MonitorReference.NAME), StandardCopyOption.REPLACE_EXISTING);
      }
      ObjectNode facts = LogLines.JSON.createObjectNode().put("version", number).put("added", Instant.now().toString())
          .put("note", note);
      Files.writeString(making.resolve(FACTS), facts + "\n");
      Files.move(making, directory(number), StandardCopyOption.ATOMIC_MOVE);
      return number;
    }
  }

  /** A directory like others, for all who may read those, without what a writer that was killed left in it. */
  private static Path empty(Path directory) throws IOException {
    Files.createDirectories(directory);
    try (Stream<Path> files = Files.list(directory)) {
      for (Path each : (Iterable<Path>) files::iterator) {
        Files.delete(each);
      }
    }
    return directory;
  }

  /** What each name means; empty before the first is given. */
  public Map<String, Integer> aliases() throws IOException {
    Map<String, Integer> now = new TreeMap<>();
    read().properties().forEach(entry -> now.put(entry.getKey(), entry.getValue().path("version").asInt()));
    return now;
  }

  /**
   * Checks a name that is to mean a version.
   *
   * @throws UserError if it may not
   */
  public static void checkName(String name) {
    if (!name.matches("[A-Za-z][A-Za-z0-9_-]{0,62}")) {
      throw new UserError("a name of versions must be of letters, digits, - and _, is '" + name + "'");
    }
    if (name.matches("v[0-9]+")) {
      throw new UserError("'" + name + "' is what servers call a version; give it another name");
    }
  }

  /**
   * Lets a name mean a version.
   *
   * @throws UserError if there is no such version
   */
  public void point(String name, int version) throws IOException {
    checkName(name);
    if (!versions().contains(version)) {
      throw new UserError(directory + ": there is no version " + version + "; there is " + versions());
    }
    try (DirectoryLock _ = DirectoryLock.take(directory)) {
      ObjectNode root = read();
      ObjectNode alias = root.path(name) instanceof ObjectNode known ? known : root.putObject(name);
      int before = alias.path("version").asInt(0);
      if (before == version) {
        return;
      }
      if (before > 0) {
        alias.withArray("before").add(before);
      }
      alias.put("version", version).put("since", Instant.now().toString());
      AtomicFile.writeString(directory.resolve(ALIASES), root + "\n");
    }
  }

  /**
   * Lets a name mean what it meant before.
   *
   * @return the version that it means now
   * @throws UserError if it meant nothing before
   */
  public int rollback(String name) throws IOException {
    try (DirectoryLock _ = DirectoryLock.take(directory)) {
      ObjectNode root = read();
      JsonNode before = root.path(name).path("before");
      if (before.isEmpty()) {
        throw new UserError(directory + ": " + name + " meant no other version before");
      }
      int version = before.get(before.size() - 1).asInt();
      ((ObjectNode) root.path(name)).withArray("before").remove(before.size() - 1);
      ((ObjectNode) root.path(name)).put("version", version).put("since", Instant.now().toString());
      AtomicFile.writeString(directory.resolve(ALIASES), root + "\n");
      return version;
    }
  }

  private ObjectNode read() throws IOException {
    Path file = directory.resolve(ALIASES);
    if (!Files.exists(file)) {
      return LogLines.JSON.createObjectNode();
    }
    try {
      if (LogLines.JSON.readTree(Files.readString(file)) instanceof ObjectNode root
          && root.properties().stream().allMatch(entry -> isAlias(entry.getValue()))) {
        return root;
      }
    } catch (JacksonException _) {
      // said below
    }
    throw new DataException(file.toString(), "is not what a registry wrote");
  }

  private static boolean isAlias(JsonNode alias) {
    JsonNode before = alias.path("before");
    return isVersion(alias.path("version")) && (before.isMissingNode() || before.isArray()
        && before.valueStream().allMatch(Registry::isVersion));
  }

  private static boolean isVersion(JsonNode number) {
    return number.isInt() && number.asInt() > 0;
  }
}
