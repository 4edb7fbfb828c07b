package dev.hone.lora;

import dev.hone.nn.family.ConfigReader;

/**
 * How the matrices of LoRA start.
 *
 * @param kind the rule
 * @param iterations of the fast decomposition for {@link Kind#PISSA}; 0 for the exact one
 */
public record LoraInit(Kind kind, int iterations) {
  /** Rules. */
  public enum Kind {
    /** A uniform within 1/√in, B zero. PEFT's {@code true}. */
    KAIMING,
    /** A normal with deviation 1/R, B zero. */
    GAUSSIAN,
    /** The largest singular values of the weight, which loses them (Meng and others 2024). */
    PISSA,
    /** The first columns of the weight, orthonormal, and the weight in their terms, which it loses (Büyükakyüz 2024). */
    OLORA,
    /** A zero, B uniform within 1/√R: the other way round. Written as PEFT's {@code false}. */
    ZERO
  }

  /** The usual one. */
  public static final LoraInit KAIMING = new LoraInit(Kind.KAIMING, 0);

  private static final String FAST_PISSA = "pissa_niter_";

  public LoraInit {
    if (iterations < 0 || iterations > 0 && kind != Kind.PISSA) {
      throw new IllegalArgumentException("LoraInit: " + iterations + " iterations of " + kind);
    }
  }

  /** Whether the base gives some of its weights to the matrices and keeps the rest. */
  public boolean takesFromBase() {
    return kind == Kind.PISSA || kind == Kind.OLORA;
  }

  /** The rule of a stored adapter: for most it does not matter after training how the matrices began. */
  static LoraInit stored(String name) {
    return switch (name) {
      case "eva", "orthogonal", "mica" -> KAIMING;
      case "corda", "loftq", "lora_ga" -> throw new IllegalArgumentException("init_lora_weights '" + ConfigReader.shortened(name)
          + "' changed the "
          + "base's weights when training began, by data that the file does not hold; merge the adapter, or convert it, where "
          + "it was made");
      default -> parse(name);
    };
  }

  /** The rule of a name as PEFT has them: kaiming or true, gaussian, pissa, pissa_niter_N, olora, zero or false. */
  public static LoraInit parse(String name) {
    if (name.startsWith(FAST_PISSA) && name.substring(FAST_PISSA.length()).matches("[1-9]\\d{0,3}")) {
      return new LoraInit(Kind.PISSA, Integer.parseInt(name.substring(FAST_PISSA.length())));
    }
    return new LoraInit(switch (name) {
      case "kaiming", "true" -> Kind.KAIMING;
      case "gaussian" -> Kind.GAUSSIAN;
      case "pissa" -> Kind.PISSA;
      case "olora" -> Kind.OLORA;
      case "zero", "false" -> Kind.ZERO;
      default -> throw new IllegalArgumentException("init_lora_weights '" + ConfigReader.shortened(name)
          + "' is not known; known: kaiming (true), gaussian, pissa, pissa_niter_N, olora, zero (false)");
    }, 0);
  }

  /** The name. */
  @Override
  public String toString() {
    return switch (kind) {
      case KAIMING -> "true";
      case GAUSSIAN -> "gaussian";
      case OLORA -> "olora";
      case PISSA -> iterations == 0 ? "pissa" : FAST_PISSA + iterations;
      case ZERO -> "false";
    };
  }
}
