package dev.hone.train.serve;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What {@code /metrics} says, read as strictly as Prometheus' own checker reads it: version 0.0.4 of the text format. */
final class PrometheusText {
  private static final Pattern COMMENT = Pattern.compile("# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)");
  private static final String LABEL = "[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\n]|\\\\[\\\\\"n])*\"";
  private static final Pattern SAMPLE = Pattern.compile(
      "([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{" + LABEL + "(?:," + LABEL + ")*\\})? (\\S+)");

  private final Map<String, Double> samples = new LinkedHashMap<>();
  private final Map<String, String> types = new LinkedHashMap<>();
  private String family;

  private PrometheusText() {}

  /** Reads it; an {@link AssertionError} names the line that is wrong. */
  static PrometheusText read(String text) {
    require(text.endsWith("\n"), "the last line has no end");
    PrometheusText read = new PrometheusText();
    String helped = null;
    for (String line : text.split("\n")) {
      Matcher comment = COMMENT.matcher(line);
      if (!comment.matches()) {
        read.sample(line);
      } else if (comment.group(1).equals("HELP")) {
        helped = comment.group(2);
        require(!read.types.containsKey(helped), "twice: " + line);
        require(comment.group(3).matches(".*\\S"), "no help: " + line);
      } else {
        read.family = comment.group(2);
        require(read.family.equals(helped), "no help before: " + line);
        require(Set.of("counter", "gauge", "histogram").contains(comment.group(3)), "no type: " + line);
        require(comment.group(3).equals("counter") == read.family.endsWith("_total"), "_total is of counters: " + line);
        read.types.put(read.family, comment.group(3));
      }
    }
    read.types.forEach((name, type) -> {
      if (type.equals("histogram")) {
        read.histogram(name);
      }
    });
    return read;
  }

  private void sample(String line) {
    Matcher sample = SAMPLE.matcher(line);
    require(sample.matches(), "no sample: " + line);
    String name = sample.group(1);
    boolean histogram = "histogram".equals(types.get(family));
    require(histogram ? Set.of(family + "_bucket", family + "_sum", family + "_count").contains(name) : name.equals(family),
        "of another family than " + family + ": " + line);
    String number = sample.group(3);
    double value = number.equals("+Inf") ? Double.POSITIVE_INFINITY : number.equals("-Inf") ? Double.NEGATIVE_INFINITY
        : Double.parseDouble(number);
    require(!"counter".equals(types.get(family)) || value >= 0, "a counter below 0: " + line);
    String labels = sample.group(2) == null ? "" : sample.group(2);
    Set<String> names = new HashSet<>();
    Matcher label = Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"(?:[^\"\\\\]|\\\\.)*\"").matcher(labels);
    while (label.find()) {
      require(names.add(label.group(1)), "a label twice: " + line);
    }
    require(samples.put(name + labels, value) == null, "a sample twice: " + line);
  }

  private void histogram(String name) {
    List<Double> counts = new ArrayList<>();
    samples.forEach((key, value) -> {
      if (key.startsWith(name + "_bucket{")) {
        counts.add(value);
      }
    });
    for (int i = 1; i < counts.size(); i++) {
      require(counts.get(i) >= counts.get(i - 1), name + " has a bucket with less than the one before");
    }
    require(counts.getLast().equals(samples.get(name + "_bucket{le=\"+Inf\"}")), name + " has not +Inf last");
    require(counts.getLast().equals(samples.get(name + "_count")), name + " counts other than its buckets");
    require(samples.containsKey(name + "_sum"), name + " has no sum");
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new AssertionError("metrics: " + message);
    }
  }

  /** A sample by its name with labels; null where there is none. */
  Double get(String name) {
    return samples.get(name);
  }

  Set<String> families() {
    return types.keySet();
  }
}
