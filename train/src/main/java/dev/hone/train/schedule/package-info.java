/**
 * How the learning rate changes over training: pure functions of the optimiser step, so that a resumed run needs no
 * schedule state. Names and formulas are those of Hugging Face's {@code lr_scheduler_type}.
 */
package dev.hone.train.schedule;
