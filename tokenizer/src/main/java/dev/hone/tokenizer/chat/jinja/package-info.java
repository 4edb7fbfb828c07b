/**
 * The part of Jinja that chat templates use: lexer, parser to sealed syntax records, evaluator, and the Python value
 * semantics (truth, printing, slicing, methods) that templates rely on. Nothing here knows what a message is.
 *
 * <p>Python values are plain Java objects: {@code None} is {@link dev.hone.tokenizer.chat.jinja.None#NONE}, bool is
 * {@code Boolean}, int is {@code Long} or (only outside its range) {@code BigInteger}, float is {@code Double}, str is
 * {@code String}, list is {@code List}; tuple, dict, range, undefined and the rest have a class of their own. A Java
 * {@code null} is never a value: it means "not given".
 *
 * <p>Templates come with downloaded models, so they are hostile until shown otherwise. There is no reflection and no
 * way to a Java object; every step, copied character and list element is paid from a {@code Budget}.
 */
package dev.hone.tokenizer.chat.jinja;
