/** ALBERT (Lan and others 2019): BERT with few layers that are used again and again, and narrow tables of embeddings. */
package dev.hone.nn.albert;
