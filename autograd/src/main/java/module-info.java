/** Reverse-mode gradients over tensors. */
module dev.hone.autograd {
  requires transitive dev.hone.core;

  exports dev.hone.autograd;
}
