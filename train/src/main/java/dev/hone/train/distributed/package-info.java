/**
 * The sums of a step in one order, whoever computes their parts: blocks of rows, one binary tree over them, and how several
 * processes share it.
 */
package dev.hone.train.distributed;
