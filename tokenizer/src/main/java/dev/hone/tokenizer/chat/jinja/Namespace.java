package dev.hone.tokenizer.chat.jinja;

/** What {@code namespace(...)} makes: the one value that a template may change, and so carry out of a loop. */
record Namespace(Dict attributes) {}
