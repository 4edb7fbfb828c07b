/**
 * What the file of a tokenizer says of texts as a whole, added tokens, truncation and padding, and what is thrown where it cannot
 * be so.
 */
package dev.hone.tokenizer.definition;
