/** A small model learns what a large one takes the next token for, or a text's label. */
package dev.hone.train.task.distil;
