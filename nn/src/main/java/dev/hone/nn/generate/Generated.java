package dev.hone.nn.generate;

/**
 * What was generated for a prompt.
 *
 * @param tokens the new tokens, an end token included
 * @param reason why it ended
 */
public record Generated(int[] tokens, StopReason reason) {}
