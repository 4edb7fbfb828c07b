/**
 * Learning a vocabulary from text: words are counted, then the pairs of symbols in them are merged. Room for the
 * trainers and nothing else; the tokenizers they make are read back like any other file.
 */
package dev.hone.tokenizer.training;
