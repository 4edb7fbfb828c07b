package dev.hone.lora;

import dev.hone.core.NearNames;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;

/**
 * Which layers get an adapter, by PEFT's rules.
 *
 * @param modules {@code target_modules}; {@code all-linear} alone stands for all linear layers but the head; none for the usual
 *     ones of the method and the family
 * @param exclude {@code exclude_modules}
 * @param layers {@code layers_to_transform}, numbers of layers from 0; none for all
 * @param layersPattern {@code layers_pattern}, what the list of layers is called; none for any name before a number
 */
public record Targets(ModuleNames modules, ModuleNames exclude, List<Integer> layers, List<String> layersPattern) {
  /** All linear layers but the head. */
  public static final String ALL_LINEAR = "all-linear";
  /** The usual layers of the method and the family. */
  public static final Targets USUAL = new Targets(ModuleNames.NONE, ModuleNames.NONE, List.of(), List.of());

  public Targets {
    layers = List.copyOf(layers);
    layersPattern = layersPattern.stream().filter(name -> !name.isEmpty()).toList(); // an empty one is none
  }

  /** These modules of all layers. */
  public static Targets of(List<String> modules) {
    return USUAL.withModules(ModuleNames.of(modules));
  }

  /** Other modules. */
  public Targets withModules(ModuleNames other) {
    return new Targets(other, exclude, layers, layersPattern);
  }

  /** All but these modules. */
  public Targets withExclude(ModuleNames other) {
    return new Targets(modules, other, layers, layersPattern);
  }

  /** In these layers only. */
  public Targets withLayers(List<Integer> numbers, List<String> pattern) {
    return new Targets(modules, exclude, numbers, pattern);
  }

  /** These targets by other names. */
  Targets map(UnaryOperator<String> rename) {
    return new Targets(modules.map(rename), exclude.map(rename), layers, layersPattern);
  }

  /** Whether all linear layers but the head are meant. */
  boolean allLinear() {
    return modules.names().equals(List.of(ALL_LINEAR)) && !modules.pattern();
  }

  /**
   * Whether a layer is a target.
   *
   * @param head whether it is part of the head
   */
  boolean include(String path, boolean head) {
    if (exclude.matches(path)) {
      return false;
    }
    if (allLinear()) {
      return !head && inLayers(path);
    }
    return modules.matches(path) && (modules.pattern() || modules.names().contains(path) || inLayers(path));
  }

  private boolean inLayers(String path) {
    if (layers.isEmpty()) {
      return true;
    }
    List<String> before = layersPattern.isEmpty() ? List.of("[^.]*") : layersPattern;
    for (String name : before) {
      Matcher matcher = PythonRegex.compile("(?:^|.*?\\.)" + name + "\\.(\\d+)\\.").matcher(path);
      if (matcher.lookingAt()) {
        return layers.contains(Integer.parseInt(matcher.group(matcher.groupCount())));
      }
    }
    return false;
  }

  /**
   * Throws if there are no targets, or a name that fits none.
   *
   * @param setting what the names are called in messages
   * @param found the paths that were chosen
   * @param candidates the paths that could have been
   * @param every whether each name must fit
   */
  void check(String setting, Collection<String> found, Collection<String> candidates, boolean every) {
    Set<String> known = new LinkedHashSet<>();
    candidates.forEach(path -> known.add(path.substring(path.lastIndexOf('.') + 1)));
    String all = "; there are: " + String.join(", ", known);
    if (every && !modules.pattern() && !allLinear()) {
      Predicate<String> fits = name -> candidates.stream().anyMatch(path -> ModuleNames.ends(path, name));
      for (String name : modules.names()) {
        if (!fits.test(name)) {
          throw new AdapterException(setting + " '" + name + "' matches no layer that can have an adapter; near: "
              + String.join(", ", NearNames.of(name, known)) + all);
        }
      }
    }
    if (found.isEmpty()) {
      throw new AdapterException(setting + " " + modules + " matches no layer"
          + (exclude.isEmpty() ? "" : ", with exclude_modules " + exclude)
          + (layers.isEmpty() ? "" : ", in layers " + layers + (layersPattern.isEmpty() ? "" : " of " + layersPattern))
          + (modules.names().isEmpty() ? ""
              : "; near: " + String.join(", ", NearNames.of(modules.names().getFirst(), known))) + all);
    }
  }
}
