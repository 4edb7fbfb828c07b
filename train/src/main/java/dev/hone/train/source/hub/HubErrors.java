package dev.hone.train.source.hub;

import java.nio.charset.StandardCharsets;

/** What a hub refuses, in a sentence that says what to do. */
final class HubErrors {
  private static final int LONGEST = 200;

  private HubErrors() {}

  /**
   * The exception for an answer that is no good.
   *
   * @param file that was asked for; null where it was the repository
   */
  static HubException of(RepoId repo, String file, Answer answer, HubSettings settings) {
    String host = settings.host();
    boolean token = settings.token() != null;
    String code = answer.header("X-Error-Code");
    String said = answer.header("X-Error-Message");
    String page = settings.endpoint() + "/" + repo.kind().prefix() + repo.name();
    String what = repo + ": ";
    if (code.equals("GatedRepo")) {
      return new HubException(what + (token
          ? "your token has no access to this " + repo.kind() + " yet; accept its licence at " + page
          + " with the account of the token"
          : "this " + repo.kind() + " is given out only to those who accept its licence: do so at " + page
              + ", make a token there and set HF_TOKEN"));
    }
    if (code.equals("RevisionNotFound")) {
      return new HubException(what + "the " + repo.kind() + " has no revision '" + repo.revision()
          + "'; its branches and tags are at "
          + page + "/tree/main");
    }
    if (code.equals("EntryNotFound")) {
      return new HubException(what + "has no file " + file);
    }
    if (answer.status() == 401 && token && !code.equals("RepoNotFound")) {
      return new HubException(what + host + " does not accept the token" + (said.isEmpty() ? "" : " (" + brief(said) + ")")
          + "; make a new one at " + settings.endpoint() + "/settings/tokens and set HF_TOKEN, or remove it");
    }
    if (file != null && code.isEmpty() && answer.status() == 404) {
      return new HubException(what + file + " is listed, but not there (HTTP 404 from " + answer.place() + ")");
    }
    if (code.equals("RepoNotFound") || answer.status() == 401 || answer.status() == 404) {
      return new HubException.NotFound(what + "no such " + repo.kind() + " on " + host + (token
          ? ", or your token may not see it; check the spelling"
          : "; check the spelling, or if it is private set HF_TOKEN to a token that may read it"));
    }
    if (answer.status() == 403) {
      return new HubException(what + host + " does not allow it" + (said.isEmpty() ? "" : " (" + brief(said) + ")")
          + (token ? "; the token needs more rights, or another account" : "; set HF_TOKEN to a token that may"));
    }
    if (answer.status() == 416) {
      return new HubException(what + file + " is shorter than the hub's list says");
    }
    String text = said.isEmpty() ? new String(answer.body(), StandardCharsets.UTF_8) : said;
    return new HubException(what + "HTTP " + answer.status() + " from " + answer.place()
        + (text.isBlank() ? "" : " (" + brief(text) + ")"));
  }

  private static String brief(String text) {
    String line = text.strip().replaceAll("\\s+", " ");
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "…";
  }
}
