package dev.hone.train.source.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * A hub, and the cache of what came from it. Which hub, with which token, through which proxies and into which directory is what
 * the environment says, by the variables of Python's {@code huggingface_hub} ({@code HF_ENDPOINT}, {@code HF_TOKEN},
 * {@code HF_HOME}, {@code HF_HUB_OFFLINE}, ...).
 *
 * {@snippet :
 * Hub.Snapshot model = Hub.ofUser().model(RepoId.parse(RepoId.Kind.MODEL, "org/name"), true, System.err::println);
 * PretrainedModel.load(model.directory());
 * }
 */
public final class Hub {
  /** Room that is left on the disk. */
  private static final long SPARE = 64L << 20;
  private static final int SHORT = 8;

  /**
   * The files of a repository at a commit, or those of them that were asked for.
   *
   * @param directory where they are, by the paths that they have there
   * @param commit 40 hexadecimal digits
   */
  public record Snapshot(Path directory, String commit) {}

  private final HubSettings settings;
  private final Pause pause;
  private final FileTransfer.Cut cut;
  private final ToLongFunction<Path> room;

  Hub(HubSettings settings, Pause pause, FileTransfer.Cut cut, ToLongFunction<Path> room) {
    this.settings = settings;
    this.pause = pause;
    this.cut = cut;
    this.room = room;
  }

  /** The hub of this user. */
  public static Hub ofUser() throws HubException {
    return new Hub(HubSettings.ofUser(), Pause.ASLEEP, FileTransfer.Cut.USUAL, Hub::room);
  }

  private static long room(Path directory) {
    try {
      return Files.getFileStore(directory).getUsableSpace();
    } catch (IOException _) {
      return Long.MAX_VALUE; // it cannot be told; a full disk is noticed when it is
    }
  }

  /** The hub's name, for messages. */
  public String host() {
    return settings.host();
  }

  HubSettings settings() {
    return settings;
  }

  Pause pause() {
    return pause;
  }

  /**
   * The name of a model whose snapshot a directory of a cache is, at its commit: {@code org/name@COMMIT}.
   *
   * @return empty for any other directory
   */
  public static Optional<RepoId> nameOf(Path directory) {
    return HubCache.nameOf(directory);
  }

  /**
   * A model or an adapter: its settings and tokenizer, and its weights. Only what the cache does not have is fetched.
   *
   * @param weights whether they are wanted
   * @throws HubException if there is no such model, or it cannot be had
   */
  public Snapshot model(RepoId repo, boolean weights, TransferListener listener) throws IOException {
    return snapshot(repo, listener, (listing, fetch) -> {
      NeededFiles needed = new NeededFiles(repo, listing);
      if (weights) {
        needed.check();
      }
      fetch.all(needed.settings());
      if (weights) {
        fetch.all(needed.weights(fetch.directory()));
      }
    });
  }

  /**
   * Rows of a data set.
   *
   * @param place the file, or the directory with {@code train.*}
   * @param commit 40 hexadecimal digits
   * @param path of the place in the data set; empty for its root
   */
  public record Rows(Path place, String commit, String path) {}

  /**
   * Rows of a data set as CSV, JSON or text: of a file that is named, else of the directory with {@code train.*}, else of the
   * only one.
   *
   * @param path a file or directory of the data set; empty for none
   * @throws HubException if there is no such data set, it has no such rows, or several
   */
  public Rows rows(RepoId repo, String path, TransferListener listener) throws IOException {
    String[] chosen = new String[1];
    Snapshot snapshot = snapshot(repo, listener, (listing, fetch) -> {
      NeededRows.Chosen rows = new NeededRows(repo, listing).choose(path);
      chosen[0] = rows.path();
      fetch.all(rows.files());
    });
    return new Rows(snapshot.directory().resolve(chosen[0]), snapshot.commit(), chosen[0]);
  }

  /**
   * Sends files to a repository, as one commit; it is made if it is not there.
   *
   * @param files by the paths that they are to have
   * @param secret whether one that is made is private
   * @param message of the commit
   */
  public Pushed push(RepoId repo, List<Upload.Item> files, boolean secret, String message,
      TransferListener listener) throws IOException {
    if (settings.site() == HubSettings.Site.MODEL_SCOPE) {
      throw new HubException(repo + ": uploads go to the Hugging Face Hub's protocol only; unset HONE_HUB");
    }
    if (settings.offline()) {
      throw new HubException(repo + ": HF_HUB_OFFLINE is set, so that nothing is sent");
    }
    if (settings.token() == null) {
      throw new HubException(repo + ": sending it takes a token that may write: make one at " + settings.endpoint()
          + "/settings/tokens and set HF_TOKEN");
    }
    try (HubHttp http = new HubHttp(settings)) {
      return new Upload(http, settings, pause, repo, listener).push(files, secret, message);
    }
  }

  /**
   * A commit that was made.
   *
   * @param address of the repository's page
   * @param commit 40 hexadecimal digits
   */
  public record Pushed(String address, String commit) {}

  /** Picks files, which may take reading others that were picked before. */
  @FunctionalInterface
  interface Choice {
    void choose(Listing listing, Fetch fetch) throws IOException;
  }

  /** Brings the files of one snapshot. */
  interface Fetch {
    Path directory();

    void all(Collection<RemoteFile> files) throws IOException;
  }

