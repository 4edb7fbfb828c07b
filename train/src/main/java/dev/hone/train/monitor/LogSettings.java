package dev.hone.train.monitor;

import dev.hone.train.config.Setting;
import dev.hone.train.config.Settings;
import java.util.List;
import java.util.Map;

/**
 * What a log keeps and for how long.
 *
 * @param text whether texts are kept, without mail addresses and numbers of phones, cards and accounts; else their SHA-256
 *     stands for them
 * @param days how many days files stay; 0 for ever
 * @param audit the share of answers that are marked to be labelled whatever people say of them
 * @param columns fields of a request's {@code metadata} that are kept, to see figures by them
 */
public record LogSettings(
    @Setting(key = "log_text", help = "keep texts in the log, without mail addresses and numbers of phones, cards and accounts")
    boolean text,
    @Setting(key = "log_days", form = "N", help = "how many days the log goes back; 0 for ever", fallback = "30")
    int days,
    @Setting(key = "log_audit", form = "SHARE", help = "the share of answers marked to be labelled in any case",
        fallback = "0.01")
    double audit,
    @Setting(key = "log_columns", form = "NAME,...", help = "fields of a request's metadata that are logged", fallback = "")
    List<String> columns) {
  /** Flags, keys and defaults. */
  public static final Settings<LogSettings> ALL = Settings.of(LogSettings.class);

  /** Figures and hashes of thirty days. */
  public static final LogSettings DEFAULTS = ALL.read(Map.of());

  /** Checks ranges. */
  public LogSettings {
    columns = List.copyOf(columns);
    if (days < 0) {
      throw new IllegalArgumentException("log_days must not be negative, is " + days);
    }
    if (!(audit >= 0 && audit <= 1)) {
      throw new IllegalArgumentException("log_audit must be a share from 0 to 1, is " + audit);
    }
  }

  /** With texts. */
  public LogSettings withText() {
    return new LogSettings(true, days, audit, columns);
  }
}
