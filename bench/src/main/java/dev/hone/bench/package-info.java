/**
 * Speed of kernels and training steps. {@link dev.hone.bench.OpsBench} prints one JSON line per operator, to be laid beside
 * what a reference prints for the same cases; the classes named {@code ...Benchmark} are for JMH.
 */
package dev.hone.bench;
