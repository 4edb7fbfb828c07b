/**
 * What a model is tuned for, one room per task. {@link dev.hone.train.task.Tuning} is what all of them share: a model directory
 * and rows in, an adapter or a tuned model out. A task's room has its encoding, its loss and the class that users call.
 */
package dev.hone.train.task;
