package dev.hone.train.source.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * ModelScope's protocol, for what is public there. It names commits of files only; a snapshot is called by a hash of its list, so
 * that the same name always means the same bytes.
 */
final class ModelScopeProtocol implements HubProtocol {
  private static final String MASTER = "master";

  private final HubHttp http;
  private final HubSettings settings;
  private final Pause pause;
  private Listing last;

  ModelScopeProtocol(HubHttp http, HubSettings settings, Pause pause) {
    this.http = http;
    this.settings = settings;
    this.pause = pause;
  }

  private String api(RepoId repo) {
    return settings.endpoint() + "/api/v1/" + repo.kind().plural() + "/" + repo.name() + "/repo";
  }

  @Override
  public String commit(RepoId repo) throws IOException {
    String revision = repo.revision().equals(RepoId.MAIN) ? MASTER : repo.revision();
    Answer answer = HubProtocol.ask(http, settings, pause, repo,
        URI.create(api(repo) + "/files?Revision=" + HubProtocol.part(revision) + "&Recursive=true"));
    JsonNode entries = answer.json().path("Data").path("Files");
    if (!entries.isArray() || entries.isEmpty()) {
      String said = answer.json().path("Message").asString("");
      throw new HubException(repo + ": " + settings.host() + " lists no files" + (said.isEmpty() ? "" : " (" + said + ")")
          + "; check the spelling and the revision");
    }
    Map<String, RemoteFile> files = new HashMap<>();
    TreeMap<String, String> contents = new TreeMap<>();
    for (JsonNode entry : entries) {
      if (entry.path("Type").asString("").equals("tree")) {
        continue;
      }
      try {
        RemoteFile file = new RemoteFile(entry.path("Path").asString(""), entry.path("Size").asLong(-1), null,
            entry.path("Sha256").asString(""), null);
        files.put(file.path(), file);
        contents.put(file.path(), file.sha256());
      } catch (IllegalArgumentException e) {
        throw new HubException(repo + ": " + e.getMessage(), e);
      }
    }
    last = new Listing(Hashes.git(contents.toString().getBytes(StandardCharsets.UTF_8)), files);
    return last.commit();
  }

  @Override
  public Listing listing(RepoId repo, String commit) throws IOException {
    if (last == null || !last.commit().equals(commit)) {
      throw new HubException(repo + ": " + settings.host()
          + " cannot be asked for a snapshot of an earlier time; name a branch or a tag");
    }
    return last;
  }

  @Override
  public URI address(RepoId repo, Listing listing, RemoteFile file) {
    String revision = RepoId.isCommit(repo.revision()) || repo.revision().equals(RepoId.MAIN) ? MASTER : repo.revision();
    return URI.create(api(repo) + "?Revision=" + HubProtocol.part(revision) + "&FilePath=" + HubProtocol.part(file.path()));
  }
}
