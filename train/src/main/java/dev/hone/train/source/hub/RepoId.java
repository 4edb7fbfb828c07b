package dev.hone.train.source.hub;

import java.util.regex.Pattern;

/**
 * A repository of a hub at a revision.
 *
 * @param kind what it holds
 * @param name {@code org/name}
 * @param revision a branch, a tag or a commit of 40 hexadecimal digits
 */
public record RepoId(Kind kind, String name, String revision) {
  /** The branch that is meant where none is named. */
  public static final String MAIN = "main";

  private static final Pattern NAME = Pattern.compile("[\\w.-]{1,96}/[\\w.-]{1,96}");
  private static final Pattern REVISION = Pattern.compile("[\\w.+-]+(/[\\w.+-]+)*");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

  /** What a repository holds. */
  public enum Kind {
    /** A model or an adapter. */
    MODEL("model", ""),
    /** Rows. */
    DATASET("data set", "datasets/");

    private final String word;
    private final String prefix;

    Kind(String word, String prefix) {
      this.word = word;
      this.prefix = prefix;
    }

    /** What comes before the name in addresses of files. */
    String prefix() {
      return prefix;
    }

    /** The first part of addresses of the API, and of names in the cache. */
    String plural() {
      return this == MODEL ? "models" : "datasets";
    }

    @Override
    public String toString() {
      return word;
    }
  }

  /** Checks the parts: they become paths and addresses. */
  public RepoId {
    if (!isName(name)) {
      throw new IllegalArgumentException("'" + name + "' is not the name of a " + kind
          + " on a hub: org/name, of letters, digits, "
          + "'_', '.' and '-', without '..' and '--'");
    }
    if (!REVISION.matcher(revision).matches() || revision.contains("..")) {
      throw new IllegalArgumentException("'" + revision + "' is not a revision: a branch, a tag or a commit");
    }
  }

  /** Reads {@code org/name} or {@code org/name@revision}. */
  public static RepoId parse(Kind kind, String text) {
    int at = text.indexOf('@');
    return at < 0 ? new RepoId(kind, text, MAIN) : new RepoId(kind, text.substring(0, at), text.substring(at + 1));
  }

  /** Whether a text, perhaps with a revision, has the form {@code org/name}. */
  public static boolean hasForm(String text) {
    int at = text.indexOf('@');
    return isName(at < 0 ? text : text.substring(0, at));
  }

  private static boolean isName(String name) {
    return NAME.matcher(name).matches() && !name.contains("..") && !name.contains("--")
        && !name.matches("[.-].*|.*/[.-].*|.*[.-]|.*[.-]/.*")
        && !name.endsWith(".git");
  }

  /** Whether a revision is a commit, which never changes. */
  static boolean isCommit(String revision) {
    return COMMIT.matcher(revision).matches();
  }

  /** This repository at a commit. */
  RepoId at(String commit) {
    return new RepoId(kind, name, commit);
  }

  @Override
  public String toString() {
    return revision.equals(MAIN) ? name : name + "@" + revision;
  }
}
