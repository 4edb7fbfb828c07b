package dev.hone.train.source.hub;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What the cache of {@code huggingface_hub} has: listed, removed, compared with its hashes. A blob that is a link into the store
 * that models share is removed as the link that it is; what Python's client put there it removes itself.
 */
public final class CachedRepos {
  private final Path root;

  /** The cache in a directory. */
  CachedRepos(Path root) {
    this.root = root;
  }

  /** The cache of this user. */
  public static CachedRepos ofUser() throws HubException {
    HubSettings settings = HubSettings.ofUser();
    if (settings.cache() == null) {
      throw new HubException("this user has no home directory with a cache; set HF_HOME or HF_HUB_CACHE");
    }
    return new CachedRepos(settings.cache());
  }

  /**
   * A repository in the cache.
   *
   * @param repo its kind and name
   * @param commits of its snapshots, with the branches and tags that they were when these were last looked up
   * @param bytes that it takes on the disk, without what a shared store holds
   * @param unfinished of these, what has come of files that are not complete
   */
  public record Entry(RepoId repo, Map<String, List<String>> commits, long bytes, long unfinished) {}

  /** Where the cache is. */
  public Path root() {
    return root;
  }

  /** All repositories, by name. */
  public List<Entry> list() throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (Path folder : children(root)) {
      Optional<RepoId> repo = HubCache.idOf(folder.getFileName().toString());
      if (repo.isPresent() && Files.isDirectory(folder)) {
        entries.add(entry(repo.get(), folder));
      }
    }
    return entries;
  }

  private static Entry entry(RepoId repo, Path folder) throws IOException {
    Map<String, List<String>> commits = new TreeMap<>();
    for (Path snapshot : children(folder.resolve("snapshots"))) {
      commits.put(snapshot.getFileName().toString(), new ArrayList<>());
    }
    Path refs = folder.resolve("refs");
    if (Files.isDirectory(refs)) {
      try (Stream<Path> all = Files.walk(refs)) {
        for (Path ref : (Iterable<Path>) all.filter(Files::isRegularFile).sorted()::iterator) {
          List<String> names = commits.get(Files.readString(ref).strip());
          if (names != null) {
            names.add(refs.relativize(ref).toString().replace('\\', '/'));
          }
        }
      }
    }
    long[] bytes = new long[2];
    Files.walkFileTree(folder, new SimpleFileVisitor<>() {
      @Override
      public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
        if (attributes.isRegularFile()) { // not what a link leads to
          String name = file.getFileName().toString();
          boolean part = name.endsWith(".hone-part") || name.endsWith(".incomplete");
          long size = part ? unfinished(file, attributes) : attributes.size();
          bytes[0] += size;
          bytes[1] += part ? size : 0;
        }
        return FileVisitResult.CONTINUE;
      }
    });
    return new Entry(repo, commits, bytes[0], bytes[1]);
  }

  /** What has come of a file, which is as long as the whole from the first byte of its last chunk on. */
  private static long unfinished(Path file, BasicFileAttributes attributes) {
    try {
      long present = PartFile.present(file);
      return present < 0 ? attributes.size() : present;
    } catch (IOException _) {
      return attributes.size();
    }
  }

  private static List<Path> children(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(directory)) {
      return all.sorted().toList();
    }
  }

  /**
   * Removes a repository, or one snapshot of it with the blobs that no other has.
   *
   * @param name {@code org/name}, or {@code org/name@revision} with a branch, a tag, a commit or the first digits of one
   * @return the bytes that are free now
   * @throws HubException if the cache does not have it
   */
  public long remove(String name) throws IOException {
    RepoId repo = RepoId.parse(RepoId.Kind.MODEL, name);
    List<Entry> found = list().stream().filter(entry -> entry.repo().name().equals(repo.name())).toList();
    if (found.isEmpty()) {
      throw new HubException(name + ": not in the cache (" + root + "); hone models list shows what is");
    }
    long before = 0;
    long after = 0;
    for (Entry entry : found) {
      before += entry.bytes();
      Path folder = root.resolve(HubCache.folderName(entry.repo()));
      if (name.contains("@")) {
        removeSnapshot(folder, snapshot(entry, repo));
        after += entry(entry.repo(), folder).bytes();
        if (children(folder.resolve("snapshots")).isEmpty()) {
          delete(folder);
        }
      } else {
        delete(root.resolve(".locks").resolve(folder.getFileName()));
        delete(folder);
      }
    }
    return before - after;
  }

  private static String snapshot(Entry entry, RepoId repo) throws HubException {
    List<String> fitting = entry.commits().entrySet().stream().filter(each -> each.getValue().contains(repo.revision())
        || repo.revision().length() >= 6 && each.getKey().startsWith(repo.revision())).map(Map.Entry::getKey).toList();
    if (fitting.size() != 1) {
      throw new HubException(repo + ": the cache has " + (fitting.isEmpty() ? "no such snapshot" : "several such snapshots")
          + "; it has " + String.join(", ", entry.commits().keySet()));
    }
    return fitting.getFirst();
  }

  private static void removeSnapshot(Path folder, String commit) throws IOException {
    Path refs = folder.resolve("refs");
    if (Files.isDirectory(refs)) {
      try (Stream<Path> all = Files.walk(refs)) {
        for (Path ref : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
          if (Files.readString(ref).strip().equals(commit)) {
            Files.delete(ref);
          }
        }
      }
    }
    delete(folder.resolve("snapshots").resolve(commit));
    Files.deleteIfExists(folder.resolve("trees").resolve(commit + ".json"));
    delete(folder.resolve(".no_exist").resolve(commit));
    Set<String> used = new HashSet<>();
    try (Stream<Path> all = Files.walk(folder.resolve("snapshots"))) {
      for (Path link : (Iterable<Path>) all.filter(Files::isSymbolicLink)::iterator) {
        used.add(Files.readSymbolicLink(link).getFileName().toString());
      }
    }
    for (Path blob : children(folder.resolve("blobs"))) {
      if (!used.contains(blob.getFileName().toString().replaceFirst("\\.hone-part(\\.record)?$|\\..*incomplete$", ""))) {
        Files.delete(blob);
      }
    }
  }

  /** Deletes a directory with all that is in it; links are deleted, not followed. */
  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(directory, new SimpleFileVisitor<>() {
      @Override
      public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
        Files.delete(file);
        return FileVisitResult.CONTINUE;
      }

      @Override
      public FileVisitResult postVisitDirectory(Path visited, IOException failure) throws IOException {
        if (failure != null) {
          throw failure;
        }
        Files.delete(visited);
        return FileVisitResult.CONTINUE;
      }
    });
  }

  /**
   * Reads a repository through and compares it with its hashes and lists.
   *
   * @param say gets a line for each file before it is read
   * @return what is wrong, a line each
   */
  public List<String> verify(Entry entry, Consumer<String> say) throws IOException {
    HubCache cache = new HubCache(root, entry.repo(), true);
    List<String> wrong = new ArrayList<>();
    Set<Path> read = new HashSet<>();
    for (String commit : entry.commits().keySet()) {
      Listing listing = cache.listing(commit).orElse(null);
      Path snapshot = cache.snapshot(commit);
      try (Stream<Path> all = Files.walk(snapshot)) {
        for (Path file : (Iterable<Path>) all.filter(path -> !Files.isDirectory(path)).sorted()::iterator) {
          String path = snapshot.relativize(file).toString().replace('\\', '/');
          String fault = fault(file, listing == null ? null : listing.files().get(path), read, say);
          if (fault != null) {
            wrong.add(entry.repo().name() + "@" + commit.substring(0, 8) + ": " + path + " " + fault);
          }
        }
      }
    }
    return wrong;
  }

  /** What is wrong with a file of a snapshot, or null. Its hash is the name of its blob, else in the hub's list. */
  private static String fault(Path file, RemoteFile listed, Set<Path> read, Consumer<String> say) throws IOException {
    String etag = listed == null ? null : listed.etag();
    if (Files.isSymbolicLink(file)) {
      etag = Files.readSymbolicLink(file).getFileName().toString();
      if (!Files.exists(file)) {
        return "leads to a blob that is not there";
      }
      if (listed != null && !etag.equals(listed.etag())) {
        return "leads to another blob than the hub lists";
      }
    }
    if (listed != null && Files.size(file) != listed.size()) {
      return "has " + Files.size(file) + " bytes instead of " + listed.size();
    }
    if (etag == null || !etag.matches("[0-9a-f]{40}|[0-9a-f]{64}") || !read.add(file.toRealPath())) {
      return null; // nothing to compare with, or done
    }
    say.accept("reading " + file.getFileName() + " (" + Hub.size(Files.size(file)) + ")");
    String hash = Hashes.like(etag, file);
    return hash.equals(etag) ? null : "has other bytes than the hub lists: its hash is " + hash;
  }
}
