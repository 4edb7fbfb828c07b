/**
 * Rows to tokens and batches: token ids, and what is to be learnt from each row. Reading files is in
 * {@link dev.hone.train.data}; which rows a batch has is decided there, too. Letters: N tokens of a batch, S sequences.
 */
package dev.hone.train.encode;
