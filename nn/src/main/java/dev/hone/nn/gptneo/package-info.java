/** GPT-Neo: GPT-2 with windows in every other layer and scores without a factor. */
package dev.hone.nn.gptneo;
