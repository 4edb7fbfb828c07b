package dev.hone.tokenizer.chat.jinja;

/** What {@code joiner(separator)} makes: nothing at its first call, the separator at all others. */
final class Joiner implements Callable {
  private final Object separator;
  private boolean used;

  Joiner(Object separator) {
    this.separator = separator;
  }

  @Override
  public Object call(GivenArguments arguments, Rendering rendering) {
    Object text = used ? separator : "";
    used = true;
    return text;
  }
}
