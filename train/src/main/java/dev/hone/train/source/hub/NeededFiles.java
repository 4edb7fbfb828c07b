package dev.hone.train.source.hub;

import dev.hone.core.io.WeightFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Which files of a repository are needed: settings, tokenizer and weights in safetensors, of which a model that is there whole
 * and in shards needs one. Never pickles, which can run code, nor the same weights in formats of other frameworks.
 */
final class NeededFiles {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String ADAPTER = "adapter_config.json";
  private static final String ADAPTER_WEIGHTS = "adapter_model.safetensors";
  private static final String CONFIG = "config.json";
  /** Modules of sentence-transformers have a directory each. */
  private static final Pattern MODULE = Pattern.compile("\\d+_\\w+/[^/]+\\.(json|safetensors)");
  private static final Pattern SMALL = Pattern.compile("[^/]+\\.(json|jinja|model|tiktoken|spm)|(merges|vocab|added_tokens)\\.txt"
      + "|additional_chat_templates/[^/]+\\.jinja|tokenizer/[^/]+\\.json|version\\.txt");
  private static final Pattern OTHERS =
      Pattern.compile(".*\\.(bin|h5|msgpack|onnx|onnx_data)\\.index\\.json|.*(onnx|openvino|coreml|tf_model|flax).*");
  private static final Pattern PICKLES = Pattern.compile("[^/]+\\.(bin|pt|pth|ckpt|pkl)");
  private static final long LARGEST_SMALL = 100_000_000;

  private final RepoId repo;
  private final Listing listing;

  NeededFiles(RepoId repo, Listing listing) {
    this.repo = repo;
    this.listing = listing;
  }

  /** All but weights. */
  Set<RemoteFile> settings() {
    Set<RemoteFile> needed = sorted();
    for (RemoteFile file : listing.files().values()) {
      boolean module = MODULE.matcher(file.path()).matches() && file.path().endsWith(".json");
      if ((module || SMALL.matcher(file.path()).matches()) && !OTHERS.matcher(file.path()).matches()
          && file.size() <= LARGEST_SMALL) {
        needed.add(file);
      }
    }
    return needed;
  }

  /**
   * The weights.
   *
   * @param snapshot where the settings are
   */
  Set<RemoteFile> weights(Path snapshot) throws IOException {
    Set<RemoteFile> needed = sorted();
    if (listing.has(WeightFiles.SINGLE)) {
      needed.add(listing.files().get(WeightFiles.SINGLE));
    } else if (listing.has(WeightFiles.INDEX)) {
      shards(snapshot.resolve(WeightFiles.INDEX), needed);
    } else if (listing.has(ADAPTER_WEIGHTS)) {
      needed.add(listing.files().get(ADAPTER_WEIGHTS));
    }
    for (RemoteFile file : listing.files().values()) {
      if (file.path().endsWith(".safetensors") && MODULE.matcher(file.path()).matches()) {
        needed.add(file);
      }
    }
    return needed;
  }

  private void shards(Path index, Set<RemoteFile> needed) throws IOException {
    JsonNode map;
    try {
      map = JSON.readTree(Files.readString(index)).path("weight_map");
    } catch (JacksonException e) {
      throw new HubException(repo + ": " + WeightFiles.INDEX + " is not valid JSON: " + e.getOriginalMessage(), e);
    }
    for (JsonNode value : map.values()) {
      RemoteFile shard = listing.files().get(value.asString(""));
      if (shard == null) {
        throw new HubException(repo + ": " + WeightFiles.INDEX + " names " + value.asString("")
            + ", which the hub does not have");
      }
      needed.add(shard);
    }
  }

  /** Fails for what is no model that can be read. */
  void check() throws HubException {
    if (!listing.has(CONFIG) && !listing.has(ADAPTER)) {
      throw new HubException(repo + ": has no " + CONFIG + (any(file -> file.endsWith(".gguf"))
          ? ", only GGUF files; name the repository that they were made from" : ", so it is no model; it has " + some()));
    }
    if (listing.has(WeightFiles.SINGLE) || listing.has(WeightFiles.INDEX) || listing.has(ADAPTER_WEIGHTS)) {
      return;
    }
    if (any(file -> PICKLES.matcher(file).matches())) {
      throw new HubException(repo
          + ": has its weights only as pickles, which can run code and are not read; look for a revision with "
          + "safetensors (often @refs/pr/1), or convert them where you trust them: "
          + "AutoModel.from_pretrained(name).save_pretrained(dir)");
    }
    throw new HubException(repo + ": has no weights in safetensors; it has " + some());
  }

  private boolean any(Predicate<String> wanted) {
    return listing.files().keySet().stream().anyMatch(wanted);
  }

  private String some() {
    Collection<String> names = listing.files().keySet();
    List<String> first = names.stream().filter(name -> !name.startsWith(".")).limit(6).toList();
    return String.join(", ", first) + (names.size() > first.size() ? ", ..." : "");
  }

  private static Set<RemoteFile> sorted() {
    return new TreeSet<>((a, b) -> a.path().compareTo(b.path()));
  }
}
