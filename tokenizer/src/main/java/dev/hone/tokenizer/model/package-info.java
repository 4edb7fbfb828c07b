/**
 * The models that turn a piece of text into tokens, one record each, and the look-up structures they
 * share: vocabulary, prefix tree, merge table, word cache.
 */
package dev.hone.tokenizer.model;
