/** The post-processors of a {@code tokenizer.json}: the special tokens around one text or a pair. */
package dev.hone.tokenizer.postprocessor;
