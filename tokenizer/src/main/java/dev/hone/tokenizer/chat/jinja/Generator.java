package dev.hone.tokenizer.chat.jinja;

import java.util.Iterator;

/**
 * What {@code map}, {@code select} and their kin return: elements made as they are asked for, once. Python's generators
 * are always true and have no length, and templates have been written against that.
 */
record Generator(Iterator<Object> items) {}
