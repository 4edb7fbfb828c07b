/**
 * Answers of a model without training: nothing here knows the training loop. Letters: N tokens of a batch, S sequences, C model
 * width.
 */
package dev.hone.train.infer;
