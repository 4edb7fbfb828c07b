package dev.hone.nn;

import dev.hone.core.io.TensorSource;
import dev.hone.nn.load.ConfigReader;
import dev.hone.nn.load.FileNames;
import dev.hone.nn.load.ModelException;
import dev.hone.nn.load.Weights;
import dev.hone.nn.onnx.OnnxBuilder;

/**
 * What {@code config.json} says about a model, and what follows from it: the one place where a family of models says what it is.
 * Loaders, writers and adapters ask it and know no family.
 *
 * <p>A new family is a package with a record that implements this and a static method that reads it, and one line in
 * {@link dev.hone.nn.load.ModelFamily#ALL}. It says its sizes here, which layers and head its weights make, what its files call
 * them, what they may hold besides, the class of transformers that reads what is written, and which layers adapters take if
 * nobody says.
 */
public interface ModelConfig {
  /** The number of the layer that a module or parameter of this name is in; -1 for those outside, such as the head's. */
  static int layerOf(String name) {
    return LayerNumbers.of(name);
  }

  /** Hugging Face's {@code model_type}. */
  String modelType();

  /** C, the width of the hidden states. */
  int hiddenSize();

  /** V, the number of token ids. */
  int vocabSize();

  /** The most tokens that a sequence may have. */
  int maxLength();

  /** L, the number of layers. */
  int layers();

  /** G, the number of heads that have keys and values of their own. */
  int keyHeads();

  /** Numbers of the keys of one token in one layer, G · D: what tuned prefixes and caches are as wide as. */
  int keyWidth();

  /** Standard deviation of new weights. */
  float deviation();

  /** Whether there are models of this family that write text; encoders do not. */
  default boolean generates() {
    return true;
  }

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

  /** What stands before the names of the backbone in files of models with a head, with its dot; files of a bare one lack it. */
  String prefix();

  /** What a file calls a parameter; its own name if the file has none of those that it may have. */
  default String fileName(String name, TensorSource source) {
    return FileNames.of(source, prefix(), name);
  }

  /** What files that are written call a parameter. A bare backbone, which is what embeddings come from, has no prefix. */
  default String storedName(String name, Task task) {
    return task == Task.EMBEDDING && name.startsWith(prefix()) ? name.substring(prefix().length()) : name;
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

  /** Whether files have the matrix of a linear layer as [inputs, outputs]. */
  default boolean storesInputsFirst(String name) {
    return false;
  }

  /** Refuses what the configuration alone does not show: weights that the family has no place for. */
  default void check(ConfigReader json, TensorSource source) {}

  /**
   * Puts a model of this family, without adapters, into a graph of ONNX.
   *
   * @throws ModelException if the family has no such graph
   */
  default void onnx(PretrainedModel model, OnnxBuilder graph) {
    throw new ModelException("ONNX: model_type '" + modelType() + "' is not exported; only encoders are");
  }

  /** The class of transformers that reads what is written for a task. */
  String architecture(Task task);

  /** The layers that adapters take if nobody says which. */
  AdapterTargets targets();
}
