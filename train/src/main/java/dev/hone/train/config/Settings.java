package dev.hone.train.config;

import dev.hone.nn.family.ConfigReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A record whose components are described by {@link Setting}, read from values by key and written back. The record is the
 * only place where a setting's key, default and meaning are said; flags and files follow from it.
 *
 * @param <R> the record
 */
public final class Settings<R extends Record> {
  private final Class<R> type;
  private final Map<String, RecordComponent> components = new LinkedHashMap<>();
  private final Map<String, String> keys = new LinkedHashMap<>(); // also by alias

  private Settings(Class<R> type) {
    this.type = type;
    for (RecordComponent component : type.getRecordComponents()) {
      Setting setting = component.getAnnotation(Setting.class);
      components.put(setting.key(), component);
      keys.put(setting.key(), setting.key());
      Arrays.stream(setting.aliases()).forEach(alias -> keys.put(alias, setting.key()));
    }
  }

  /** The settings of a record type; every component must have a {@link Setting}. */
  public static <R extends Record> Settings<R> of(Class<R> type) {
    return new Settings<>(type);
  }

  /** The descriptions, in the order of the components. */
  public List<Setting> all() {
    return components.values().stream().map(component -> component.getAnnotation(Setting.class)).toList();
  }

  /** The key of a setting by that or another of its names, with dashes or underscores. */
  public String key(String name) {
    String key = keys.get(name.replace('-', '_'));
    if (key == null) {
      throw new IllegalArgumentException("unknown setting '" + name + "'" + Nearest.hint(name, keys.keySet(), ""));
    }
    return key;
  }

  /**
   * The record with these values and defaults elsewhere. Values are of the component's type or texts; dashes in keys are as
   * good as underscores; lists are separated by commas, maps are {@code a=1,b=2}.
   *
   * @throws IllegalArgumentException for a key that is not known, naming the nearest one, or a value that does not fit
   */
  public R read(Map<String, ?> values) {
    Map<String, Object> byKey = new LinkedHashMap<>();
    Map<String, String> said = new LinkedHashMap<>();
    values.forEach((name, value) -> {
      String key = key(name);
      String other = said.putIfAbsent(key, name);
      if (other != null) {
        throw new IllegalArgumentException(other + " and " + name + " are one setting; give one of them");
      }
      byKey.put(key, value);
    });
    Object[] arguments = new Object[components.size()];
    Class<?>[] types = new Class<?>[components.size()];
    int i = 0;
    for (RecordComponent component : components.values()) {
      Setting setting = component.getAnnotation(Setting.class);
      types[i] = component.getType();
      arguments[i++] = value(component, setting.key(), byKey.getOrDefault(setting.key(), setting.fallback()));
    }
    return construct(types, arguments);
  }

  /** The values of a record by key. */
  public Map<String, Object> write(R settings) {
    Map<String, Object> values = new LinkedHashMap<>();
    components.forEach((key, component) -> {
      try {
        values.put(key, component.getAccessor().invoke(settings));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    });
    return values;
  }

  private R construct(Class<?>[] types, Object[] arguments) {
    try {
      return type.getDeclaredConstructor(types).newInstance(arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException rule) {
        throw rule;
      }
      throw new IllegalStateException(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Object value(RecordComponent component, String key, Object given) {
    Class<?> type = component.getType();
    String text = text(given).strip();
    try {
      if (type == int.class) {
        return Integer.parseInt(text);
      } else if (type == long.class) {
        return Long.parseLong(text);
      } else if (type == double.class) {
        return Double.parseDouble(text);
      } else if (type == boolean.class) {
        return text.isEmpty() ? false : truth(key, text);
      } else if (type == List.class) {
        return text.isEmpty() ? List.of() : List.of(text.split("\\s*,\\s*"));
      } else if (type == Map.class) {
        return map(key, text, ((ParameterizedType) component.getGenericType()).getActualTypeArguments()[1]);
      }
      return component.getAnnotation(Setting.class).verbatim() ? text(given) : text;
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(key + " must be a " + (type == double.class || type == Map.class ? "" : "whole ")
          + "number, is '" + ConfigReader.shortened(text) + "'", e);
    }
  }

  /**
   * A truth value in any of the spellings of YAML and Python: true, yes, on, false, no, off, with capitals or not.
   *
   * @param name of the setting, for the message
   */
  public static boolean truth(String name, String text) {
    return switch (text.strip().toLowerCase(Locale.ROOT)) {
      case "true", "yes", "on" -> true;
      case "false", "no", "off" -> false;
      default -> throw new IllegalArgumentException(name + " is a switch: true or false, not '" + ConfigReader.shortened(text)
          + "'");
    };
  }

  private static Map<String, Object> map(String key, String text, Object valueType) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (String pair : text.isEmpty() ? new String[0] : text.split("\\s*,\\s*")) {
      int equals = pair.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException(key + " must be written NAME=VALUE,NAME=VALUE; '" + pair + "' has no name and value");
      }
      String value = pair.substring(equals + 1).strip();
      map.put(pair.substring(0, equals).strip(), valueType == Double.class ? (Object) Double.valueOf(value) : value);
    }
    return map;
  }

  /** A value as a flag would give it: lists and maps with commas. */
  public static String text(Object value) {
    return switch (value) {
      case null -> "";
      case Collection<?> list -> list.stream().map(String::valueOf).collect(Collectors.joining(","));
      case Map<?, ?> map -> {
        List<String> pairs = new ArrayList<>();
        map.forEach((name, v) -> pairs.add(name + "=" + v));
        yield String.join(",", pairs);
      }
      default -> value.toString();
    };
  }
}
