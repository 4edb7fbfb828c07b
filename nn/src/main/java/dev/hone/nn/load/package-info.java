/**
 * From a Hugging Face directory to a model and back: {@code config.json}, weights, the choice of the family. Above all families.
 */
package dev.hone.nn.load;
