package dev.hone.core.io;

import dev.hone.core.HoneException;
import dev.hone.core.NearNames;
import java.util.Collection;
import java.util.List;

/** A tensor was asked for by a name that its source does not have. The message lists the names most like it. */
public final class MissingTensorException extends HoneException {
  private static final long serialVersionUID = 1L;

  /**
   * Says that {@code source} has no tensor {@code name}.
   *
   * @param source the file, as messages call it
   * @param known the names that the source has
   */
  public MissingTensorException(String source, String name, Collection<String> known) {
    super(source + ": no tensor " + TensorFileException.quote(name) + "; " + hint(name, known));
  }

  private static String hint(String name, Collection<String> known) {
    if (known.isEmpty()) {
      return "it has none at all";
    }
    List<String> near = NearNames.of(name, known).stream().map(TensorFileException::quote).toList();
    return "the nearest of its " + known.size() + " names: " + String.join(", ", near);
  }
}
