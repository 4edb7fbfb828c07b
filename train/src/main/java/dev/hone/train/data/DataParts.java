package dev.hone.train.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where rows come from: files with a weight each, and a file of rows to evaluate on if a directory has one.
 *
 * @param files the weight of each file to learn from, in the order given
 * @param heldOut rows to evaluate on, or null
 * @param test rows that a directory keeps for a last measure, which nothing reads unasked; or null
 */
public record DataParts(Map<Path, Double> files, Path heldOut, Path test) {
  private static final List<String> TEST = List.of("test", "testing");
  private static final List<String> TRAIN = List.of("train", "training");
  private static final List<String> VALID = List.of("valid", "validation", "val", "dev", "eval");

  /**
   * Reads what a user says: a file; a directory with {@code train.*} and perhaps {@code valid.*} (or {@code validation val dev
   * eval}), where {@code test.*} is left alone; or a mixture, {@code a.jsonl=2,b.jsonl=0.5}, whose weights say how often each
   * row of a file occurs in an epoch.
   *
   * @throws DataException for a directory without a training file or a weight that is not above 0
   */
  public static DataParts parse(String said) {
    Path single = Path.of(said);
    if (Files.isDirectory(single)) {
      Path train = named(single, TRAIN);
      if (train == null) {
        throw new DataException(said, "the directory has no file train.csv, train.jsonl or the like");
      }
      return new DataParts(Map.of(train, 1.0), named(single, VALID), named(single, TEST));
    }
    if (Files.exists(single) || !said.contains("=")) {
      return new DataParts(Map.of(single, 1.0), null, null);
    }
    Map<Path, Double> files = new LinkedHashMap<>();
    for (String part : said.split("\\s*,\\s*")) {
      int equals = part.lastIndexOf('=');
      try {
        double weight = equals < 1 ? 1 : Double.parseDouble(part.substring(equals + 1));
        if (!(weight > 0 && weight <= 1000)) {
          throw new DataException(said, "the weight of " + part.substring(0, equals)
              + " must be above 0 and at most 1000, is " + weight);
        }
        files.put(Path.of(equals < 1 ? part : part.substring(0, equals)), weight);
      } catch (NumberFormatException e) {
        throw new DataException(said, 0, "write FILE=WEIGHT,FILE=WEIGHT; '" + part.substring(equals + 1) + "' is no number", e);
      }
    }
    return new DataParts(files, null, null);
  }

  private static Path named(Path directory, List<String> names) {
    try (Stream<Path> all = Files.list(directory)) {
      List<Path> files = all.filter(Files::isRegularFile)
          .filter(file -> names.contains(file.getFileName().toString().toLowerCase(Locale.ROOT).replaceFirst("\\..*$", "")))
          .sorted().toList();
      if (files.size() > 1) {
        throw new DataException(directory.toString(), "both " + files.get(0).getFileName() + " and "
            + files.get(1).getFileName() + " could be meant; name the file");
      }
      return files.isEmpty() ? null : files.getFirst();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
