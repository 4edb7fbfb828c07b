/** A model's answers as columns of a Spark DataFrame. */
package dev.hone.example.spark;
