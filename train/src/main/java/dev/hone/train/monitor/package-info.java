/**
 * What a served model answered and what people said of it: the log, its figures beside those of the held-out rows, training
 * rows out of it, and the versions of a model.
 * Nothing here listens to a network: {@code train.serve} writes the log, {@code hone monitor} and {@code hone retrain} read it.
 */
package dev.hone.train.monitor;
