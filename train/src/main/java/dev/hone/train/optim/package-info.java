/**
 * Optimisers and what is done to gradients before a step. An {@link dev.hone.train.optim.Optimizer} moves parameters by an
 * {@link dev.hone.train.optim.UpdateRule} each, of which there is a closed set; {@link dev.hone.train.optim.Grouping} says
 * which parameter gets which rule, rate and decay.
 */
package dev.hone.train.optim;
