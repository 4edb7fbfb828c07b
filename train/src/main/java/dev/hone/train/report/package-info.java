/** What a run tells while it goes on: the live line, plain lines, and {@code metrics.jsonl}. */
package dev.hone.train.report;
