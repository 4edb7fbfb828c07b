/**
 * Text on its way from the original string to the model: characters that still know where they came
 * from, and the pieces the text is cut into. Positions count UTF-16 units; only the finished encoding
 * speaks of code points.
 */
package dev.hone.tokenizer.text;
