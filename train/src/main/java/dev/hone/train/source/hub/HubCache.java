package dev.hone.train.source.hub;

import dev.hone.core.io.AtomicFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The cache of {@code huggingface_hub}: {@code models--org--name} holds {@code blobs/ETAG}, {@code refs/REVISION} with the
 * commit, {@code snapshots/COMMIT/PATH} that link to blobs, and {@code trees/COMMIT.json} with what the hub listed. A blob may
 * itself be a
 * link into a store that all models share: it is read through, and never written or deleted through.
 *
 * <p>Implementation note: Python locks by flock, Java by fcntl, and they do not see each other. What makes the cache right are
 * names that only one process uses, and renaming; locks only spare a second transfer.
 */
final class HubCache {
  private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final int FORMAT = 1;
  private static final String TAG =
      "Signature: 8a477f597d28d172789f06886806bc55\n# This directory holds models that can be fetched "
      + "again, see https://bford.info/cachedir/\n";
  /** Held by threads here before they ask the system, which knows only processes. */
  private static final Map<Path, ReentrantLock> HERE = new ConcurrentHashMap<>();

  private final Path root;
  private final Path folder;
  private final boolean links;

  HubCache(Path root, RepoId repo, boolean links) {
    this.root = root;
    this.folder = root.resolve(folderName(repo));
    this.links = links;
  }

  /** {@code models--org--name}. */
  static String folderName(RepoId repo) {
    return repo.kind().plural() + "--" + repo.name().replace("/", "--");
  }

  /** The repository and commit whose snapshot a directory is; empty for any other. */
  static Optional<RepoId> nameOf(Path snapshot) {
    Path whole = snapshot.toAbsolutePath().normalize();
    int names = whole.getNameCount();
    if (names < 3 || !whole.getName(names - 2).toString().equals("snapshots")
        || !RepoId.isCommit(whole.getFileName().toString())) {
      return Optional.empty();
    }
    return idOf(whole.getName(names - 3).toString()).map(repo -> repo.at(whole.getFileName().toString()));
  }

  /** The repository that a directory of the cache is of: {@code models--org--name}. */
  static Optional<RepoId> idOf(String folder) {
    for (RepoId.Kind kind : RepoId.Kind.values()) {
      String name = folder.replaceFirst("^" + kind.plural() + "--", "").replaceFirst("--", "/");
      if (folder.startsWith(kind.plural() + "--") && RepoId.hasForm(name)) {
        return Optional.of(new RepoId(kind, name, RepoId.MAIN));
      }
    }
    return Optional.empty();
  }

  /** What the cache has of the repository, if anything. */
  Path folder() {
    return folder;
  }

  Path snapshot(String commit) {
    return folder.resolve("snapshots").resolve(commit);
  }

  Path blob(RemoteFile file) {
    return folder.resolve("blobs").resolve(file.etag());
  }

  /** Where the bytes of a blob go while they come. */
  Path part(RemoteFile file) {
    return folder.resolve("blobs").resolve(file.etag() + ".hone-part");
  }

  /** Makes the directories. */
  void prepare() throws IOException {
    Files.createDirectories(folder.resolve("blobs"));
    Path tag = root.resolve("CACHEDIR.TAG");
    if (Files.notExists(tag)) {
      AtomicFile.writeString(tag, TAG);
    }
  }

  /** The commit that a revision was, when it was last looked up. */
  Optional<String> commit(String revision) throws IOException {
    if (RepoId.isCommit(revision)) {
      return Optional.of(revision);
    }
    Path ref = folder.resolve("refs").resolve(revision);
    if (!Files.isRegularFile(ref)) {
      return Optional.empty();
    }
    return Optional.of(Files.readString(ref).strip()).filter(RepoId::isCommit);
  }

  /** Remembers what a branch or a tag is. */
  void setCommit(String revision, String commit) throws IOException {
    if (RepoId.isCommit(revision) || commit(revision).equals(Optional.of(commit))) {
      return;
    }
    Path ref = folder.resolve("refs").resolve(revision);
    Files.createDirectories(ref.getParent());
    AtomicFile.writeString(ref, commit);
  }

  private Path tree(String commit) {
    return folder.resolve("trees").resolve(commit + ".json");
  }

  /** What the hub listed at a commit, if it is known. */
  Optional<Listing> listing(String commit) throws IOException {
    if (!Files.isRegularFile(tree(commit))) {
      return Optional.empty();
    }
    try {
      JsonNode tree = JSON.readTree(Files.readString(tree(commit)));
      if (tree.path("format_version").asInt(0) != FORMAT) {
        return Optional.empty();
      }
      Map<String, RemoteFile> files = new HashMap<>();
      for (Map.Entry<String, JsonNode> entry : tree.path("files").properties()) {
        JsonNode file = entry.getValue();
        String sha256 = file.path("lfs_sha256").asString(null);
        long size = file.path(sha256 == null ? "size" : "lfs_size").asLong(-1);
        files.put(entry.getKey(), new RemoteFile(entry.getKey(), size, file.path("blob_id").asString(null), sha256,
            file.path("xet_hash").asString(null)));
      }
      return Optional.of(new Listing(commit, files));
    } catch (JacksonException | IllegalArgumentException _) {
      return Optional.empty(); // damaged: it is fetched again
    }
  }

