package dev.hone.tokenizer.chat.jinja;

/** A value that a template may call. */
interface Callable {
  Object call(GivenArguments arguments, Rendering rendering);
}
