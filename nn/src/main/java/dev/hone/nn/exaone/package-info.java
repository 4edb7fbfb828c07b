/** EXAONE 4: norms behind attention and feed-forward layer and of heads; positions only where windows are. */
package dev.hone.nn.exaone;
