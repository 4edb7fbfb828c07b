/**
 * Finding things in text: literals, classes of characters, regular expressions written for another
 * engine, and hand-written scanners for the expressions that most published tokenizers share.
 */
package dev.hone.tokenizer.regex;
