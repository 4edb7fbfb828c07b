/**
 * What the stages must know about single characters: classes, marks, decompositions, grapheme clusters.
 * The JDK's Unicode data where the reference's libraries agree with it, and small exception lists where
 * those libraries still carry tables of an older Unicode version (ids of every published BERT vocabulary
 * depend on them).
 */
package dev.hone.tokenizer.unicode;
