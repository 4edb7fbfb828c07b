/** Language models: texts, prompts with completions, and conversations. */
package dev.hone.train.task.generate;
