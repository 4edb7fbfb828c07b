/** ERNIE 4.5 without experts: Llama in which neighbours turn. */
package dev.hone.nn.ernie;
