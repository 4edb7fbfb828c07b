/** A small language model learns what a large one takes the next token for. */
package dev.hone.train.task.distil;
