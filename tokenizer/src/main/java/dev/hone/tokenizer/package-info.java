/** The tokenizer as its users see it. Stages, models and training live in packages of their own. */
package dev.hone.tokenizer;
