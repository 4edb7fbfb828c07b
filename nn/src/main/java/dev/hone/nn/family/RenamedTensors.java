package dev.hone.nn.family;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.MissingTensorException;
import dev.hone.core.io.TensorSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a file by other names: those of a family whose published files were made by other code than the class of
 * transformers that reads them, or of layers that stand in a model several times. A tensor may be several, one below the other.
 */
public final class RenamedTensors implements TensorSource {
  private final TensorSource source;
  private final Map<String, Part> parts = new LinkedHashMap<>();

  private record Part(String stored, int number, int of) {}

  private RenamedTensors(TensorSource source) {
    this.source = source;
  }

  /**
   * A rule for names.
   *
   * @param stored a piece of a name in the file
   * @param names what stands there instead; several if the tensor is as many, of equal size, one below the other
   */
  public record Rule(String stored, List<String> names) {
    /** A rule for a piece of a name. */
    public static Rule of(String stored, String... names) {
      return new Rule(stored, List.of(names));
    }
  }

  /** A file by the names that the rules make of its own; one that none of them changes stays as it is. */
  public static TensorSource of(TensorSource source, List<Rule> rules) {
    RenamedTensors renamed = new RenamedTensors(source);
    for (String stored : source.names()) {
      List<String> names = List.of(stored);
      for (Rule rule : rules) {
        List<String> next = new ArrayList<>();
        for (String name : names) {
          if (name.contains(rule.stored)) {
            rule.names.forEach(other -> next.add(name.replace(rule.stored, other)));
          } else {
            next.add(name);
          }
        }
        names = next;
      }
      for (int i = 0; i < names.size(); i++) {
        renamed.parts.put(names.get(i), new Part(stored, i, names.size()));
      }
    }
    return renamed;
  }

  /**
   * A file by other names of its tensors, each of which may have several names, or none.
   *
   * @param stored the name in the file of each name
   */
  public static TensorSource of(TensorSource source, Map<String, String> stored) {
    RenamedTensors renamed = new RenamedTensors(source);
    stored.forEach((name, own) -> renamed.parts.put(name, new Part(own, 0, 1)));
    return renamed;
  }

  private Part part(String name) {
    Part part = parts.get(name);
    if (part == null) {
      throw new MissingTensorException(origin(), name, names());
    }
    return part;
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(parts.keySet());
  }

  @Override
  public Shape shape(String name) {
    Part part = part(name);
    Shape all = source.shape(part.stored);
    return part.of == 1 ? all : all.with(0, all.dim(0) / part.of);
  }

  @Override
  public DType dtype(String name) {
    return source.dtype(part(name).stored);
  }

  @Override
  public Tensor tensor(String name) {
    Part part = part(name);
    Tensor all = source.tensor(part.stored);
    int rows = all.dim(0) / part.of;
    return part.of == 1 ? all : all.slice(part.number * rows, (part.number + 1) * rows);
  }

  @Override
  public Map<String, String> metadata() {
    return source.metadata();
  }

  @Override
  public String origin() {
    return source.origin();
  }
}
