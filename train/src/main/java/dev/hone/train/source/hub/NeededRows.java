package dev.hone.train.source.hub;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Which files of a data set are meant: the one that is named; else those of the one directory that has {@code train.*}; else the
 * only one with rows. What cannot be read is refused with how to convert it.
 */
final class NeededRows {
  private static final Pattern ROWS = Pattern.compile("[^.].*\\.(csv|tsv|json|jsonl|ndjson|txt)(\\.gz)?");
  private static final Set<String> NO_ROWS = Set.of("dataset_infos.json", "dataset_dict.json", "dataset_info.json", "state.json",
      "requirements.txt", "license.txt", "readme.txt", "notice.txt");
  private static final Pattern TRAIN = Pattern.compile("(train|training)\\..*");
  private static final Pattern PART = Pattern.compile("(train|training|valid|validation|val|dev|eval|test|testing)\\..*");
  private static final int SHOWN = 6;

  /** The chosen files, and the file or directory that they make up. */
  record Chosen(List<RemoteFile> files, String path) {}

  private final RepoId repo;
  private final Listing listing;

  NeededRows(RepoId repo, Listing listing) {
    this.repo = repo;
    this.listing = listing;
  }

  /**
   * Picks the files.
   *
   * @param path of a file or a directory of the data set; empty for none
   */
  Chosen choose(String path) throws IOException {
    String wanted = path.replaceFirst("/+$", "");
    if (listing.has(wanted)) {
      RemoteFile file = listing.files().get(wanted);
      refuse(List.of(file));
      return new Chosen(List.of(file), wanted);
    }
    List<RemoteFile> below = listing.files().values().stream()
        .filter(file -> wanted.isEmpty() || file.path().startsWith(wanted + "/")).toList();
    if (below.isEmpty()) {
      throw new HubException(repo + ": has no " + wanted + "; it has " + some(listing.files().values().stream().toList()));
    }
    List<RemoteFile> rows = below.stream().filter(NeededRows::hasRows).toList();
    if (rows.isEmpty()) {
      refuse(below);
      throw new HubException(repo + ": has no rows as CSV or JSON; it has " + some(below));
    }
    Map<String, List<RemoteFile>> byDirectory = new TreeMap<>();
    rows.forEach(file -> byDirectory.computeIfAbsent(directory(file), _ -> new ArrayList<>()).add(file));
    List<String> training = byDirectory.keySet().stream()
        .filter(each -> byDirectory.get(each).stream().anyMatch(file -> TRAIN.matcher(file.name()).matches())).toList();
    if (training.size() == 1) {
      return new Chosen(byDirectory.get(training.getFirst()).stream().filter(file -> PART.matcher(file.name()).matches())
          .toList(), training.getFirst());
    }
    if (training.isEmpty() && rows.size() == 1) {
      return new Chosen(rows, rows.getFirst().path());
    }
    throw new HubException(repo + ": several files could be meant: " + some(rows) + "; name one: --data " + repo + ":"
        + (training.isEmpty() ? rows.getFirst().path() : training.getFirst().isEmpty() ? rows.getFirst().path()
        : training.getFirst()));
  }

  private static String directory(RemoteFile file) {
    int slash = file.path().lastIndexOf('/');
    return slash < 0 ? "" : file.path().substring(0, slash);
  }

  private static boolean hasRows(RemoteFile file) {
    String name = file.name().toLowerCase(Locale.ROOT);
    return ROWS.matcher(name).matches() && !NO_ROWS.contains(name);
  }

  /** Refuses files that are Parquet or Arrow. */
  private void refuse(List<RemoteFile> files) throws HubException {
    for (RemoteFile file : files) {
      String name = file.name().toLowerCase(Locale.ROOT);
      if (name.endsWith(".parquet") || name.endsWith(".arrow")) {
        throw new HubException(repo + ": its rows are " + (name.endsWith(".arrow") ? "Arrow" : "Parquet") + " files ("
            + file.path()
            + "), which are not read; convert them: python -c \"from datasets import load_dataset; load_dataset('" + repo.name()
            + "', split='train').to_json('train.jsonl')\", then --data train.jsonl");
      }
    }
  }

  private static String some(List<RemoteFile> files) {
    List<String> first = files.stream().map(RemoteFile::path).filter(path -> !path.startsWith(".")).limit(SHOWN).toList();
    return String.join(", ", first) + (files.size() > first.size() ? ", ..." : "");
  }
}
