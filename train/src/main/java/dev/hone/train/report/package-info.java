/**
 * What a run leaves of its course: {@code metrics.jsonl}, TensorBoard's event files, {@code run.json}, the report and the model
 * card; and the comparison of runs from what they left.
 */
package dev.hone.train.report;
