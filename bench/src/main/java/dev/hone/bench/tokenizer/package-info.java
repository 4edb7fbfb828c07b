/** How fast text is tokenized. */
package dev.hone.bench.tokenizer;
