package dev.hone.nn;

/**
 * What {@code config.json} says about a model, and what follows from it: sizes, what its files call its parts, the class of
 * transformers that reads what is written, and which layers adapters take if nobody says. How a model is made of it is the
 * family's own; see {@link dev.hone.nn.family.FamilyConfig}.
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

  /** What stands before the names of the backbone in files of models with a head, with its dot; files of a bare one lack it. */
  String prefix();

  /** What files that are written call a parameter. A bare backbone, which is what embeddings come from, has no prefix. */
  default String storedName(String name, Task task) {
    return task == Task.EMBEDDING && name.startsWith(prefix()) ? name.substring(prefix().length()) : name;
  }

  /** Whether files have the matrix of a linear layer as [inputs, outputs]. */
  default boolean storesInputsFirst(String name) {
    return false;
  }

  /** The class of transformers that reads what is written for a task. */
  String architecture(Task task);

  /** The layers that adapters take if nobody says which. */
  AdapterTargets targets();
}
