/** Classification of texts: one label, several, or a number per row. */
package dev.hone.train.task.classify;
