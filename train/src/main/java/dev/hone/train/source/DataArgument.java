package dev.hone.train.source;

import dev.hone.train.config.Arguments;
import dev.hone.train.source.hub.Hub;
import dev.hone.train.source.hub.HubException;
import dev.hone.train.source.hub.RepoId;
import dev.hone.train.source.hub.TransferListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code --data} and its like name, where that is a data set of a hub: {@code org/name}, perhaps with {@code @revision},
 * perhaps with {@code :FILE} of it. What exists here, and what ends as files with rows do, is a path.
 */
public final class DataArgument {
  private static final List<String> FLAGS = List.of("data", "eval-data", "test-data");
  private static final Pattern FORM = Pattern.compile("([^:=,]+?)(?::([^:=,]+))?");
  private static final Pattern FILE = Pattern.compile(".*\\.(csv|tsv|json|jsonl|ndjson|txt|parquet|xlsx|gz|arrow)");

  private DataArgument() {}

  /**
   * Fetches the data sets that arguments name, and puts the paths where they are in their place; as settings of a run they stay
   * {@code org/name@COMMIT:FILE}.
   */
  public static void resolve(Arguments arguments, Consumer<String> say) throws IOException {
    for (String flag : FLAGS) {
      String value = arguments.has(flag) ? arguments.text(flag) : null;
      if (value == null || isHere(value)) {
        continue;
      }
      Matcher parts = FORM.matcher(value);
      if (!parts.matches() || !RepoId.hasForm(parts.group(1)) || parts.group(2) == null && FILE.matcher(value).matches()) {
        continue;
      }
      RepoId repo = RepoId.parse(RepoId.Kind.DATASET, parts.group(1));
      try {
        Hub.Rows rows = Hub.ofUser().rows(repo, parts.group(2) == null ? "" : parts.group(2), TransferListener.of(say));
        String name = repo.name() + "@" + rows.commit() + (rows.path().isEmpty() ? "" : ":" + rows.path());
        arguments.stand(flag, rows.place().toString(), name);
      } catch (HubException.NotFound | HubException.Unreachable e) { // what was meant may be a file
        throw new ModelReferenceException(e.getMessage() + "; there is no file or directory " + value + " here, either", e);
      }
    }
  }

  private static boolean isHere(String value) {
    try {
      return Files.exists(Path.of(value));
    } catch (InvalidPathException _) {
      return false;
    }
  }
}
