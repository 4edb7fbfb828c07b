/** Optimisers and what is done to gradients before a step. */
package dev.hone.train.optim;
