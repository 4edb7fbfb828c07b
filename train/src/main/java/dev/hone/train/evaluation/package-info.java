/**
 * How well a model does on rows whose answers are known: predictions row by row, figures with confidence intervals, groups of
 * rows, two models on the same rows, and how predictions change with a term.
 *
 * <p>{@link dev.hone.train.evaluation.Evaluator} runs a model; all else works on the {@link
 * dev.hone.train.evaluation.Prediction}s that it leaves, which are also a file. The measures themselves are in
 * {@link dev.hone.train.metric}.
 */
package dev.hone.train.evaluation;
