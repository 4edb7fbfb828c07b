package dev.hone.tokenizer.chat.jinja;

/** A method together with the value it was taken from: {@code message.content.strip}, not called yet. */
record BoundMethod(Object receiver, Method method) implements Callable {
  /** One method of a Python type. */
  @FunctionalInterface
  interface Method {
    Object call(Object receiver, GivenArguments arguments, Budget budget);
  }

  @Override
  public Object call(GivenArguments arguments, Rendering rendering) {
    return method.call(receiver, arguments, rendering.budget());
  }
}
