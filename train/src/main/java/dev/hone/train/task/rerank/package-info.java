/** Models that read a query and a document together and say in one number how well they fit. */
package dev.hone.train.task.rerank;
