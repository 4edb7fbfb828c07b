/** Added tokens: finding them in text before any other stage sees it. */
package dev.hone.tokenizer.added;
