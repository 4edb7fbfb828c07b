/** The normalisers of a {@code tokenizer.json}, one record each. */
package dev.hone.tokenizer.normalizer;
