/**
 * What a family of models is written with: the reader of its configuration, the weights that it takes by their names in files,
 * and {@link dev.hone.nn.family.FamilyConfig}, in which it says what it is.
 */
package dev.hone.nn.family;
