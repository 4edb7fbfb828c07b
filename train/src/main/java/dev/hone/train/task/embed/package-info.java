/**
 * Models that make vectors of texts: rows of texts that belong together or do not, losses of their vectors, and how well vectors
 * find what belongs together. Letters: B rows of a batch, M negatives, C width of a vector.
 */
package dev.hone.train.task.embed;
