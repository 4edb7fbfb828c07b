/**
 * Rows to train on: reading them from files, their labels, the held-out split, and which rows make a batch.
 *
 * <p>A file becomes a {@link dev.hone.train.data.Dataset} of one kind of {@link dev.hone.train.data.Example}. Format,
 * separator, quoting, header and columns are detected, said in one line and can be overridden with
 * {@link dev.hone.train.data.DataOptions}. Nothing here knows tokens or tensors: batches are made from lengths. Every
 * fault of a file is a {@link dev.hone.train.data.DataException}, one line that names file, line and rule.
 */
package dev.hone.train.data;
