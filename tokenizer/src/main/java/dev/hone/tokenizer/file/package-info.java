/** Readers of the files a tokenizer comes in. Everything is checked here: files may be hostile. */
package dev.hone.tokenizer.file;
