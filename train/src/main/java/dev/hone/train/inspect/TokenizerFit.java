package dev.hone.train.inspect;

/**
 * How well a tokenizer fits texts.
 *
 * @param perWord tokens per word, words being cut at spaces
 * @param characters characters per token
 * @param unknown the share of tokens that the tokenizer does not know
 */
public record TokenizerFit(double perWord, double characters, double unknown) {}
