package dev.hone.train.sweep;

import dev.hone.core.io.AtomicFile;
import dev.hone.train.sweep.TrialRecord.Point;
import dev.hone.train.sweep.TrialRecord.State;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What came out of a sweep: its trials, best first. It holds no times, so that the same sweep gives the same table. */
public final class SweepTable {
  private static final int NOTE = 60;

  private final SweepConfig config;
  private final List<TrialRecord> records;
  private final boolean interrupted;

  SweepTable(SweepConfig config, List<TrialRecord> records, boolean interrupted) {
    this.config = config;
    this.records = records.stream().sorted(new TrialOrder(config.search().metric()).order(Integer.MAX_VALUE)).toList();
    this.interrupted = interrupted;
  }

  /** The trials that have begun, best first, those without a value last. */
  public List<TrialRecord> records() {
    return records;
  }

  /** Whether the sweep was stopped before its end. */
  public boolean interrupted() {
    return interrupted;
  }

  /** The best trial that has come to its end. */
  public Optional<TrialRecord> best() {
    return records.stream().filter(record -> record.state() == State.COMPLETE && record.best() != null).findFirst();
  }

  /** The settings of the best trial that {@code hone train --config} takes, writing to another directory. */
  public Optional<Map<String, String>> bestSettings(Path output) {
    return best().map(record -> {
      Map<String, String> settings = new LinkedHashMap<>(record.trial().settings());
      settings.put("output_dir", output.toString());
      return settings;
    });
  }

  /** Writes the table as CSV, numbers in full. */
  public void write(Path file) throws IOException {
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows(true)) {
      text.append(String.join(",", row.stream().map(SweepTable::quoted).toList())).append('\n');
    }
    AtomicFile.writeString(file, text.toString());
  }

  private static String quoted(String cell) {
    return cell.matches("[^,\"\\r\\n]*") ? cell : '"' + cell.replace("\"", "\"\"") + '"';
  }

  /** The table for people, in columns. */
  public List<String> lines() {
    List<List<String>> rows = rows(false);
    List<String> lines = new ArrayList<>();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < row.size(); column++) {
        int of = column;
        int width = rows.stream().mapToInt(other -> other.get(of).length()).max().orElse(0);
        line.append(width == 0 ? "" : String.format(Locale.ROOT, "%-" + (width + 2) + "s", row.get(column)));
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }

  private List<List<String>> rows(boolean full) {
    List<String> keys = List.copyOf(config.parameters().keySet());
    List<List<String>> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("rank", "trial", "state", config.search().metric(), "best_step", "steps"));
    head.addAll(keys);
    head.add("note");
    rows.add(head);
    for (TrialRecord record : records) {
      Point best = record.best();
      List<String> row = new ArrayList<>();
      row.add(Integer.toString(rows.size()));
      row.add(Integer.toString(record.trial().number()));
      row.add(record.state() == State.PAUSED ? "stopped" : record.state().name().toLowerCase(Locale.ROOT)); // for good
      row.add(best == null ? "" : full ? Double.toString(best.value()) : String.format(Locale.ROOT, "%.4f", best.value()));
      row.add(best == null ? "" : Integer.toString(best.step()));
      row.add(Integer.toString(record.steps()));
      keys.forEach(key -> row.add(record.trial().varied().get(key)));
      String note = record.state() == State.PAUSED ? "not among the best of rung " + record.rung() : record.note();
      row.add(full || note.length() <= NOTE ? note : note.substring(0, NOTE - 3) + "...");
      rows.add(row);
    }
    if (!full && records.stream().allMatch(record -> record.note().isEmpty() && record.state() != State.PAUSED)) {
      rows.replaceAll(row -> row.subList(0, row.size() - 1));
    }
    return rows;
  }
}
