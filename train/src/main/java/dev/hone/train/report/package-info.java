/** What a run leaves of its course: {@code metrics.jsonl}. */
package dev.hone.train.report;
