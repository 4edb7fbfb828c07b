package dev.hone.nn.decoder;

import dev.hone.nn.Backbone;

/** A backbone in which a token sees what came before it: what a causal head stands on. */
public interface DecoderModel extends Backbone {}
