/** Which base to start from: bases that Hone reads, what they need and how fast they would train here. */
package dev.hone.train.choose;
