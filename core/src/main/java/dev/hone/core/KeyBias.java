package dev.hone.core;

/**
 * What is added to the scores of attention, for every head by the place of a key in its sequence: linear biases (Press and others
 * 2022), whose differences between two keys are all that a softmax sees.
 *
 * @param values [H, length], heads one after the other
 * @param length number of places, at least that of the longest sequence's keys
 */
public record KeyBias(float[] values, int length) {
  /** The index of a head's values in {@link #values}. */
  public int at(int head) {
    return head * length;
  }
}
