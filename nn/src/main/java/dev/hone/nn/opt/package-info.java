/**
 * OPT: learnt positions from the third row of their table on, norms before the layers or, in one size, of the sums.
 */
package dev.hone.nn.opt;
