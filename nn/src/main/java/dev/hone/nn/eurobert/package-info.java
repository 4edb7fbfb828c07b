/** EuroBERT (Boizard and others 2025): the layers of Llama, in which a token sees all of its sequence. */
package dev.hone.nn.eurobert;
