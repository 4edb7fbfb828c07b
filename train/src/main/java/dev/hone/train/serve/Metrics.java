package dev.hone.train.serve;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/** Counters, gauges and histograms, written as Prometheus reads them. */
final class Metrics {
  private static final double[] SECONDS = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};

  private final Map<String, String[]> described = new ConcurrentSkipListMap<>(); // name -> type, help
  private final Map<String, LongAdder> counters = new ConcurrentSkipListMap<>(); // name{labels}
  private final Map<String, Supplier<Map<String, Double>>> gauges = new ConcurrentSkipListMap<>(); // values by labels
  private final Map<String, Buckets> histograms = new ConcurrentSkipListMap<>();

  private static final class Buckets {
    private final LongAdder[] counts = new LongAdder[SECONDS.length + 1];
    private final DoubleAdder sum = new DoubleAdder();

    Buckets() {
      Arrays.setAll(counts, i -> new LongAdder());
    }

    void add(double value) {
      int i = 0;
      while (i < SECONDS.length && value > SECONDS[i]) {
        i++;
      }
      counts[i].increment();
      sum.add(value);
    }
  }

  /** With what every server counts and times. */
  Metrics() {
    counter("hone_requests_total", "Answers by route and status.");
    counter("hone_request_success_total", "Choices and texts that were answered, by why they ended.");
    counter("hone_prompt_tokens_total", "Tokens of prompts and texts.");
    counter("hone_generation_tokens_total", "Tokens that were written.");
    counter("hone_clients_gone_total", "Answers whose client left before their end.");
    counter("hone_unknown_fields_total", "Fields of requests that this server does not know.");
    counter("hone_log_failures_total", "Answers and feedback that could not be logged.");
    counter("hone_shadow_failures_total", "Answers of a challenger, for the log only, that came to nothing.");
    counter("hone_feedback_total", "Feedback by what it says: good, bad, corrected, or other.");
    histogram("hone_request_duration_seconds", "From a request to the end of its answer.");
    histogram("hone_time_to_first_token_seconds", "From a request to its first token.");
    histogram("hone_inter_token_latency_seconds", "Between the tokens of an answer.");
  }

  void counter(String name, String help) {
    described.put(name, new String[] {"counter", help});
  }

  void gauge(String name, String help, DoubleSupplier value) {
    gauges(name, help, () -> Map.of("", value.getAsDouble()));
  }

  /** A gauge with labels; where it has no values now, nothing is written of it but what it is. */
  void gauges(String name, String help, Supplier<Map<String, Double>> values) {
    described.put(name, new String[] {"gauge", help});
    gauges.put(name, values);
  }

  void histogram(String name, String help) {
    described.put(name, new String[] {"histogram", help});
    histograms.put(name, new Buckets());
  }

  /** Adds to a counter; labels are {@code name="value"} pairs, or empty. */
  void add(String name, String labels, long more) {
    counters.computeIfAbsent(labels.isEmpty() ? name : name + "{" + labels + "}", _ -> new LongAdder()).add(more);
  }

  void observe(String name, double seconds) {
    histograms.get(name).add(seconds);
  }

  /** A label with its value. */
  static String label(String name, String value) {
    return name + "=\"" + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
  }

  /** The numbers by name, for the page. */
  Map<String, Double> snapshot() {
    Map<String, Double> all = new TreeMap<>();
    gauges.forEach((name, values) -> {
      if (values.get().get("") instanceof Double value) {
        all.put(name, value);
      }
    });
    counters.forEach((name, value) -> all.merge(name.replaceAll("\\{.*", ""), (double) value.sum(), Double::sum));
    return all;
  }

  String text() {
    StringBuilder out = new StringBuilder();
    described.forEach((name, what) -> {
      out.append("# HELP ").append(name).append(' ').append(what[1]).append('\n');
      out.append("# TYPE ").append(name).append(' ').append(what[0]).append('\n');
      switch (what[0]) {
        case "counter" -> counters(name, out);
        case "gauge" -> new TreeMap<>(gauges.get(name).get()).forEach((labels, value) -> out.append(name)
            .append(labels.isEmpty() ? "" : "{" + labels + "}").append(' ').append(number(value)).append('\n'));
        default -> histogram(name, histograms.get(name), out);
      }
    });
    return out.toString();
  }

  private void counters(String name, StringBuilder out) {
    boolean[] any = {false};
    counters.forEach((key, value) -> {
      if (key.equals(name) || key.startsWith(name + "{")) {
        any[0] = true;
        out.append(key).append(' ').append(value.sum()).append('\n');
      }
    });
    if (!any[0]) {
      out.append(name).append(" 0\n");
    }
  }

  private static void histogram(String name, Buckets buckets, StringBuilder out) {
    long sum = 0;
    for (int i = 0; i <= SECONDS.length; i++) {
      sum += buckets.counts[i].sum();
      String bound = i == SECONDS.length ? "+Inf" : number(SECONDS[i]);
      out.append(name).append("_bucket{le=\"").append(bound).append("\"} ").append(sum).append('\n');
    }
    out.append(name).append("_sum ").append(number(buckets.sum.sum())).append('\n');
    out.append(name).append("_count ").append(sum).append('\n');
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15 ? Long.toString((long) value)
        : Double.toString(value);
  }
}
