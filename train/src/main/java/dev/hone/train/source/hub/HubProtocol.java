package dev.hone.train.source.hub;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

/** How a hub is asked what it has. */
interface HubProtocol {
  /** The commit that the revision of a repository is now. */
  String commit(RepoId repo) throws IOException;

  /** All files at a commit. */
  Listing listing(RepoId repo, String commit) throws IOException;

  /** Where a file can be fetched from. */
  URI address(RepoId repo, Listing listing, RemoteFile file);

  /** Asks until there is an answer that is no passing fault. */
  static Answer ask(HubHttp http, HubSettings settings, Pause pause, RepoId repo, URI address) throws IOException {
    Retry retry = new Retry(settings, pause, repo.toString());
    while (true) {
      try {
        Answer answer = http.get(address);
        if (answer.isGood()) {
          return answer;
        }
        if (!Retry.mayPass(answer.status())) {
          throw HubErrors.of(repo, null, answer, settings);
        }
        retry.after(answer);
      } catch (IOException e) {
        retry.after(e);
      }
    }
  }

  /** A path for an address: each part is encoded, the slashes stay. */
  static String encoded(String path) {
    return Arrays.stream(path.split("/")).map(HubProtocol::part).collect(Collectors.joining("/"));
  }

  /** One part for an address. */
  static String part(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
