package dev.hone.nn.family;

import dev.hone.core.io.TensorSource;
import dev.hone.nn.Backbone;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.ModelConfig;
import dev.hone.nn.Task;

/**
 * The one place where a family of models says what it is: beside what every {@link ModelConfig} says, which layers and head its
 * weights make, and what its files may hold besides. Loaders, writers and adapters ask it and know no family.
 *
 * <p>A new family is a package with a record that implements this and a static method that reads it, and one line in
 * {@link dev.hone.nn.load.ModelFamily#ALL}.
 */
public interface FamilyConfig extends ModelConfig {
  /** The transformer without its head, of these weights, or new. */
  Backbone backbone(Weights weights);

  /**
   * What stands on it for a task. A classifier's head is made anew where there is none of its size.
   *
   * @param task not {@link Task#CAUSAL_LM} unless {@link #generates}
   * @param labels null unless the task is classification
   * @param backbone of the same weights, whose table a tied head shares
   */
  Head head(Task task, Labels labels, Backbone backbone, Weights weights);

  /** What a file calls a parameter; its own name if the file has none of those that it may have. */
  default String fileName(String name, TensorSource source) {
    return FileNames.of(source, prefix(), name);
  }

  /** Whether a tensor of a file belongs to a part of the model that is not computed here, and is written back as it is. */
  default boolean keeps(String name) {
    return false;
  }

  /** The tensors of a file by the names that the family has, where files are written with others. */
  default TensorSource reading(TensorSource source) {
    return source;
  }

  /**
   * Tensors of a file that need not be mentioned though nothing asks for them: buffers, the heads of other tasks.
   *
   * @param head the one that is there
   */
  boolean ignores(String name, Head head);

  /** Refuses what the configuration alone does not show: weights that the family has no place for. */
  default void check(ConfigReader json, TensorSource source) {}
}
