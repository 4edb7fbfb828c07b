package dev.hone.train.sweep;

import dev.hone.core.random.Philox;
import dev.hone.train.config.Nearest;
import dev.hone.train.config.Setting;
import dev.hone.train.config.Settings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a sweep tries: settings that all trials share, and ranges of those that differ. The same configuration gives the same
 * trials.
 *
 * @param search how
 * @param base settings of all trials, by key
 * @param parameters ranges by key; they count where {@code base} says something as well
 */
public record SweepConfig(SweepSettings search, Map<String, String> base, Map<String, SettingRange> parameters) {
  private static final int MAX_TRIALS = 10_000;
  private static final int DRAWS = 100; // for a trial that differs from those before
  private static final String METRIC = "metric_for_best_model";

  public SweepConfig {
    base = Collections.unmodifiableMap(new LinkedHashMap<>(base));
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    if (parameters.isEmpty()) {
      throw new IllegalArgumentException("parameters: there is none; a sweep needs keys to vary");
    }
    String chosen = base.get(METRIC);
    if (chosen != null && !chosen.equals(search.metric()) || parameters.containsKey(METRIC)) {
      throw new IllegalArgumentException(METRIC + " is the metric of the sweep, " + search.metric() + "; leave it out");
    }
    if (isGrid(search)) {
      long size = 1;
      for (Map.Entry<String, SettingRange> entry : parameters.entrySet()) {
        if (!(entry.getValue() instanceof SettingRange.Choice(List<String> values))) {
          throw new IllegalArgumentException("parameters: " + entry.getKey() + ": a grid needs a list of values"
              + (search.method().equals("grid") ? "" : "; or say how many trials to draw, trials: N"));
        }
        size = Math.min(size * values.size(), MAX_TRIALS + 1);
      }
      if (size > MAX_TRIALS) {
        throw new IllegalArgumentException("parameters: a grid of more than " + MAX_TRIALS + " trials; draw some of them, "
            + "with method random and trials: N");
      }
    } else if (search.trials() > MAX_TRIALS) {
      throw new IllegalArgumentException("trials must be at most " + MAX_TRIALS + ", is " + search.trials());
    }
  }

  /** A configuration from a mapping, such as a file has: the keys of {@link SweepSettings}, {@code base}, {@code parameters}. */
  public static SweepConfig of(Map<String, ?> values) {
    Map<String, Object> search = new LinkedHashMap<>(values);
    Map<String, String> base = new LinkedHashMap<>();
    mapping("base", search.remove("base")).forEach((key, value) -> base.put(key, Settings.text(value)));
    Map<String, SettingRange> parameters = new LinkedHashMap<>();
    mapping("parameters", search.remove("parameters"))
        .forEach((key, value) -> parameters.put(key, SettingRange.parse(key, value)));
    List<String> known = Stream.concat(SweepSettings.SETTINGS.all().stream().map(Setting::key),
        Stream.of("base", "parameters")).toList();
    for (String key : search.keySet()) {
      if (!known.contains(key.replace('-', '_'))) {
        throw new IllegalArgumentException("unknown key '" + key + "'" + Nearest.hint(key, known, "")
            + (Nearest.hint(key, known, "").isEmpty() ? "; settings of a run belong under base" : ""));
      }
    }
    search.values().removeIf(value -> value == null);
    return new SweepConfig(SweepSettings.SETTINGS.read(search), base, parameters);
  }

  private static Map<String, Object> mapping(String key, Object value) {
    if (value == null) {
      return Map.of();
    }
    if (!(value instanceof Map<?, ?> map)) {
      throw new IllegalArgumentException(key + " must be a mapping from keys to values, is '" + Settings.text(value) + "'");
    }
    Map<String, Object> texts = new LinkedHashMap<>();
    map.forEach((name, one) -> texts.put(String.valueOf(name), one));
    return texts;
  }

  private static boolean isGrid(SweepSettings search) {
    return search.trials() == 0;
  }

  /** The trials, numbered from 1: all combinations, the last key changing fastest, or so many draws. */
  public List<Trial> trials() {
    List<Map<String, String>> chosen = isGrid(search) ? grid() : draws();
    List<Trial> trials = new ArrayList<>();
    for (Map<String, String> varied : chosen) {
      Map<String, String> all = new LinkedHashMap<>(base);
      all.putAll(varied);
      all.put(METRIC, search.metric());
      trials.add(new Trial(trials.size() + 1, varied, all));
    }
    return trials;
  }

  private List<Map<String, String>> grid() {
    List<Map<String, String>> combinations = List.of(Map.of());
    for (Map.Entry<String, SettingRange> entry : parameters.entrySet()) {
      List<Map<String, String>> longer = new ArrayList<>();
      for (Map<String, String> before : combinations) {
        for (String value : ((SettingRange.Choice) entry.getValue()).values()) {
          Map<String, String> combination = new LinkedHashMap<>(before);
          combination.put(entry.getKey(), value);
          longer.add(combination);
        }
      }
      combinations = longer;
    }
    return combinations;
  }

  /** Draws that differ, as long as that is possible; a trial depends on the seed and on those before it alone. */
  private List<Map<String, String>> draws() {
    List<Map<String, String>> drawn = new ArrayList<>();
    Set<Map<String, String>> seen = new HashSet<>();
    for (int trial = 0; trial < search.trials(); trial++) {
      Map<String, String> values = draw(trial, 0);
      for (int again = 1; again < DRAWS && seen.contains(values); again++) {
        values = draw(trial, again);
      }
      seen.add(values);
      drawn.add(values);
    }
    return drawn;
  }

  private Map<String, String> draw(int trial, int again) {
    Philox random = new Philox(search.seed(), Philox.stream(trial, again));
    Map<String, String> values = new LinkedHashMap<>();
    int index = 0;
    for (Map.Entry<String, SettingRange> entry : parameters.entrySet()) {
      values.put(entry.getKey(), entry.getValue().at(random.uniform(index++)));
    }
    return values;
  }

  /** All that makes this sweep the one it is, as texts: so many trials at a time, too, where pruning looks no further back. */
  Map<String, String> identity() {
    Map<String, String> texts = new LinkedHashMap<>();
    SweepSettings.SETTINGS.write(search).forEach((key, value) -> texts.put(key, Settings.text(value)));
    if (search.method().equals("halving") || search.pruning().equals("none")) {
      texts.remove("concurrency");
    }
    base.forEach((key, value) -> texts.put("base." + key, value));
    parameters.forEach((key, range) -> texts.put("parameters." + key, range.toString()));
    return texts;
  }
}
