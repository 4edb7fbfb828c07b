/**
 * The tokenizer as its users see it: {@link dev.hone.tokenizer.Tokenizer} reads a
 * {@code tokenizer.json}, {@link dev.hone.tokenizer.Encoding} is what a text becomes. Stages, models and
 * file formats live in packages of their own.
 */
package dev.hone.tokenizer;
