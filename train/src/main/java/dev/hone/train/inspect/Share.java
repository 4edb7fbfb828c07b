package dev.hone.train.inspect;

/**
 * How many rows are of a kind.
 *
 * @param name the label, script or language
 * @param training rows to train on
 * @param heldOut rows that are held out
 */
public record Share(String name, int training, int heldOut) {}
