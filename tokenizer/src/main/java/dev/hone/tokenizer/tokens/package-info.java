/** Tokens between the model and the finished encoding: buffers, parts, truncation, assembly. */
package dev.hone.tokenizer.tokens;
