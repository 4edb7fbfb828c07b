/**
 * Looking at data before training: what will be trained, and what is wrong with the rows.
 *
 * <p>{@link dev.hone.train.inspect.DataInspector} reads rows as training does and makes an
 * {@link dev.hone.train.inspect.Inspection}: one {@link dev.hone.train.inspect.Finding} per
 * {@link dev.hone.train.inspect.Check}, with what the plots show. Here are the checks and how their results are written;
 * reading is in {@code dev.hone.train.data}, tokens come from the encoders in {@code dev.hone.train}.
 *
 * <p>Everything about a row that a check needs is kept as a few numbers in arrays (about 100 bytes a row), worked out in one
 * parallel pass; texts are read again only for rows that a check compares or shows.
 */
package dev.hone.train.inspect;