  /** The files of a repository that a choice picks. */
  Snapshot snapshot(RepoId repo, TransferListener listener, Choice choice) throws IOException {
    if (settings.cache() == null) {
      throw new HubException(repo + ": this user has no home directory to keep it in; set HF_HOME or HF_HUB_CACHE");
    }
    HubCache cache = new HubCache(settings.cache(), repo, settings.links());
    if (settings.offline()) {
      return cached(repo, cache, choice, "HF_HUB_OFFLINE is set");
    }
    try (HubHttp http = new HubHttp(settings)) {
      HubProtocol protocol = settings.site() == HubSettings.Site.MODEL_SCOPE ? new ModelScopeProtocol(http, settings, pause)
          : new HuggingFaceProtocol(http, settings, pause);
      String commit = RepoId.isCommit(repo.revision()) ? repo.revision() : protocol.commit(repo);
      Listing listing = cache.listing(commit).orElse(null);
      if (listing == null) {
        listing = protocol.listing(repo, commit);
        prepare(repo, cache);
        cache.setListing(listing);
      }
      choice.choose(listing, new Online(repo, cache, listing, http, protocol, listener));
      cache.setCommit(repo.revision(), commit);
      return new Snapshot(cache.snapshot(commit), commit);
    } catch (HubException.Unreachable e) {
      if (cache.commit(repo.revision()).isEmpty()) {
        throw e;
      }
      Snapshot known = cached(repo, cache, choice, settings.host() + " cannot be reached");
      listener.accept(repo + ": " + settings.host() + " cannot be reached; the cached commit "
          + known.commit().substring(0, SHORT) + " is used");
      return known;
    }
  }

  private void prepare(RepoId repo, HubCache cache) throws HubException {
    try {
      cache.prepare();
    } catch (IOException e) {
      throw new HubException(repo + ": the cache " + settings.cache() + " cannot be written (" + e.getMessage()
          + "); set HF_HUB_CACHE", e);
    }
  }

  /** What the cache has, which must be all that is needed. */
  private Snapshot cached(RepoId repo, HubCache cache, Choice choice, String why) throws IOException {
    Optional<String> commit = cache.commit(repo.revision());
    if (commit.isEmpty() || !Files.isDirectory(cache.snapshot(commit.get()))) {
      throw new HubException(repo + ": not in the cache (" + settings.cache() + "), and " + why);
    }
    Listing listing = cache.listing(commit.get()).orElse(null);
    Listing known = listing == null ? cache.present(commit.get()) : listing;
    choice.choose(known, new Fetch() {
      @Override
      public Path directory() {
        return cache.snapshot(known.commit());
      }

      @Override
      public void all(Collection<RemoteFile> files) throws IOException {
        for (RemoteFile file : files) {
          if (!cache.has(known.commit(), file)) {
            throw new HubException(repo + ": " + file.path() + " is not in the cache, and " + why);
          }
        }
      }
    });
    return new Snapshot(cache.snapshot(known.commit()), known.commit());
  }

  /** Fetches what is not there. */
  private final class Online implements Fetch {
    private final RepoId repo;
    private final HubCache cache;
    private final Listing listing;
    private final HubHttp http;
    private final HubProtocol protocol;
    private final TransferListener listener;

    Online(RepoId repo, HubCache cache, Listing listing, HubHttp http, HubProtocol protocol, TransferListener listener) {
      this.repo = repo;
      this.cache = cache;
      this.listing = listing;
      this.http = http;
      this.protocol = protocol;
      this.listener = listener;
    }

    @Override
    public Path directory() {
      return cache.snapshot(listing.commit());
    }

    @Override
    public void all(Collection<RemoteFile> files) throws IOException {
      List<RemoteFile> missing = new ArrayList<>();
      long bytes = 0;
      long here = 0;
      for (RemoteFile file : files) {
        if (cache.has(listing.commit(), file)) {
          continue;
        }
        missing.add(file);
        if (!cache.hasBlob(file)) {
          bytes += file.size();
          here += PartFile.present(cache.part(file), file.size());
        }
      }
      if (missing.isEmpty()) {
        return;
      }
      prepare(repo, cache);
      checkRoom(bytes - here);
      if (bytes > 0) {
        listener.accept("Fetching " + repo.name() + " at " + listing.commit().substring(0, SHORT) + " from " + settings.host()
            + ": " + (missing.size() == 1 ? missing.getFirst().path() : missing.size() + " files") + ", " + size(bytes)
            + (here > 0 ? ", of which " + size(here) + " are here" : ""));
      }
      try (Meter meter = new Meter(listener, bytes)) {
        for (RemoteFile file : missing) {
          one(file, meter);
        }
      }
    }

    private void one(RemoteFile file, Meter meter) throws IOException {
      if (!cache.hasBlob(file)) {
        try (HubCache.BlobLock _ = cache.lock(file, () ->
            listener.accept("waiting for another run that fetches " + file.path()))) {
          if (cache.hasBlob(file)) { // it did
            meter.add(file.size());
          } else if (cache.has(listing.commit(), file)) { // without links
            meter.add(file.size());
            return;
          } else {
            new FileTransfer(http, settings, repo, pause, cut, meter).fetch(file, protocol.address(repo, listing, file), cache);
          }
          cache.place(listing.commit(), file);
        }
        return;
      }
      cache.place(listing.commit(), file);
    }

    private void checkRoom(long bytes) throws IOException {
      long free = room.applyAsLong(settings.cache());
      if (bytes > 0 && bytes > free - SPARE) {
        throw new HubException(repo + ": " + size(bytes) + " are to be fetched, and " + settings.cache() + " has room for "
            + size(Math.max(0, free - SPARE)) + "; make room (hone models rm) or set HF_HUB_CACHE to a larger disk");
      }
    }
  }

  /** A number of bytes for people. */
  public static String size(long bytes) {
    if (bytes < 1000) {
      return bytes + " bytes";
    }
    double value = bytes;
    int unit = -1;
    while (value >= 999.5) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, value < 9.95 ? "%.1f %sB" : "%.0f %sB", value, "kMGT".substring(unit, unit + 1));
  }
}
