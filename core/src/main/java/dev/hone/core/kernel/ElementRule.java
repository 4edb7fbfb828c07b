package dev.hone.core.kernel;

/**
 * How a number p moves by its own gradient g and its states a, b and c alone, which are updated; everything is F32. The numbers
 * of each rule are named in their order. x is scale · g, with joins also + joins · p.
 */
public enum ElementRule {
  /** scale keep beta1 beta2 rest1 rest2 size root eps; as {@link #ADAM} without joins, products and sums may round once. */
  ADAMW(2, 9),
  /**
   * scale joins keep beta1 beta2 rest1 rest2 size root eps: a = beta1 · a + rest1 · x; b = beta2 · b + rest2 · x²;
   * p = keep · p - size · a / (√b · root + eps).
   */
  ADAM(2, 10),
  /** The numbers and the rule of {@link #ADAM}, with c = max(c, b) in place of b in the divisor. */
  AMSGRAD(3, 10),
  /** scale joins beta1 beta2 rest1 size eps: a = beta1 · a + rest1 · x; b = max(beta2 · b, |x| + eps); p -= size · a / b. */
  ADAMAX(2, 7),
  /**
   * scale joins keep rest size eps: a = keep · a + rest · x²; d = √(b + eps) / √(a + eps) · x; b = keep · b + rest · d²;
   * p -= size · d.
   */
  ADADELTA(2, 6),
  /** scale joins size eps: a += x²; p -= size · x / (√a + eps). */
  ADAGRAD(1, 4),
  /** scale keep beta1 beta2 rest1 rest2 size: p = keep · p - size · sign(beta1 · a + rest1 · x); a = beta2 · a + rest2 · x. */
  LION(1, 7),
  /**
   * scale joins keep beta1 beta2 rest1 rest2 ofGradient ofMean root eps: a and b as {@link #ADAM};
   * p = keep · p - (ofGradient · x + ofMean · a) / (√b · root + eps).
   */
  NADAM(2, 11),
  /**
   * scale joins keep rest rolls size eps: a = keep · a + rest · x²; b, if there, = keep · b + rest · x, else 0;
   * d = x / (√(a - b²) + eps); c, if there, = rolls · c + d, else d; p -= size · c.
   */
  RMSPROP(3, 7),
  /** scale joins size keep enters now sums: a, if there, = keep · a + enters · x, else 0; p -= size · (now · x + sums · a). */
  SGD(1, 7),
  /** scale keep rest ofGradient ofMean: a = keep · a + rest · x; p = ofGradient · x + ofMean · a, whatever it was. */
  MOMENTUM(1, 5),
  /** keep size: p = keep · p - size · g. */
  ALONG(0, 2),
  /** keep size rest: a += rest · (size · g - a); p = keep · p - a. */
  FOLLOW(1, 3);

  private final int states;
  private final int numbers;

  ElementRule(int states, int numbers) {
    this.states = states;
    this.numbers = numbers;
  }

  /** How many states it has, of the parameter's shape; of {@link #RMSPROP} and {@link #SGD} some may be absent. */
  public int states() {
    return states;
  }

  /** How many numbers it takes. */
  public int numbers() {
    return numbers;
  }
}