  /** Remembers a whole listing. */
  void setListing(Listing listing) throws IOException {
    ObjectNode tree = JSON.createObjectNode().put("format_version", FORMAT);
    ObjectNode files = tree.putObject("files");
    listing.files().forEach((path, file) -> {
      ObjectNode entry = files.putObject(path).put("size", file.size()).put("blob_id", file.blobId());
      if (file.sha256() != null) {
        entry.put("lfs_sha256", file.sha256()).put("lfs_size", file.size());
      }
      if (file.xetHash() != null) {
        entry.put("xet_hash", file.xetHash());
      }
    });
    Files.createDirectories(tree(listing.commit()).getParent());
    AtomicFile.writeString(tree(listing.commit()), JSON.writeValueAsString(tree));
  }

  /** The files of a snapshot that is there, without hashes; what Python's client before 1.0 left has no listing. */
  Listing present(String commit) throws IOException {
    Map<String, RemoteFile> files = new LinkedHashMap<>();
    Path snapshot = snapshot(commit);
    if (Files.isDirectory(snapshot)) {
      try (Stream<Path> all = Files.walk(snapshot)) {
        for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
          String path = snapshot.relativize(file).toString().replace('\\', '/');
          files.put(path, new RemoteFile(path, Files.size(file), null, null, null));
        }
      }
    }
    return new Listing(commit, files);
  }

  /** Whether a file of a snapshot is there, as long as it should be. */
  boolean has(String commit, RemoteFile file) throws IOException {
    Path place = snapshot(commit).resolve(file.path());
    return Files.isRegularFile(place) && Files.size(place) == file.size();
  }

  /** Whether the content is there, as long as it should be. */
  boolean hasBlob(RemoteFile file) throws IOException {
    return Files.isRegularFile(blob(file)) && Files.size(blob(file)) == file.size();
  }

  /** Puts a blob that is there into a snapshot: as a link, else as the file itself. */
  void place(String commit, RemoteFile file) throws IOException {
    Path place = snapshot(commit).resolve(file.path());
    Files.createDirectories(place.getParent());
    if (has(commit, file)) {
      return;
    }
    Path blob = blob(file);
    Path made = place.resolveSibling("." + place.getFileName() + "." + ProcessHandle.current().pid() + "-"
        + Thread.currentThread().threadId());
    Files.deleteIfExists(made);
    if (links) {
      try {
        Files.createSymbolicLink(made, place.getParent().relativize(blob));
        Files.move(made, place, StandardCopyOption.ATOMIC_MOVE);
        return;
      } catch (UnsupportedOperationException | IOException e) {
        Files.deleteIfExists(made); // Windows without the right to make links
        if (Files.isSymbolicLink(place)) {
          throw e;
        }
      }
    }
    if (Files.isSymbolicLink(blob)) {
      Files.copy(blob, made); // what is shared stays where it is
      Files.move(made, place, StandardCopyOption.ATOMIC_MOVE);
    } else {
      Files.move(blob, place, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /** A lock on one blob, against other threads and processes that fetch it. */
  final class BlobLock implements AutoCloseable {
    private final ReentrantLock here;
    private final FileChannel channel;

    private BlobLock(ReentrantLock here, FileChannel channel) {
      this.here = here;
      this.channel = channel;
    }

    @Override
    public void close() throws IOException {
      try {
        channel.close(); // first: a second lock of one process on a file is an error
      } finally {
        here.unlock();
      }
    }
  }

  /**
   * Waits until nobody else fetches a blob.
   *
   * @param waits is called before a wait
   */
  BlobLock lock(RemoteFile file, Runnable waits) throws IOException {
    Path directory = Files.createDirectories(root.resolve(".locks").resolve(folder.getFileName()));
    Path path = directory.resolve(file.etag() + ".hone-lock");
    ReentrantLock here = HERE.computeIfAbsent(path.toAbsolutePath(), _ -> new ReentrantLock());
    if (!here.tryLock()) {
      waits.run();
      here.lock();
    }
    try {
      return new BlobLock(here, channel(path, waits));
    } catch (IOException | RuntimeException e) {
      here.unlock();
      throw e;
    }
  }

  private static FileChannel channel(Path path, Runnable waits) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() == null) {
        waits.run();
        channel.lock();
      }
      return channel;
    } catch (IOException e) { // a file system without locks: what two processes write at once is found by its hash
      channel.close();
      throw new HubException(path + ": this file system has no locks (" + e.getMessage()
          + "), and two processes could write one file; "
          + "set HF_HUB_CACHE to a directory on a local disk", e);
    }
  }
}
