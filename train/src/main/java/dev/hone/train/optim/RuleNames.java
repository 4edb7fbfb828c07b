package dev.hone.train.optim;

import dev.hone.train.config.NamedArguments;
import java.util.List;
import java.util.Map;

/** Update rules by the names and arguments that configuration files use. */
final class RuleNames {
  static final List<String> KNOWN = List.of("adamw", "adamw_8bit", "adam", "adamax", "adadelta", "adafactor",
      "torch_adafactor", "adagrad", "lion", "muon", "nadam", "radam", "rmsprop", "sgd");
  /** Other names that transformers has for the same. */
  private static final Map<String, String> SAME = Map.of("adamw_torch", "adamw", "adamw_hf", "adamw",
      "adamw_torch_fused", "adamw", "adamw_bnb_8bit", "adamw_8bit", "lion_32bit", "lion");

  private RuleNames() {}

  static UpdateRule rule(String name, double beta1, double beta2, double eps, Map<String, ?> arguments) {
    NamedArguments reader = new NamedArguments("optimizer " + name, arguments);
    UpdateRule rule = switch (SAME.getOrDefault(name, name)) {
      case "adamw" -> reader.flag("amsgrad") ? new Adam(beta1, beta2, eps, true, true) : new AdamW(beta1, beta2, eps);
      case "adamw_8bit" -> new AdamW8bit(beta1, beta2, eps);
      case "adam" -> new Adam(beta1, beta2, eps, reader.flag("amsgrad"), false);
      case "adamax" -> new Adamax(beta1, beta2, eps);
      case "adadelta" -> new Adadelta(reader.number("rho", 0.9), reader.number("eps", 1e-6));
      case "adafactor" -> new Adafactor(reader.number("eps", 1e-30), reader.number("least_scale", 1e-3),
          reader.number("clip_threshold", 1), reader.number("decay_rate", -0.8), reader.number("beta1", Double.NaN),
          reader.flag("scale_parameter"), reader.flag("relative_step"), reader.flag("warmup_init"));
      case "torch_adafactor" -> new TorchAdafactor(reader.number("eps", 0x1p-23), reader.number("least_scale", 1e-3),
          reader.number("beta2_decay", -0.8), reader.number("d", 1));
      case "adagrad" -> new Adagrad(reader.number("lr_decay", 0), reader.number("initial_accumulator_value", 0),
          reader.number("eps", 1e-10));
      case "lion" -> new Lion(reader.number("beta1", 0.9), reader.number("beta2", 0.99));
      case "muon" -> new Muon(reader.number("momentum", 0.95), reader.flag("nesterov", true), reader.flag("match_rms_adamw"));
      case "nadam" -> new NAdam(beta1, beta2, eps, reader.number("momentum_decay", 4e-3),
          reader.flag("decoupled_weight_decay", true));
      case "radam" -> new RAdam(beta1, beta2, eps, reader.flag("decoupled_weight_decay", true));
      case "rmsprop" -> new RmsProp(reader.number("alpha", 0.99), reader.number("eps", 1e-8), reader.number("momentum", 0),
          reader.flag("centered"));
      case "sgd" -> new Sgd(reader.number("momentum", 0), reader.number("dampening", 0), reader.flag("nesterov"));
      default -> throw new IllegalArgumentException("optim: '" + name + "' is not known; known: " + String.join(", ", KNOWN));
    };
    reader.checkAllKnown();
    return rule;
  }
}
