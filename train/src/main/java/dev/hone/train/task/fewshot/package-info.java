/**
 * Classifiers from a few texts a class: an embedding model learns which texts have one label, and a logistic regression on its
 * vectors
 * is the classifier. Letters: K classes, D numbers of a vector.
 */
package dev.hone.train.task.fewshot;
