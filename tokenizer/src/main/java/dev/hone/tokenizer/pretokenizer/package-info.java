/** The pre-tokenisers of a {@code tokenizer.json}, one record each: they cut text into pieces. */
package dev.hone.tokenizer.pretokenizer;
