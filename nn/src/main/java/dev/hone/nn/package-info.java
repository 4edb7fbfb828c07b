/**
 * What every model family is made of: batches, layers, heads, and {@link dev.hone.nn.PretrainedModel}, which puts a backbone
 * and a head together. A family is a package of its own, made with what is in {@code family}; {@code load}, above all
 * families, chooses one.
 *
 * <p>Letters in shapes, everywhere in Hone: N tokens of a batch, S sequences, C model width, H heads, G key and value
 * heads, D head width, F feed-forward width, V vocabulary, R adapter rank, L layers.
 */
package dev.hone.nn;
