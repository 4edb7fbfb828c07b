package dev.hone.train.serve;

import dev.hone.train.monitor.ExpectedAccuracy;
import dev.hone.train.monitor.MonitorReport;
import dev.hone.train.monitor.MonitoredLog;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** What the monitor says of the log while the server runs, as gauges; none of them has a value before the first look. */
final class ServedMonitor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ServedMonitor.class.getName());

  /** A report and when it was made. */
  private record Look(MonitorReport report, double time) {}

  private volatile Look last;
  private volatile Thread watcher;
  private Metrics metrics;

  void describe(Metrics all) {
    metrics = all;
    all.counter("hone_monitor_failures_total", "Looks of the monitor that came to nothing; the log of the process says why.");
    all.gauges("hone_monitor_time_seconds", "When the monitor looked last, in seconds of Unix.", () -> last == null ? Map.of()
        : Map.of("", last.time));
    gauge("hone_monitor_rows", "Answers that were compared with the reference.", MonitorReport::rows);
    gauge("hone_monitor_alarm", "1 where something changed beyond chance and enough to matter.", report ->
        report.alarm() ? 1 : 0);
    signals("hone_monitor_signal_distance", "How far the answers are from the reference.", MonitorReport.Signal::distance);
    signals("hone_monitor_signal_usual", "What the distance stays below in 19 of 20 cases where nothing changed.",
        MonitorReport.Signal::usual);
    signals("hone_monitor_signal_alarm", "1 where the signal is beyond chance and large enough.", signal ->
        signal.alarm() ? 1 : 0);
    gauge("hone_monitor_reference_accuracy", "Accuracy on the reference.", MonitorReport::accuracyBefore);
    expected("hone_monitor_expected_accuracy", "Accuracy that confidence speaks for; to be trusted where it is known.",
        ExpectedAccuracy::value);
    expected("hone_monitor_expected_accuracy_low", "Lower end of its 95 % interval.", ExpectedAccuracy::low);
    expected("hone_monitor_expected_accuracy_high", "Upper end of its 95 % interval.", ExpectedAccuracy::high);
    expected("hone_monitor_expected_accuracy_known", "0 where the rows are of another kind and confidence cannot tell.",
        accuracy -> accuracy.known() ? 1 : 0);
    measured("hone_monitor_feedback_rows", "Answers of which people said whether they are right.",
        MonitorReport.Measured::rows);
    measured("hone_monitor_measured_accuracy", "The share of these that is right.", MonitorReport.Measured::accuracy);
    measured("hone_monitor_measured_accuracy_low", "Lower end of its 95 % interval.", MonitorReport.Measured::low);
    measured("hone_monitor_measured_accuracy_high", "Upper end of its 95 % interval.", MonitorReport.Measured::high);
  }

  private void gauge(String name, String help, ToDoubleFunction<MonitorReport> value) {
    gauges(name, help, report -> Map.of("", value.applyAsDouble(report)));
  }

  private void gauges(String name, String help, Function<MonitorReport, Map<String, Double>> values) {
    metrics.gauges(name, help, () -> last == null ? Map.of() : values.apply(last.report));
  }

  private void signals(String name, String help, ToDoubleFunction<MonitorReport.Signal> value) {
    gauges(name, help, report -> {
      Map<String, Double> all = new TreeMap<>();
      report.signals().forEach(signal -> all.put(Metrics.label("signal", signal.name()), value.applyAsDouble(signal)));
      return all;
    });
  }

  private void expected(String name, String help, ToDoubleFunction<ExpectedAccuracy> value) {
    gauges(name, help, report -> report.expected() == null ? Map.of() : Map.of("", value.applyAsDouble(report.expected())));
  }

  /** Of rows drawn at random and of others; none where there are no rows. */
  private void measured(String name, String help, ToDoubleFunction<MonitorReport.Measured> value) {
    gauges(name, help, report -> {
      Map<String, Double> all = new TreeMap<>();
      Map.of("audited", report.audited(), "spoken", report.spoken()).forEach((rows, measured) -> {
        double number = value.applyAsDouble(measured);
        if (!Double.isNaN(number)) {
          all.put(Metrics.label("rows", rows), number);
        }
      });
      return all;
    });
  }

  void watch(MonitoredLog log, int every) {
    if (every < 1) {
      throw new IllegalArgumentException("monitor: seconds between looks must be 1 or more, are " + every);
    }
    if (watcher != null) {
      throw new IllegalStateException("a log is watched already");
    }
    // A thread of the system: it computes, and would hold one of the few that requests share.
    watcher = Thread.ofPlatform().daemon().name("hone-monitor").unstarted(() -> {
      String complaint = "";
      while (watcher != null) {
        try {
          last = new Look(log.report(), System.currentTimeMillis() / 1e3);
          complaint = "";
        } catch (IOException | RuntimeException e) {
          if (watcher == null) {
            return; // disturbed by the end
          }
          metrics.add("hone_monitor_failures_total", "", 1);
          if (!complaint.equals(String.valueOf(e.getMessage()))) { // once
            complaint = String.valueOf(e.getMessage());
            LOG.log(Level.WARNING, "the monitor could not look at the log: " + complaint);
          }
        }
        try {
          Thread.sleep(every * 1000L);
        } catch (InterruptedException _) {
          return;
        }
      }
    });
    watcher.start();
  }

  @Override
  public void close() {
    Thread thread = watcher;
    watcher = null;
    if (thread != null) {
      thread.interrupt();
    }
  }
}
