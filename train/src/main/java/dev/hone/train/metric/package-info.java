/**
 * How good predictions are. Every measure is computed in double precision from plain arrays or texts and needs neither
 * tokens nor tensors.
 *
 * <p>Definitions are those of the libraries that people compare with, and are named in each class: scikit-learn for
 * classification, multi-label and regression (0 where a share has an empty denominator), sacrebleu for BLEU and chrF,
 * the SQuAD script for question answering. A measure that is undefined for its input is NaN.
 */
package dev.hone.train.metric;
