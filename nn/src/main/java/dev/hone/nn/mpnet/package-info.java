/** MPNet (Song and others 2020): BERT with a bias per head and distance. */
package dev.hone.nn.mpnet;
