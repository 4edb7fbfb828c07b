package dev.hone.train.sweep;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One choice of settings.
 *
 * @param number from 1
 * @param varied the settings that the sweep varies, by key
 * @param settings all settings of the run, by key
 */
public record Trial(int number, Map<String, String> varied, Map<String, String> settings) {
  public Trial {
    varied = Collections.unmodifiableMap(new LinkedHashMap<>(varied));
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }
}
