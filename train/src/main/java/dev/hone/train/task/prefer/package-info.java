/** Learning from preferences: pairs of a better and a worse answer, or answers that were liked or not. */
package dev.hone.train.task.prefer;
