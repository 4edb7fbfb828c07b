/**
 * The one encoder, whose switches are what families differ in: norms before or after the sums, what attention knows of positions
 * (tables, rotary, a bias or vectors per distance), how far it sees, whether the feed-forward layer is gated, what the classifier
 * reads. Families are in their own packages; they name the parts and set the switches. N tokens, S sequences, C width, E width of
 * the tables, H heads, D head width, F feed-forward width, T tokens of one sequence, P rows of a table of distances.
 */
package dev.hone.nn.encoder;
