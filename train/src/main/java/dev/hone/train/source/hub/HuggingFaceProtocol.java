package dev.hone.train.source.hub;

import java.io.IOException;
import java.net.URI;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** The protocol of the Hugging Face Hub and its mirrors. */
final class HuggingFaceProtocol implements HubProtocol {
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;\\s*rel=\"next\"");

  private final HubHttp http;
  private final HubSettings settings;
  private final Pause pause;

  HuggingFaceProtocol(HubHttp http, HubSettings settings, Pause pause) {
    this.http = http;
    this.settings = settings;
    this.pause = pause;
  }

  private String api(RepoId repo) {
    return settings.endpoint() + "/api/" + repo.kind().plural() + "/" + repo.name();
  }

  @Override
  public String commit(RepoId repo) throws IOException {
    URI address = URI.create(api(repo) + "/revision/" + HubProtocol.part(repo.revision()));
    Answer answer = HubProtocol.ask(http, settings, pause, repo, address);
    String commit = answer.json().path("sha").asString("");
    if (!RepoId.isCommit(commit)) {
      throw new HubException(repo + ": " + answer.place() + " does not say which commit it is; is HF_ENDPOINT a hub?");
    }
    return commit;
  }

  @Override
  public Listing listing(RepoId repo, String commit) throws IOException {
    Map<String, RemoteFile> files = new HashMap<>();
    Set<URI> seen = new HashSet<>();
    URI page = URI.create(api(repo) + "/tree/" + commit + "?recursive=true&expand=false");
    while (page != null) {
      if (!seen.add(page)) {
        throw new HubException(repo + ": the pages of the hub's list of files lead in a circle");
      }
      Answer answer = HubProtocol.ask(http, settings, pause, repo, page);
      JsonNode entries = answer.json();
      if (!entries.isArray()) {
        throw new HubException(repo + ": " + answer.place() + " is not a list of files");
      }
      for (JsonNode entry : entries) {
        if (entry.path("type").asString("").equals("file")) {
          add(repo, entry, files);
        }
      }
      page = next(page, answer);
    }
    return new Listing(commit, files);
  }

  private static void add(RepoId repo, JsonNode entry, Map<String, RemoteFile> files) throws HubException {
    JsonNode lfs = entry.path("lfs");
    String xet = entry.path("xetHash").asString("");
    try {
      RemoteFile file = new RemoteFile(entry.path("path").asString(""), (lfs.isObject() ? lfs : entry).path("size").asLong(-1),
          entry.path("oid").asString(""), lfs.isObject() ? lfs.path("oid").asString("") : null,
          RemoteFile.SHA256.matcher(xet).matches() ? xet : null);
      files.put(file.path(), file);
    } catch (IllegalArgumentException e) {
      throw new HubException(repo + ": " + e.getMessage(), e);
    }
  }

  private URI next(URI page, Answer answer) throws HubException {
    Matcher link = NEXT.matcher(String.join(", ", answer.headers().allValues("Link")));
    if (!link.find()) {
      return null;
    }
    try {
      return page.resolve(link.group(1));
    } catch (IllegalArgumentException e) {
      throw new HubException(answer.place() + " leads to a next page that is no address", e);
    }
  }

  @Override
  public URI address(RepoId repo, Listing listing, RemoteFile file) {
    return URI.create(settings.endpoint() + "/" + repo.kind().prefix() + repo.name() + "/resolve/" + listing.commit() + "/"
        + HubProtocol.encoded(file.path()));
  }
}
