/** Models for other programs: the verb {@code hone export}. The formats are written and read in {@code dev.hone.nn}. */
package dev.hone.train.export;
