/** Structures that find strings: the vocabulary, a prefix tree, the hash they share. */
package dev.hone.tokenizer.lookup;
