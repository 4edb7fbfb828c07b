/** The decoders of a {@code tokenizer.json}, one record each: they turn token texts back into text. */
package dev.hone.tokenizer.decoder;
