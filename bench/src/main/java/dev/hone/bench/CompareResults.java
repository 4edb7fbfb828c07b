package dev.hone.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Two runs beside each other: what JMH writes with {@code -rf json}, or the lines of {@link OpsBench} and of the scripts it is
 * compared with.
 *
 * <pre>java -cp bench/target/benchmarks.jar dev.hone.bench.CompareResults OURS.json REFERENCE.json</pre>
 *
 * <p>A ratio above 1 means that ours is faster. Cases that only one file has are left out and counted.
 */
public final class CompareResults {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private CompareResults() {}

  /**
   * A result.
   *
   * @param value a time, or a rate
   * @param rate whether more is better
   */
  private record Score(double value, boolean rate) {}

  /** Prints a table. */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 2) {
      System.err.println("CompareResults: give two files of results, ours and the reference's");
      System.exit(2);
    }
    Map<String, Score> ours = read(Path.of(arguments[0]));
    Map<String, Score> reference = read(Path.of(arguments[1]));
    double logs = 0;
    int count = 0;
    System.out.println("| case | ours | reference | ratio |\n|---|---|---|---|");
    for (Map.Entry<String, Score> entry : ours.entrySet()) {
      Score other = reference.get(entry.getKey());
      if (other == null) {
        continue;
      }
      Score own = entry.getValue();
      double ratio = own.rate ? own.value / other.value : other.value / own.value;
      System.out.printf(Locale.ROOT, "| %s | %.4g | %.4g | %.2f |%n", entry.getKey(), own.value, other.value, ratio);
      logs += Math.log(ratio);
      count++;
    }
    System.out.printf(Locale.ROOT, "%n%d cases, geometric mean %.2f; only in ours %d, only in the reference %d%n", count,
        count == 0 ? Double.NaN : Math.exp(logs / count), ours.size() - count, reference.size() - count);
  }

  private static Map<String, Score> read(Path file) throws IOException {
    String text = Files.readString(file);
    Map<String, Score> scores = new LinkedHashMap<>();
    if (text.stripLeading().startsWith("[")) {
      JSON.readTree(text).forEach(result -> jmh(result, scores));
    } else {
      text.lines().filter(line -> !line.isBlank()).map(JSON::readTree).forEach(line -> scores.put(
          line.path("name").asString() + " " + line.path("shape").asString() + ", " + line.path("threads").asInt() + " threads",
          new Score(line.path("best_ms").asDouble(), false)));
    }
    return scores;
  }

  private static void jmh(JsonNode result, Map<String, Score> scores) {
    String name = result.path("benchmark").asString();
    JsonNode parameters = result.path("params");
    scores.put(name.substring(name.lastIndexOf('.') + 1) + (parameters.isMissingNode() ? "" : " " + parameters),
        new Score(result.path("primaryMetric").path("score").asDouble(), result.path("mode").asString().equals("thrpt")));
  }
}
