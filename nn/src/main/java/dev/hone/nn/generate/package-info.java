/** Text from language models: generation with a cache, sampling, and the log-probabilities of given texts. */
package dev.hone.nn.generate;
