package dev.hone.train.monitor;

import dev.hone.train.config.UserError;
import dev.hone.train.infer.TextVectors;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/**
 * A log beside what it is compared with, to be looked at again and again.
 *
 * {@snippet :
 * MonitoredLog log = MonitoredLog.of(Monitor.USUAL, Path.of("log"), 7, TextVectors.load(model), reference, null);
 * server.watch(log, 600); // gauges in /metrics, new ones every ten minutes
 * }
 */
public final class MonitoredLog {
  private final Monitor monitor;
  private final Path log;
  private final int days;
  private final TextVectors model;
  private final MonitorReference fixed; // null: the champion's
  private final String name; // null: all
  private final Registry registry;

  private MonitoredLog(Monitor monitor, Path log, int days, TextVectors model, MonitorReference fixed, String name,
      Registry registry) {
    if (days < 0) {
      throw new IllegalArgumentException("monitor: days must not be negative, is " + days);
    }
    this.monitor = monitor;
    this.log = log;
    this.days = days;
    this.model = model;
    this.fixed = fixed;
    this.name = name;
    this.registry = registry;
  }

  /**
   * Beside one reference.
   *
   * @param log its directory
   * @param days how far to look back; 0 for all
   * @param model the untuned model, to compare what texts mean; null for not to
   * @param name only answers that were asked for by it; null for all
   */
  public static MonitoredLog of(Monitor monitor, Path log, int days, TextVectors model, MonitorReference reference, String name) {
    return new MonitoredLog(monitor, log, days, model, reference, name, null);
  }

  /** What the version answered that is champion at the time of a look, beside the reference of that version. */
  public static MonitoredLog ofChampion(Monitor monitor, Path log, int days, TextVectors model, Registry registry) {
    return new MonitoredLog(monitor, log, days, model, null, Registry.CHAMPION, registry);
  }

  /**
   * How it compares now. Reads the log and, with a model, makes vectors of up to 2,000 texts: seconds of all processors for a
   * small model, and not often needed.
   *
   * @throws UserError if the log is not there, or the champion has no reference
   */
  public MonitorReport report() throws IOException {
    MonitorReference reference = fixed;
    String version = null;
    if (registry != null) {
      Integer champion = registry.aliases().get(Registry.CHAMPION);
      Path file = champion == null ? null : registry.reference(champion);
      if (file == null) {
        throw new UserError("the registry has no champion with a reference.json (hone registry add --reference FILE)");
      }
      reference = MonitorReference.read(file);
      version = Registry.adapter(champion);
    }
    String which = version;
    AnswerLog answers = AnswerLog.read(log, days == 0 ? null : Instant.now().minus(Duration.ofDays(days)),
        answered -> (name == null || answered.model().equals(name)) && (which == null || answered.version().equals(which)));
    return monitor.check(reference, answers, model);
  }
}
