package dev.hone.tokenizer.chat.jinja;

/** A method together with the value it was taken from: {@code message.content.strip}, not called yet. */
record BoundMethod(Object receiver, Method method) implements Callable {
  /** One method of a Python type. */
  @FunctionalInterface
  interface Method {
    Object call(Object receiver, Arguments arguments, Budget budget);
  }

  @Override
  public Object call(Arguments arguments, Rendering rendering) {
    return method.call(receiver, arguments, rendering.budget());
  }
}
