/** Tagging words: names and other spans in texts. */
package dev.hone.train.task.tag;
